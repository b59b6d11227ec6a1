"""What a comparison table is, before anyone decides how it looks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

RowKind = Literal["ranked", "below", "reference"]


@dataclass(frozen=True, slots=True)
class Heading:
    """One column.

    Args:
        name: short, as printed.
        direction: what is better: `lower`, `higher`, `target` (nearest to the reference row) or "".
        unit: base unit of the values, e.g. ``s``.
        prefixed: whether people read the values with an SI prefix (67k, 2.3 ms).
        key: the score's identity, where the column is a score.
    """

    name: str
    direction: str = ""
    unit: str = ""
    prefixed: bool = False
    key: str = ""


@dataclass(frozen=True, slots=True)
class Cell:
    """One value: text, or a number with what is known of its spread.

    Args:
        value: None where there is none.
        low, high: 95 % limits over seeds; None where one seed alone has none.
        n: how many runs the number is from; None where it is not aggregated.
        text: shown instead of the value: ``1/5`` for a share, or why there is no value.
    """

    value: float | str | None = None
    low: float | None = None
    high: float | None = None
    n: int | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One line: a variant, or a `reference` for comparison.

    Args:
        section: the task and its setting; empty where a table is about all of a suite.
        cells: as many as the table has headings.
        kind: `below` marks variants without the coverage that a rank needs.
    """

    section: str
    cells: tuple[Cell, ...]
    kind: RowKind = "ranked"


@dataclass(frozen=True, slots=True)
class Table:
    """A comparison table.

    Args:
        name: for machines: ranking, sensitivity, changes, stability, distance, profile, tuning,
            collapse or cost; of a comparison, overall or comparison.
        title: for people.
        headings: of the columns; the first `fixed` identify a row.
        rows: sections together, in each the ranked variants first, best first.
        notes: what a reader must know to read it right, one line each.
        fixed: how many columns to repeat where a table is too wide for one block.
    """

    name: str
    title: str
    headings: tuple[Heading, ...]
    rows: tuple[Row, ...]
    notes: tuple[str, ...] = ()
    fixed: int = 2
