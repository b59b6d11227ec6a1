"""Numbers for people: three significant digits, intervals with equal decimals, SI prefixes."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ganbench.tables.forms.table import Cell

DASH = "–"

_PREFIXES = {
    1e18: "E", 1e15: "P", 1e12: "T", 1e9: "G", 1e6: "M", 1e3: "k", 1.0: "", 1e-3: "m", 1e-6: "µ",
}  # fmt: skip


def number(value: float) -> str:
    """Three significant digits or a whole number: ``0.0531``, ``12.3``, ``4,096``, ``1.2e-05``."""
    if value == int(value) and abs(value) < 1e6:
        return f"{value:,.0f}"
    if not 1e-3 <= abs(value) < 1e6:
        return f"{value:.3g}"
    shown = f"{value:,.{_decimals(value)}f}"
    return shown.rstrip("0").rstrip(".") if "." in shown else shown


def interval(value: float, low: float, high: float) -> tuple[str, str]:
    """A value and its limits: ``0.053`` and ``[0.041, 0.068]``; ``±0`` where there is no spread."""
    if math.isclose(low, high, rel_tol=1e-9):
        return number(value), "±0"
    largest = max(abs(value), abs(low), abs(high))
    if largest >= 1e6 or largest < 1e-3:
        return f"{value:.2e}", f"[{low:.2e}, {high:.2e}]"
    # Enough decimals to tell the limits apart, but not many more, and three digits at most.
    wide = max(0, 1 - math.floor(math.log10(high - low)))
    own = _decimals(value, 2) if value else 0
    decimals = min(max(wide, min(own, wide + 1)), _decimals(largest))
    shown = [f"{one:,.{decimals}f}" for one in (value, low, high)]
    return shown[0], f"[{shown[1]}, {shown[2]}]"


def value_and_spread(cell: Cell, scale: float = 1.0) -> tuple[str, str]:
    """A cell in two parts to be aligned apart: value and interval (``[?]`` of a single seed)."""
    if cell.value is None:
        return (f"{DASH} {cell.text}" if cell.text else DASH), ""
    if isinstance(cell.value, str):
        return cell.value, ""
    if cell.low is None or cell.high is None:
        unknown = "[?]" if cell.n == 1 else ""
        return cell.text or number(cell.value / scale), unknown
    shown, limits = interval(cell.value / scale, cell.low / scale, cell.high / scale)
    return cell.text or shown, limits


def common_prefix(values: Iterable[float]) -> tuple[float, str]:
    """The SI prefix that suits the largest of some values, as a factor and a letter."""
    largest = max((abs(value) for value in values), default=0.0)
    for factor, letter in _PREFIXES.items():
        if largest >= factor:
            return factor, letter
    return 1.0, ""


def _decimals(value: float, digits: int = 3) -> int:
    return max(0, digits - 1 - math.floor(math.log10(abs(value))))


def counted(count: int, noun: str) -> str:
    """A number of things for people, e.g. ``1 run``, ``3 runs``."""
    return f"{count} {noun}" + ("" if count == 1 else "s")
