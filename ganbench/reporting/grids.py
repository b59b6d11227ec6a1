"""Comparison tables as a page shows them: numbers and intervals aligned apart, and sortable."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ganbench.tables.forms.columns import TextColumn
from ganbench.wording import DASH

if TYPE_CHECKING:
    from ganbench.tables.forms.table import Cell, RowKind, Table

MEANINGS = {
    "lower": "lower is better",
    "higher": "higher is better",
    "target": "nearest to the reference is better",
    "": "",
}
"""Of the arrows."""

_SHARES = ("utility", "retained utility")
"""Columns between 0 and 1 whose intervals are drawn as well as written."""

MOST_LETTERS = 150
"""Of a row: what fits on a sheet of paper in small print, and on a screen in wide fonts."""

LINE_OF_TEXT = 32
"""Letters after which a reason goes on in the next line."""

BAR = 84.0
"""Pixels of such a drawing from 0 to 1."""


@dataclass(frozen=True, slots=True)
class GridColumn:
    """A heading. `span`: how many cells lie under it. `first`: the order with the best first."""

    name: str
    unit: str
    arrow: str
    meaning: str
    key: str
    span: int
    is_text: bool
    first: str


@dataclass(frozen=True, slots=True)
class GridCell:
    """A value, its interval in a cell of its own, and the interval as a drawing.

    Args:
        text: of the value; `spread` of its interval, None where the column has none.
        order: what it is sorted by, empty for what is always last.
        apart: how far it is from what is best, where that is neither end: it is sorted by that.
        drawing: pixels of low, value and high; None where there is nothing to draw, and no cell
            for it where the column `draws` nothing.
    """

    text: str
    spread: str | None
    order: str
    apart: str
    span: int
    drawing: tuple[float, float, float] | None
    draws: bool
    is_text: bool


@dataclass(frozen=True, slots=True)
class GridRow:
    """A row with what the filters look at."""

    kind: RowKind
    variant: str
    task: str
    status: str
    cells: Sequence[GridCell]


@dataclass(frozen=True, slots=True)
class Grid:
    """A table of the page; `sections` are sorted each by itself."""

    name: str
    title: str
    columns: Sequence[GridColumn]
    sections: Sequence[tuple[str, str, Sequence[GridRow]]]
    """Name (empty without sections), task, rows."""
    notes: Sequence[str]
    width: int


def grids(
    table: Table, tasks: Mapping[str, str], title: str, most: float = MOST_LETTERS
) -> list[Grid]:
    """A comparison table as a grid, or several of them where it would be too wide for paper.

    Columns without any value are left out.

    Args:
        table: see `ganbench.tables.assemble`.
        tasks: section -> task.
        title: instead of the table's own.
        most: letters of a row.
    """
    columns = [_column(table, index) for index in range(len(table.headings))]
    blocks = _blocks(columns, table.fixed, most)
    made = [_grid(table, tasks, title, blocks[0])]
    made += [_grid(table, tasks, f"{title}, continued", block) for block in blocks[1:]]
    return [replace(one, notes=()) for one in made[:-1]] + made[-1:]


Column = tuple[GridColumn, list[GridCell]]


def _blocks(columns: Sequence[Column], fixed: int, most: float) -> list[list[Column]]:
    lead = list(columns[:fixed])
    blocks = [list(lead)]
    for column in columns[fixed:]:
        if all(cell.text in ("", DASH) for cell in column[1]):
            continue
        if sum(map(_letters, [*blocks[-1], column])) > most and len(blocks[-1]) > len(lead):
            blocks.append(list(lead))
        blocks[-1].append(column)
    return blocks


def _letters(column: Column) -> int:
    """About how many letters wide a column is, with the space around it."""
    heading, cells = column
    widest = max((len(cell.text) + len(cell.spread or "") for cell in cells), default=0)
    if heading.is_text and heading.name != "variant":
        widest = min(widest, LINE_OF_TEXT)
    return max(len(heading.name) + len(heading.unit) + 3, widest) + 3


def _grid(table: Table, tasks: Mapping[str, str], title: str, columns: Sequence[Column]) -> Grid:
    place = [heading.name for heading in table.headings].index("variant")
    sections: dict[str, list[GridRow]] = {}
    for number, row in enumerate(table.rows):
        variant = "" if row.kind == "reference" else str(row.cells[place].value)
        cells = [own[number] for _, own in columns]
        made = GridRow(row.kind, variant, tasks.get(row.section, ""), "", cells)
        sections.setdefault(row.section, []).append(made)
    found = [(name, tasks.get(name, ""), rows) for name, rows in sections.items()]
    headings = [heading for heading, _ in columns]
    width = sum(heading.span for heading in headings)
    return Grid(table.name, title, headings, found, table.notes, width)


def _column(table: Table, index: int) -> Column:
    text, cells = TextColumn.of(table, index), [row.cells[index] for row in table.rows]
    heading = text.heading
    spreads, draws = any(spread for _, spread in text.cells), heading.name in _SHARES
    # A rank range such as 1–3 is text to the tables, and a number to the eye.
    is_text = text.is_text and heading.name != "rank"
    column = GridColumn(
        name=heading.name,
        unit=text.unit,
        arrow=text.arrow,
        meaning=MEANINGS[heading.direction],
        key=heading.key,
        span=1 + spreads + draws,
        is_text=is_text,
        first="descending" if heading.direction == "higher" else "ascending",
    )
    best = _targets(table, index) if heading.direction == "target" else {}
    made = []
    for row, cell, (value, spread) in zip(table.rows, cells, text.cells, strict=True):
        # A reason where there is no number has the room of the interval, too.
        wide = spreads and cell.value is None
        made.append(
            GridCell(
                text=value,
                spread=spread if spreads and not wide else None,
                order=_order(cell, heading.name),
                apart=_apart(cell, best.get(row.section)),
                span=2 if wide else 1,
                drawing=_drawing(cell) if draws else None,
                draws=draws,
                is_text=is_text,
            )
        )
    return column, made


def _targets(table: Table, index: int) -> dict[str, float]:
    """Section -> what the perfect generator has there, its first row for comparison."""
    found: dict[str, float] = {}
    for row in table.rows:
        value = row.cells[index].value
        if row.kind == "reference" and isinstance(value, int | float):
            found.setdefault(row.section, float(value))
    return found


def _apart(cell: Cell, best: float | None) -> str:
    if best is None or not isinstance(cell.value, int | float):
        return ""
    return repr(abs(cell.value - best))


def _order(cell: Cell, heading: str) -> str:
    if cell.value is None:
        return ""
    if isinstance(cell.value, str):
        return cell.value.partition("–")[0] if heading == "rank" else cell.value
    return repr(float(cell.value))


def _drawing(cell: Cell) -> tuple[float, float, float] | None:
    if not isinstance(cell.value, int | float) or not math.isfinite(cell.value):
        return None
    low = cell.value if cell.low is None else cell.low
    high = cell.value if cell.high is None else cell.high
    return _pixel(low), _pixel(cell.value), _pixel(high)


def _pixel(share: float) -> float:
    return round(3 + min(max(share, 0.0), 1.0) * BAR, 1)
