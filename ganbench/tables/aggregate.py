"""The runs of one variant on one task as one row: what all have in common, and estimates."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from ganbench.results.fields import LEADERBOARD_FIELDS
from ganbench.statistics.intervals import SEEDS_FOR_AN_ORDER, Interval
from ganbench.tables.grouping import Entry

Mean = Callable[[tuple[float, ...]], Interval]

_NAMES: Final = tuple(column.name for column in LEADERBOARD_FIELDS)
_ESTIMATES: Final = tuple(name for name in _NAMES if f"{name}_n" in _NAMES)
_PARTS: Final = ("", "_low", "_high", "_n")
_FACTS: Final = tuple(
    name for name in _NAMES if name not in {f"{one}{part}" for one in _ESTIMATES for part in _PARTS}
)


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number over some runs, with its 95 % limits.

    Args:
        value: None where no run has one.
        low, high: None where one run alone has no spread.
        n: how many runs it is from.
    """

    value: float | None = None
    low: float | None = None
    high: float | None = None
    n: int = 0

    @classmethod
    def of(
        cls,
        values: Sequence[float],
        mean: Mean,
        bounds: tuple[float, float] = (-math.inf, math.inf),
    ) -> Estimate:
        """The mean of some values; limits stay within what the number can be."""
        if not values:
            return cls()
        interval = mean(tuple(values))
        if not math.isfinite(interval.high):
            return cls(interval.estimate, n=len(values))
        low, high = max(interval.low, bounds[0]), min(interval.high, bounds[1])
        return cls(interval.estimate, low, high, len(values))

    @property
    def limits(self) -> Interval | None:
        """The value with its 95 % limits, however few they are from; None where there are none."""
        if self.value is None or self.low is None or self.high is None:
            return None
        return Interval(self.value, self.low, self.high)

    @property
    def claim(self) -> Interval:
        """What may be claimed of an order: anything where there are too few seeds for one.

        Raises:
            ValueError: there is no value.
        """
        if self.value is None:
            raise ValueError("no run has a value")
        if self.n < SEEDS_FOR_AN_ORDER or self.low is None or self.high is None:
            return Interval(self.value, -math.inf, math.inf)
        return Interval(self.value, self.low, self.high)


@dataclass(slots=True, eq=False)
class Aggregate:
    """One row of a leaderboard, before it is flattened.

    Args:
        entry: the runs.
        facts: those columns of `LEADERBOARD_FIELDS` that are no estimates, None where there is
            nothing to say.
        estimates: name -> what stands in the columns NAME, NAME_low, NAME_high and NAME_n; left out
            where it cannot be asked for.
        scores: the same by key of a score, where the task has it.
        marks: why it has no rank on its task, whatever it scores; see `ganbench.tables.marks`.
        limits: those of them that only limit what it counts in the suite, where it keeps its rank;
            see `ganbench.tables.thresholds`.
        logarithms: whether distances of its part are averaged and tested by their logarithms, as
            all of them are positive.
    """

    entry: Entry
    facts: dict[str, Any] = field(default_factory=lambda: dict.fromkeys(_FACTS))
    estimates: dict[str, Estimate] = field(default_factory=dict)
    scores: dict[str, Estimate] = field(default_factory=dict)
    marks: tuple[str, ...] = ()
    limits: tuple[str, ...] = ()
    logarithms: bool = True

    @property
    def grave_marks(self) -> tuple[str, ...]:
        """The marks that cost the variant its rank in the suite."""
        return tuple(mark for mark in self.marks if mark not in self.limits)

    def __getitem__(self, column: str) -> Any:
        """One of the facts."""
        return self.facts[column]

    def value(self, name: str) -> float | None:
        """The estimate of that name without its limits; None where there is none."""
        estimate = self.estimates.get(name)
        return None if estimate is None else estimate.value

    def flat(self) -> dict[str, Any]:
        """The row of a frame or file: four columns for each estimate and each score."""
        row = {**self.facts, "marks": "; ".join(self.marks) or None}
        for names, separator in ((self.estimates, "_"), (self.scores, ":")):
            for name, estimate in names.items():
                row[name] = estimate.value
                row[f"{name}{separator}low"] = estimate.low
                row[f"{name}{separator}high"] = estimate.high
                row[f"{name}{separator}n"] = estimate.n
        return row
