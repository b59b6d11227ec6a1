"""A column of a table as text, whoever prints it: terminal, Markdown, LaTeX or page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ganbench.wording import DASH, common_prefix, interval, number

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ganbench.tables.forms.table import Cell, Heading, Table

ARROWS: Final = {"lower": "↓", "higher": "↑", "target": "→", "": ""}


@dataclass(frozen=True, slots=True)
class TextColumn:
    """A heading and its cells as text, all in one scale.

    Args:
        heading: of the table.
        unit: with the SI prefix that suits the largest value, e.g. ``ms``.
        cells: value and spread of each cell, to be aligned apart.
        is_text: whether there is no number in it.
    """

    heading: Heading
    unit: str
    cells: Sequence[tuple[str, str]]
    is_text: bool

    @classmethod
    def of(cls, table: Table, index: int) -> TextColumn:
        """The column of a table with that index."""
        heading, cells = table.headings[index], [row.cells[index] for row in table.rows]
        numbers = [cell.value for cell in cells if isinstance(cell.value, int | float)]
        scale, prefix = common_prefix(numbers) if heading.prefixed else (1.0, "")
        pairs = [value_and_spread(cell, scale) for cell in cells]
        return cls(heading, prefix + heading.unit, pairs, not numbers)

    @property
    def arrow(self) -> str:
        """Which way is better; empty where neither is."""
        return ARROWS[self.heading.direction]

    @property
    def title(self) -> str:
        """Name, unit, arrow: ``step [ms] ↓``."""
        unit = f"[{self.unit}]" if self.unit else ""
        return " ".join(filter(None, (self.heading.name, unit, self.arrow)))

    @property
    def texts(self) -> list[str]:
        """Each cell in one piece: ``0.053 [0.041, 0.068]``."""
        return [" ".join(filter(None, pair)) for pair in self.cells]


def value_and_spread(cell: Cell, scale: float = 1.0) -> tuple[str, str]:
    """A cell in two parts: value and interval (``[?]`` of a single seed)."""
    if cell.value is None:
        return (f"{DASH} {cell.text}" if cell.text else DASH), ""
    if isinstance(cell.value, str):
        return cell.value, ""
    if cell.low is None or cell.high is None:
        unknown = "[?]" if cell.n == 1 else ""
        return cell.text or number(cell.value / scale), unknown
    shown, limits = interval(cell.value / scale, cell.low / scale, cell.high / scale)
    return cell.text or shown, limits
