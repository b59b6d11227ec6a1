"""Rows for comparison: the perfect generator, and what needs no training. They have no rank."""

from __future__ import annotations

from statistics import fmean
from typing import TYPE_CHECKING

from ganbench.results.references import PERFECT, REFERENCES, reference_utilities
from ganbench.tables.forms.table import Cell, Row
from ganbench.wording import with_error

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ganbench.results.record import Column
    from ganbench.tables.panels import Line

MEASURED = "floor, measured"


def utilities_of_references(
    lines: Sequence[Line], columns: Mapping[str, Mapping[str, Column]]
) -> list[tuple[str, float]]:
    """Name and mean utility of each reference generator that was measured on all tasks.

    Args:
        lines: of one edition; the settings on which it is ranked count.
        columns: setting -> key -> what the score is.
    """
    judged = {
        line.row["task"]: columns.get(line.row["setting"], {}).get(line.row["primary"])
        for line in lines
        if "suite_utility" in line.row.estimates
    }
    known = dict[str, list[float]]()
    for column in judged.values():
        for name, value in reference_utilities(column).items():
            known.setdefault(name, []).append(value)
    return [(name, fmean(values)) for name, values in known.items() if len(values) == len(judged)]


def rows_of_references(
    section: str, columns: Sequence[Column | None], distances: bool, lead: int
) -> list[Row]:
    """What real samples and the reference generators have in a section's columns.

    Args:
        section: of the table.
        columns: one after the other; None where the section has no such score.
        distances: whether the table is the one of distances.
        lead: empty cells before the name.
    """
    perfect = "floor: real data" if distances else PERFECT
    rows = {
        perfect: [_expected(column) for column in columns],
        MEASURED: [_measured(column) for column in columns],
    }
    for name in REFERENCES:
        rows[name] = [Cell(column and column.get("references", {}).get(name)) for column in columns]
    return [
        Row(section, (*[Cell("")] * lead, Cell(name), Cell(""), *cells), "reference")
        for name, cells in rows.items()
        if name == perfect or any(cell.value is not None for cell in cells)
    ]


def _expected(column: Column | None) -> Cell:
    """A floor, or what is known of a score without one."""
    if column is None or column["floor"] is None:
        return Cell(column and column["null"])
    formula = column["measured_floor"] is not None
    return _floor(column["floor"], None if formula else column.get("floor_error"))


def _measured(column: Column | None) -> Cell:
    if column is None or column["measured_floor"] is None:
        return Cell()
    return _floor(column["measured_floor"], column.get("floor_error"))


def _floor(value: float, error: float | None) -> Cell:
    return Cell(value, text="" if error is None else with_error(value, error))
