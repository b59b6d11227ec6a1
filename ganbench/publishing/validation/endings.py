"""How a published run has ended, held to the scale of its setting.

A utility is a place between two distances, so whoever moves these moves it. What the manifest says
of the primary score holds for all runs of a setting: no run has a floor or a cap of its own.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Final

from ganbench.publishing.findings import Problem
from ganbench.results.fields import RunRow
from ganbench.results.record import INSTABILITIES, Column
from ganbench.results.references import trivial_distance
from ganbench.statistics.stability import utility

_OF_PRIMARY: Final = (
    "distance_end",
    "distance_best",
    "distance_floor",
    "distance_cap",
    "distance_trivial",
    "utility_best",
    "evaluation_noise",
    "late_degradation",
    "oscillation",
)
"""Columns that are empty where there is no primary score."""

_ROUNDING: Final = 1e-9
_MACHINES: Final = 1e-6
"""Relative difference of distances between real samples that another machine's rounding explains,
as in a merge."""


def ending(row: RunRow, column: Column | None) -> Iterator[Problem]:
    """Everything about a run's end, its distances and utilities that cannot be.

    Args:
        row: of `runs.csv`; floor, cap and trivial distance are in their order where there are any.
        column: what the manifest says of the row's primary score in its setting, if anything.
    """
    end, best, status = row["distance_end"], row["distance_best"], row["status"]
    if status == "ok" and not row["steps"]:
        yield "steps", "a finished run has taken at least one step"
    if row["primary"] is None:
        for name in _OF_PRIMARY:
            if row[name] is not None:
                yield name, f"{row[name]}, without a primary score there is none"
    elif column is None:
        yield "primary", f"the manifest does not say what {row['primary']} is in this setting"
    else:
        yield from _scale(row, column)
    if status != "ok" and end is not None:
        yield "distance_end", f"a run that ended as {status} has no distance at the end"
    if status == "ok" and row["primary"] is not None:
        if end != (scored := row.get(row["primary"])):
            yield "distance_end", f"{end}, the primary score is {scored}"
        elif end is None:
            yield "distance_end", "it is empty, in a finished run"
    if end is not None and best is not None and best > end:
        yield "distance_best", f"{best} is above the distance at the end, {end}"
    yield from _utilities(row)


def _scale(row: RunRow, column: Column) -> Iterator[Problem]:
    """The distances that utilities are told between, against those of the setting."""
    floor, cap = column["floor"], column["cap"]
    zero = trivial_distance(floor, cap, column.get("references", {}))
    told = {"distance_floor": floor, "distance_cap": cap, "distance_trivial": zero}
    for name, value in told.items():
        if not _same(row[name], value, relative=_MACHINES):
            yield name, f"{row[name]}, by the manifest it is {value} in this setting"


def _utilities(row: RunRow) -> Iterator[Problem]:
    zero, floor = row["distance_trivial"], row["distance_floor"]
    for name, distance in (
        ("utility_end", row["distance_end"]),
        ("utility_best", row["distance_best"]),
    ):
        known = None if distance is None or zero is None else utility(distance, zero, floor)
        if name == "utility_end" and row["status"] in INSTABILITIES:
            known = 0.0
        if not _same(row[name], known, relative=_ROUNDING, absolute=_ROUNDING):
            message = f"{row[name]}, from distance, floor and trivial distance it is {known}"
            yield name, message


def _same(
    one: float | None, other: float | None, *, relative: float, absolute: float = 0.0
) -> bool:
    if one is None or other is None:
        return one is other
    return math.isclose(one, other, rel_tol=relative, abs_tol=absolute)
