"""Columns of two tables: whether they are the same, and rows of one by the names of the other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ganbench.api.data import DataInfo
from ganbench.api.errors import UsageError
from ganbench.api.schema import Categorical, Numeric
from ganbench.modalities.modality import named

if TYPE_CHECKING:
    from torch import Tensor

ALIKE = (
    "give both the same columns, of the same kinds and categories; for files: "
    "csv:PATH[numbers=...,categories=...,drop=...]"
)


def apart(one: DataInfo, other: DataInfo) -> str:
    """A number is of a column, and may be the place of a category; networks see it by range, modes
    and counts, which files have of their own."""
    first, second = _by_name(one), _by_name(other)
    if alone := [name for name in {**first, **second} if name not in first or name not in second]:
        return f"different columns: one alone has {named(alone)}"
    if [*first] != [*second]:
        return "the same columns in another order"
    for name, column in first.items():
        if column != second[name]:
            told, others = _told(column), _told(second[name])
            what = f"{told} and {others}" if told != others else "other modes or counts"
            return f"different columns {name!r}: {what}"
    return ""


def translate(stored: Tensor, own: DataInfo, info: DataInfo) -> Tensor:
    """Columns and categories by name, in the other table's order; numbers as they are, in whatever
    range."""
    import torch

    theirs, ours = _by_name(own), _by_name(info)
    for names, has, lacks in ((ours, info, own), (theirs, own, info)):
        if missing := [name for name in names if name not in _by_name(lacks)]:
            raise UsageError(
                f"{lacks.name} has no column {named(missing)}, which {has.name} has", ALIKE
            )
    values = dict(zip(theirs, stored.T, strict=True))
    return torch.stack(
        [
            _translated(values[name], (theirs[name], own), (column, info))
            for name, column in ours.items()
        ],
        dim=1,
    )


def _translated(
    values: Tensor,
    given: tuple[Numeric | Categorical, DataInfo],
    wanted: tuple[Numeric | Categorical, DataInfo],
) -> Tensor:
    """(N,) values of one table's column as another table has them in its own of that name."""
    (theirs, own), (ours, info) = given, wanted
    if isinstance(theirs, Numeric) and isinstance(ours, Numeric):
        return values
    if isinstance(theirs, Numeric) or isinstance(ours, Numeric):
        kind = "numbers" if isinstance(ours, Numeric) else "categories"
        raise UsageError(
            f"column {ours.name!r} of {own.name} holds {_told(theirs)}, that of {info.name} holds "
            f"{_told(ours)}",
            f'say so where it was guessed otherwise: {kind}="{ours.name}"',
        )
    places = {category: place for place, category in enumerate(ours.categories)}
    moved = values.new_tensor([places.get(category, -1) for category in theirs.categories])
    found = moved[values.long()]
    if count := int((found < 0).sum()):
        unknown = [theirs.categories[int(one)] for one in sorted({*values[found < 0].tolist()})]
        raise UsageError(
            f"{count:,} of {len(values):,} rows of {own.name} have in column {ours.name!r} what no "
            f"row of {info.name} has: {named(unknown)}",
            "name it as there or leave these rows out, or compare with a table that has it",
        )
    return found


def _told(column: Numeric | Categorical) -> str:
    if isinstance(column, Categorical):
        return f"categories {named(column.categories)}"
    whole = "whole " if column.whole else ""
    return f"{whole}numbers from {column.low:g} to {column.high:g}"


def _by_name(info: DataInfo) -> dict[str, Numeric | Categorical]:
    assert info.schema is not None
    return {column.name: column for column in info.schema}
