"""What a perfect generator would show: rates and distances of real samples against real samples.

Two laws, both with what is not known of the null itself: it was measured on real samples, and these
are finitely many.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy import special  # not scipy.stats, which takes a second to import

BEYOND: Final = 0.05
"""How often real samples are farther from real samples than `Floor.reach`."""

NEAR: Final = 0.01
"""The share of real samples that count as near copies, by a quantile of their distances: what rates
of copies are of real samples, unless more of these are exact copies."""

_KNOWN: Final = 1e9
"""Real samples from which a rate is known: more, and logarithms lose the digits that differ."""


def chance_of_rate(count: int, n: int, rate: float, error: float = 0.0) -> float:
    """P(`count` or more of n), where each of the n independently counts with a chance of `rate`.

    Where the rate is itself only known to a standard error, it has the beta law with this mean and
    error, and the count a beta-binomial one. With an error of sqrt(rate (1 - rate) / N), that is
    what n fakes have below a quantile of N real samples, all being of one law.

    Raises:
        ValueError: not 0 <= count <= n with n >= 1, a rate that is not inside (0, 1), or an error
            that none in (0, 1) can have.
    """
    if not 0 <= count <= n or n < 1 or not 0 < rate < 1:
        raise ValueError(f"{count} of {n} at a rate of {rate}: no count of that has a chance")
    if count == 0:
        return 1.0
    weight = rate * (1 - rate) / error**2 - 1 if error else math.inf  # a + b of the beta law
    if weight > _KNOWN:
        return float(special.betainc(count, n - count + 1, rate))
    if weight <= 0:
        raise ValueError(f"a rate of {rate} cannot have a standard error of {error}")
    a, b = rate * weight, (1 - rate) * weight
    k = np.arange(count, n + 1)
    ways = special.gammaln(n + 1) - special.gammaln(k + 1) - special.gammaln(n - k + 1)
    logs = ways + special.betaln(k + a, n - k + b) - special.betaln(a, b)
    return min(1.0, float(np.exp(logs).sum()))


def near_error(n: int, together: int = 1) -> float:
    """Standard error of the rate `NEAR`, whose quantile n real samples have given.

    With what a quantile of few samples is off: it may be the next one's distance.

    Args:
        n: real samples, at least 1.
        together: how many of them are near at once: two that are each other's nearest.
    """
    return math.sqrt(NEAR * (1 - NEAR) * together / n) + together / n


@dataclass(frozen=True, slots=True)
class Floor:
    """The law of a distance between two sets of real samples.

    A sum of squares of many directions, so its law is taken to be the gamma law with its mean and
    standard deviation (Satterthwaite 1946).

    Args:
        mean: above 0.
        spread: standard deviation of one such distance; None where it is not known.
        count: distances that both are from; None: so many that both are known.
    """

    mean: float
    spread: float | None = None
    count: int | None = None

    def chance(self, distance: float) -> float | None:
        """P(real samples are as near as that to real samples, or nearer); None: not known.

        At most, as far as `count` distances tell: with the upper 95 % limit of the spread.
        """
        if self.spread is None or (self.count is not None and self.count < 2):
            return None
        if self.spread == 0:
            return float(distance >= self.mean)
        shape = self._shape
        if self.count is not None:
            freedom = self.count - 1
            shape *= 2 * float(special.gammaincinv(freedom / 2, BEYOND)) / freedom
        return float(special.gammainc(shape, max(0.0, distance) / self.mean * shape))

    @property
    def reach(self) -> float:
        """Up to here a distance cannot be told from that of real samples, which lies above it one
        time in twenty; the mean where no spread is known."""
        if not self.spread:
            return self.mean
        quantile = float(special.gammaincinv(self._shape, 1 - BEYOND))
        return max(self.mean, self.mean * quantile / self._shape)

    @property
    def _shape(self) -> float:
        return math.pow(self.mean / (self.spread or math.inf), 2)
