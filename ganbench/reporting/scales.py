"""Axes: where a value is drawn, and which values are written beside the axis."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from ganbench.wording import number

MOST_TICKS = 7
MOST_RATIO = 1e12
"""Between the ends of a logarithmic axis: one tiny value must not flatten all others."""


@dataclass(frozen=True, slots=True)
class Scale:
    """A linear or logarithmic map from values to pixels.

    Args:
        low, high: ends of the axis; positive where it is logarithmic.
        start, end: their pixels; `start` may be the larger one.
        kind: `linear` or `log`.
    """

    low: float
    high: float
    start: float
    end: float
    kind: Literal["linear", "log"] = "linear"

    def __call__(self, value: float) -> float:
        """The value's pixel; values beyond the ends are drawn at the ends."""
        low, high, place = self.low, self.high, min(max(value, self.low), self.high)
        if self.kind == "log":
            low, high, place = math.log(low), math.log(high), math.log(place)
        share = (place - low) / (high - low) if high > low else 0.5
        return round(self.start + share * (self.end - self.start), 1)

    def ticks(self) -> list[tuple[float, str]]:
        """Round values within the axis, and how they are written."""
        values = _decades(self.low, self.high) if self.kind == "log" else _steps(self)
        return [(value, number(value)) for value in values]


def scale_of(
    values: Iterable[float],
    start: float,
    end: float,
    *,
    low: float | None = None,
    high: float | None = None,
) -> Scale:
    """A scale that holds all values but tiny ones.

    It is logarithmic where the values are all positive and no end is given.

    Args:
        values: at least one.
        start, end: pixels of the ends.
        low, high: ends of a linear axis that do not depend on the values.
    """
    known = list(values)
    least, most = min(known), max(known)
    if low is None and high is None and least > 0:
        least = max(least, most / MOST_RATIO)
        margin = max(1.05, (most / least) ** 0.04)
        return Scale(least / margin, most * margin, start, end, "log")
    least = min(least, math.inf if low is None else low)
    most = max(most, -math.inf if high is None else high)
    margin = 0.04 * (most - least) or 0.5
    return Scale(
        least if least == low else least - margin,
        most if most == high else most + margin,
        start,
        end,
    )


def _decades(low: float, high: float) -> list[float]:
    """1, 2, 5 times powers of ten where there is room for them, else (some) powers of ten."""
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    for digits in ((1, 2, 5), (1, 3), (1,)):
        values = [digit * 10.0**power for power in range(first, last + 1) for digit in digits]
        inside = [value for value in values if low <= value <= high]
        if len(inside) <= MOST_TICKS:
            return inside if len(inside) > 1 else _steps(Scale(low, high, 0, 1))
    every = math.ceil(len(inside) / MOST_TICKS)
    return inside[::every]


def _steps(scale: Scale) -> list[float]:
    """About five multiples of 1, 2 or 5 times a power of ten."""
    span = scale.high - scale.low
    power = 10.0 ** math.floor(math.log10(span / 5))
    step = next(digit * power for digit in (1, 2, 5, 10) if span / (digit * power) <= 6)
    first, last = math.ceil(scale.low / step - 1e-9), math.floor(scale.high / step + 1e-9)
    values = [float(f"{index * step:.12g}") for index in range(first, last + 1)]
    # Rounded to be read, a value may lie beyond an end that it was just within.
    return [value for value in values if scale.low <= value <= scale.high]
