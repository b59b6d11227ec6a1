"""What no row of a published run can have: nothing could be computed from it."""

from __future__ import annotations

import typing
from collections.abc import Container, Iterator
from typing import Any, Final

import msgspec

from ganbench.planning.budget import BudgetKind
from ganbench.publishing.findings import Problem
from ganbench.results.fields import RunRow

_OBJECT: Final = msgspec.json.Decoder(dict[str, Any])


def impossible(row: RunRow, codes: Container[str]) -> Iterator[Problem]:
    """Everything about a row that no run that was published can have.

    Args:
        row: of `runs.csv`, every cell of the right type.
        codes: that the manifest names plugins for.
    """
    if row["budget_kind"] not in (kinds := typing.get_args(BudgetKind)):
        yield "budget_kind", f"{row['budget_kind']!r} is none of: {', '.join(kinds)}"
    if row["code"] not in codes:
        yield "code", f"{row['code']!r} stands for no plugins in the manifest"
    if row["budget_amount"] <= 0:
        yield "budget_amount", f"{row['budget_amount']} is not above 0"
    for column in ("seed", "protocol", "fakes", "evaluations"):
        if row[column] < 0:
            yield column, f"{row[column]} is negative"
    for column in ("variant_parameters", "dataset_parameters"):
        if not _is_object(row[column]):
            yield column, "it is no JSON object"
    yield from _scale(row)
    if (row["steps"] or 0) > 1 and row.get(kind := row["budget_kind"], 0) is None:
        yield kind, f"it is empty, after {row['steps']} steps on a budget of it"


def _scale(row: RunRow) -> Iterator[Problem]:
    """A utility lies between two distances: there are both, in their order, or there is none."""
    floor, cap, zero = (row[f"distance_{name}"] for name in ("floor", "cap", "trivial"))
    if zero is not None and (floor is None or cap is None):
        column = "distance_floor" if floor is None else "distance_cap"
        yield column, f"it is empty, with the trivial distance {zero}"
        return
    judged = floor is not None and cap is not None and 0 < floor < cap
    if judged != (zero is not None) or (judged and not floor < zero <= cap):
        yield "distance_trivial", f"{zero}, with the floor {floor} and the cap {cap}"


def _is_object(text: str) -> bool:
    try:
        _OBJECT.decode(text)
    except (ValueError, RecursionError):
        return False
    return True
