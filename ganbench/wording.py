"""What people read: numbers of few digits with SI prefixes, counted things, commands to type."""

from __future__ import annotations

import math
import shlex
from collections.abc import Iterable
from pathlib import Path

DASH = "–"
"""Where there is no number."""

_ROUNDED = 0.06
"""What a value may lose to rounding where it stands beside its limits: two digits stay right."""

_PREFIXES = {
    1e18: "E",
    1e15: "P",
    1e12: "T",
    1e9: "G",
    1e6: "M",
    1e3: "k",
    1.0: "",
    1e-3: "m",
    1e-6: "µ",
}


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
    erased = any(limit and not round(limit, decimals) for limit in (low, high))
    if erased or not math.isclose(round(value, decimals), value, rel_tol=_ROUNDED):
        # They are so far apart that what tells them apart would erase the value, or make of a
        # limit a zero: an interval that has none in it would seem to have one.
        return number(value), f"[{number(low)}, {number(high)}]"
    shown = [f"{one:,.{decimals}f}" for one in (value, low, high)]
    return shown[0], f"[{shown[1]}, {shown[2]}]"


def common_prefix(values: Iterable[float]) -> tuple[float, str]:
    """The SI prefix that suits the largest of some values, as a factor and a letter."""
    largest = max((abs(value) for value in values), default=0.0)
    for factor, letter in _PREFIXES.items():
        if largest >= factor:
            return factor, letter
    return 1.0, ""


def with_prefix(amount: float) -> str:
    """A count with its SI prefix and no trailing zeros, e.g. ``1.5T``. Exact to six digits."""
    factor, letter = common_prefix([amount]) if amount >= 1e3 else (1.0, "")
    return f"{amount / factor:.6g}{letter}"


def with_error(value: float, error: float | None) -> str:
    """A number and its standard error: ``0.0075 ±0.0002``."""
    return number(value) if error is None else f"{number(value)} ±{number(float(f'{error:.1g}'))}"


def counted(count: int, noun: str) -> str:
    """A number of things, e.g. ``1 run``, ``3 runs``."""
    return f"{count} {noun}" + ("" if count == 1 else "s")


def percent(share: float) -> str:
    """Such as ``40 %``."""
    return f"{share * 100:.0f} %"


def duration(seconds: float) -> str:
    """A duration, e.g. ``4.2 s``, ``42 s``, ``3 min 20 s``, ``2 h 5 min``."""
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    if seconds < 59.5:
        return f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min"


def memory_size(count: float) -> str:
    """Bytes of memory, in the powers of 1024 that memory comes in: ``1.5 GiB``, ``20 MiB``."""
    unit = "GiB" if count >= 2**29 else "MiB"
    return f"{number(count / (2**30 if unit == 'GiB' else 2**20))} {unit}"


def file_size(count: float) -> str:
    """Bytes of files, in the powers of 1000 that disks come in: ``9.5 MB``, ``120 GB``."""
    unit = "GB" if count >= 1e9 else "MB"
    return f"{number(round(count / (1e9 if unit == 'GB' else 1e6), 1))} {unit}"


def typed(*words: object) -> str:
    """A command as texts show it, to be copied into a shell: `` `ganbench status` ``."""
    return f"`{shlex.join(('ganbench', *map(str, words)))}`"


def on_runs(folder: Path | str) -> tuple[str, ...]:
    """What a verb must be told to look at a runs folder: nothing where it would by itself."""
    return () if Path(folder) == Path("runs") else ("--runs", str(folder))


def _decimals(value: float, digits: int = 3) -> int:
    return max(0, digits - 1 - math.floor(math.log10(abs(value))))
