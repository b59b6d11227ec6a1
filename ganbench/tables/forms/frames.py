"""Tables as pandas frames, for notebooks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ganbench.tables.forms.table import Cell, Heading, Table


def as_frames(tables: Sequence[Table]) -> dict[str, pd.DataFrame]:
    """Every table by its title; of several with one title, the sections tell them apart."""
    titles = [table.title for table in tables]
    frames = {}
    for table in tables:
        sections = ", ".join(dict.fromkeys(row.section for row in table.rows))
        several = titles.count(table.title) > 1
        frames[f"{table.title} ({sections})" if several else table.title] = as_frame(table)
    return frames


def as_frame(table: Table) -> pd.DataFrame:
    """What a table holds, in base units and in full precision, one row per line.

    A column of the sections comes first where there are any, under ``task``; limits of an estimate
    stand beside it, as ``NAME low`` and ``NAME high``; references have ``reference`` as their kind.
    """
    columns: dict[str, list[float | str | None]] = {}
    if any(row.section for row in table.rows):
        columns["task"] = [row.section for row in table.rows]
    for index, heading in enumerate(table.headings):
        cells = [row.cells[index] for row in table.rows]
        columns |= _columns(heading, cells)
    columns["kind"] = [row.kind for row in table.rows]
    return pd.DataFrame(columns)


def _columns(heading: Heading, cells: Sequence[Cell]) -> dict[str, list[float | str | None]]:
    name = heading.name + (f" [{heading.unit}]" if heading.unit else "")
    columns: dict[str, list[float | str | None]] = {name: [cell.value for cell in cells]}
    if any(cell.low is not None for cell in cells):
        columns[f"{name} low"] = [cell.low for cell in cells]
        columns[f"{name} high"] = [cell.high for cell in cells]
    return columns
