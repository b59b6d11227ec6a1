"""Tables for a terminal: aligned, with arrows, in blocks that fit its width."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.color import ColorSystem
from rich.style import Style

from ganbench.tables.forms.columns import TextColumn

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ganbench.tables.forms.table import Table

_GAP = 2
_WRAPPED, _WORD = 16, 32
"""Text may be folded down to these widths, between words and inside one; numbers never are."""
_STYLES = {"ranked": "", "below": "dim", "reference": "italic"}


def terminal(tables: Sequence[Table], width: int = 100, *, color: bool = False) -> str:
    """The tables as text of at most `width` columns, with ANSI colours only if `color`.

    A table with a single column that is wider than that stays as wide as it is: numbers are never
    cut.
    """
    lines: list[str] = []
    for table in tables:
        lines.append(_styled(table.title, "bold underline", color))
        columns = [_Column(TextColumn.of(table, index)) for index in range(len(table.headings))]
        for block in _blocks(columns, table.fixed, width):
            lines += _block_lines(table, block, width, color)
        for note in table.notes:
            wrapped = textwrap.wrap(f"· {note}", width, subsequent_indent="  ")
            lines += [_styled(line, "dim", color) for line in wrapped]
        lines.append("")
    return "\n".join(lines[:-1]) + "\n"


def _styled(text: str, style: str, color: bool) -> str:
    text = text.rstrip()
    if not (color and style and text):
        return text
    return Style.parse(style).render(text, color_system=ColorSystem.STANDARD)


class _Column:
    """A column of text: how wide it is, and how wide it may become."""

    def __init__(self, column: TextColumn) -> None:
        self.is_text = column.is_text
        self.cells = column.texts if column.is_text else _aligned(column.cells)
        self.is_empty = self.is_text and not any(self.cells)
        self.heading = column.title
        self.wanted = max(cell_len(text) for text in (self.heading, *self.cells))
        words = (word for text in (self.heading, *self.cells) for word in text.split())
        longest = min(_WORD, max(map(cell_len, words), default=0))
        self.width = min(self.wanted, max(_WRAPPED, longest)) if self.is_text else self.wanted


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


def _block_lines(table: Table, block: list[_Column], width: int, color: bool) -> list[str]:
    """Header and rows; the name of a section stands on a line of its own."""
    widths = _widths(block, width)
    lines = [
        _styled(_line((column.heading for column in block), block, widths), "bold", color),
        _styled(_line(("─" * one for one in widths), block, widths), "dim", color),
    ]
    section, above = "", ""
    for index, row in enumerate(table.rows):
        if row.section != section:
            lines.append(_styled(row.section, "bold cyan", color))
            section, above = row.section, ""
        if row.kind == "below" and above == "ranked":
            lines.append(_styled(_line(("┄" * one for one in widths), block, widths), "dim", color))
        folded = _folded([column.cells[index] for column in block], block, widths)
        lines += [_styled(line, _STYLES[row.kind], color) for line in folded]
        above = row.kind
    return lines


def _folded(cells: list[str], block: list[_Column], widths: list[int]) -> list[str]:
    """One line, or more where a text is wider than its column."""
    if all(cell_len(cell) <= width for cell, width in zip(cells, widths, strict=True)):
        return [_line(cells, block, widths)]
    parts = [
        textwrap.wrap(cell, width, break_on_hyphens=False) or [""]
        for cell, width in zip(cells, widths, strict=True)
    ]
    height = max(map(len, parts))
    return [
        _line((part[i] if i < len(part) else "" for part in parts), block, widths)
        for i in range(height)
    ]


def _line(cells: Iterable[str], block: list[_Column], widths: list[int]) -> str:
    padded = []
    for cell, column, width in zip(cells, block, widths, strict=True):
        space = " " * (width - cell_len(cell))
        padded.append(cell + space if column.is_text else space + cell)
    return (" " * _GAP).join(padded)
