"""Tables for a terminal: aligned, with arrows, in blocks that fit its width."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Literal

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table as Grid
from rich.text import Text

from ganbench.results.numbers import common_prefix, value_and_spread

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ganbench.results.table import Heading, Table

ARROWS = {"lower": " ↓", "higher": " ↑", "target": " →", "": ""}

_GAP = 2
_WRAPPED = 16
"""Text may be folded down to this width; numbers never are."""
_STYLES = {"ranked": "", "below": "dim", "reference": "italic"}


def terminal(tables: Sequence[Table], width: int = 100, *, color: bool = False) -> str:
    """The tables as text of at most `width` columns, with ANSI colours only if `color`."""
    stream = io.StringIO()
    console = Console(
        file=stream,
        width=width,
        force_terminal=color,
        color_system="standard" if color else None,
        highlight=False,
        legacy_windows=False,
    )
    for table in tables:
        console.print(Text(table.title, style="bold underline"))
        columns = [_Column(table, index) for index in range(len(table.headings))]
        for block in _blocks(columns, table.fixed, width):
            _print_block(console, table, block)
        for note in table.notes:
            console.print(Text(f"· {note}", style="dim"))
        console.print()
    lines = (line.rstrip() for line in stream.getvalue().splitlines())
    return "\n".join(lines).rstrip("\n") + "\n"


class _Column:
    """One column as text: its heading, its cells, and how wide it is and may become."""

    def __init__(self, table: Table, index: int) -> None:
        heading, cells = table.headings[index], [row.cells[index] for row in table.rows]
        numbers = [cell.value for cell in cells if isinstance(cell.value, int | float)]
        scale, prefix = common_prefix(numbers) if heading.prefixed else (1.0, "")
        pairs = [value_and_spread(cell, scale) for cell in cells]
        self.is_text = not numbers
        self.cells = [text for text, _ in pairs] if self.is_text else _aligned(pairs)
        self.is_empty = self.is_text and not any(self.cells)
        self.heading = heading_text(heading, prefix)
        self.wanted = max(cell_len(text) for text in (self.heading, *self.cells))
        self.width = min(self.wanted, _WRAPPED) if self.is_text else self.wanted


def heading_text(heading: Heading, prefix: str = "") -> str:
    """Name, unit with its prefix, arrow: ``step [ms] ↓``."""
    unit = prefix + heading.unit
    return heading.name + (f" [{unit}]" if unit else "") + ARROWS[heading.direction]


def _aligned(pairs: Sequence[tuple[str, str]]) -> list[str]:
    """Values flush right above each other, and so the intervals beside them."""
    right = max(cell_len(spread) for _, spread in pairs)
    left = max((cell_len(value) for value, spread in pairs if spread or not right), default=0)
    texts = []
    for value, spread in pairs:
        if len(value) > left:  # a reason instead of a number may use the room of the interval
            texts.append(value)
        else:
            texts.append(f"{value:>{left}} {spread:>{right}}" if right else f"{value:>{left}}")
    return texts


def _blocks(columns: Sequence[_Column], fixed: int, width: int) -> list[list[_Column]]:
    """Columns in as few blocks as fit; the first `fixed` ones open each of them."""
    lead = [column for column in columns[:fixed] if not column.is_empty]
    blocks = [list(lead)]
    for column in columns[fixed:]:
        if column.is_empty:
            continue
        if len(blocks[-1]) > len(lead) and _total([*blocks[-1], column]) > width:
            blocks.append(list(lead))
        blocks[-1].append(column)
    return blocks


def _total(block: Sequence[_Column]) -> int:
    return sum(column.width + _GAP for column in block) - _GAP


def _widths(block: Sequence[_Column], width: int) -> list[int]:
    """What room is left goes to text that would be folded."""
    room = width - _total(block)
    widths = []
    for column in block:
        more = min(max(room, 0), column.wanted - column.width)
        widths.append(column.width + more)
        room -= more
    return widths


def _print_block(console: Console, table: Table, block: list[_Column]) -> None:
    """One grid per section, all of the same widths, so that a section's name may run on."""
    widths = _widths(block, console.width)
    sections: dict[str, list[int]] = {}
    for index, row in enumerate(table.rows):
        sections.setdefault(row.section, []).append(index)
    console.print(_grid(block, widths, header=True))
    for section, indices in sections.items():
        if section:
            console.print(Text(section, style="bold cyan"))
        grid = _grid(block, widths, header=False)
        above = ""
        for index in indices:
            row = table.rows[index]
            if row.kind == "below" and above == "ranked":
                grid.add_row(*(Text("┄" * width, style="dim") for width in widths))
            cells = (Text(column.cells[index]) for column in block)
            grid.add_row(*cells, style=_STYLES[row.kind])
            above = row.kind
        console.print(grid)


def _grid(block: Sequence[_Column], widths: Sequence[int], *, header: bool) -> Grid:
    grid = Grid(box=None, padding=(0, _GAP, 0, 0), pad_edge=False, show_header=False)
    for column, width in zip(block, widths, strict=True):
        justify: Literal["left", "right"] = "left" if column.is_text else "right"
        grid.add_column(width=width, justify=justify, no_wrap=not column.is_text, overflow="fold")
    if header:
        grid.add_row(*(Text(column.heading) for column in block), style="bold")
        grid.add_row(*(Text("─" * width) for width in widths), style="dim")
    return grid
