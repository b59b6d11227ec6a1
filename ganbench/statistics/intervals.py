"""Intervals for few seeds.

The percentile bootstrap covers far less than it claims on three to ten values, so intervals here
are Student's, on the values or on their logarithms. A failed run has no value: hand utilities (0
for a failure) to what needs a value of every run, and count failures apart.
"""

from __future__ import annotations

import functools
import math
import sys
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
from scipy import special  # not scipy.stats, which takes a second to import

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Sample = Sequence[float] | NDArray[np.float64]

SEEDS_FOR_AN_ORDER: Final = 5
"""Seeds per variant below which no order is claimed: 3 against 3 cannot give p < 0.1, 4 against 4
cannot survive a correction for even two comparisons."""


_LARGEST: Final = math.log(sys.float_info.max)


class Interval(NamedTuple):
    """An estimate with its confidence limits; infinite limits where one value says nothing."""

    estimate: float
    low: float
    high: float


def mean_interval(values: Sample, level: float = 0.95) -> Interval:
    """Student's t interval for the mean of n values; unbounded for n = 1.

    Raises:
        ValueError: no value, or one that is not finite.
    """
    sample = finite_sample(values, "mean")
    mean, n = float(sample.mean()), len(sample)
    if n == 1:
        return Interval(mean, -math.inf, math.inf)
    half = _t_quantile(level, n - 1) * float(sample.std(ddof=1)) / math.sqrt(n)
    return Interval(mean, mean - half, mean + half)


def prediction_interval(values: Sample, level: float = 0.95) -> Interval:
    """Student's t interval for one more value like these n; unbounded for n = 1.

    Raises:
        ValueError: no value, or one that is not finite.
    """
    sample = finite_sample(values, "mean")
    mean, n = float(sample.mean()), len(sample)
    if n == 1:
        return Interval(mean, -math.inf, math.inf)
    half = _t_quantile(level, n - 1) * float(sample.std(ddof=1)) * math.sqrt(1 + 1 / n)
    return Interval(mean, mean - half, mean + half)


def geometric_prediction_interval(values: Sample, level: float = 0.95) -> Interval:
    """The interval for one more value on logarithms, turned back: for distances.

    Limits in [0, inf]; (0, inf) for one value.

    Raises:
        ValueError: no value, or one that is not finite and positive.
    """
    return _exponential(prediction_interval(_logs(values), level))


def geometric_mean_interval(values: Sample, level: float = 0.95) -> Interval:
    """The t interval on logarithms, turned back: for distances, whose errors are relative.

    Limits in [0, inf]; (0, inf) for one value.

    Raises:
        ValueError: no value, or one that is not finite and positive.
    """
    return _exponential(mean_interval(_logs(values), level))


def clopper_pearson(count: int, n: int, level: float = 0.95) -> Interval:
    """Exact interval of a proportion (Clopper & Pearson 1934): 0 of 5 gives 0 to 0.52.

    Raises:
        ValueError: not 0 <= count <= n with n >= 1.
    """
    if not 0 <= count <= n or n < 1:
        raise ValueError(f"{count} of {n} is no proportion")
    tail = (1 - level) / 2
    low = float(special.betaincinv(count, n - count + 1, tail)) if count > 0 else 0.0
    high = float(special.betaincinv(count + 1, n - count, 1 - tail)) if count < n else 1.0
    return Interval(count / n, low, high)


def ratio_interval(a: Sample, b: Sample, level: float = 0.95) -> Interval:
    """Ratio of geometric means, a over b, with Welch's interval on the logarithms.

    (0, inf) where a side has one value: no spread is known. 1 outside it: a real difference.

    Raises:
        ValueError: an empty side, or a value that is not finite and positive.
    """
    x, y = _logs(a), _logs(b)
    difference = float(x.mean() - y.mean())
    if min(len(x), len(y)) < 2:
        return _exponential(Interval(difference, -math.inf, math.inf))
    half = _welch_half_width(float(x.var(ddof=1)), float(y.var(ddof=1)), len(x), len(y), level)
    return _exponential(Interval(difference, difference - half, difference + half))


def seeds_to_decide(a: Sample, b: Sample, level: float = 0.95, most: int = 1000) -> int | None:
    """How many more seeds of each variant would put 1 outside the interval of their ratio.

    Supposes that the geometric means and spreads seen so far are the true ones, which is a guess:
    read it as an order of magnitude. Never less than what brings both to five seeds.

    Returns:
        0 where it is decided already; None where `most` more seeds would not do.

    Raises:
        ValueError: fewer than two values on a side, or one that is not finite and positive.
    """
    x, y = _logs(a), _logs(b)
    if min(len(x), len(y)) < 2:
        raise ValueError("the spread of one seed is unknown: run two or more of each first")
    difference = abs(float(x.mean() - y.mean()))
    variances = float(x.var(ddof=1)), float(y.var(ddof=1))
    for more in range(max(0, SEEDS_FOR_AN_ORDER - min(len(x), len(y))), most + 1):
        if difference > _welch_half_width(*variances, len(x) + more, len(y) + more, level):
            return more
    return None


def welch_p(a: Interval, n_a: int, b: Interval, n_b: int) -> float:
    """Welch's two-sided p-value of two means from their t intervals of 95 %; 1 for unbounded ones.

    Of an interval that is cut at one side, the other side tells.

    Args:
        a, b: of n_a and n_b values; of no width where all of these are equal.
    """
    errors = []
    for one, n in ((a, n_a), (b, n_b)):
        half = max(one.estimate - one.low, one.high - one.estimate)
        errors.append(half / _t_quantile(0.95, n - 1) if half else 0.0)
    if not math.isfinite(sum(errors)):
        return 1.0
    difference, error = abs(a.estimate - b.estimate), math.hypot(*errors)
    if error == 0:
        return 1.0 if difference == 0 else 0.0
    freedom = _welch_freedom((errors[0] / error) ** 2, (errors[1] / error) ** 2, n_a, n_b)
    return 2 * float(special.stdtr(freedom, -difference / error))


def _welch_half_width(var_a: float, var_b: float, n_a: int, n_b: int, level: float) -> float:
    """Half the interval of a difference of means."""
    error_a, error_b = var_a / n_a, var_b / n_b
    if error_a + error_b == 0:
        return 0.0
    freedom = _welch_freedom(error_a, error_b, n_a, n_b)
    return _t_quantile(level, freedom) * math.sqrt(error_a + error_b)


def _welch_freedom(error_a: float, error_b: float, n_a: int, n_b: int) -> float:
    """Degrees of freedom (Welch-Satterthwaite) of squared standard errors, not both 0."""
    share = error_a / (error_a + error_b)  # first, so that tiny variances do not underflow
    terms = ((share, n_a), (1 - share, n_b))
    return 1 / sum(part**2 / (n - 1) for part, n in terms if part)


@functools.lru_cache(maxsize=4_096)
def _t_quantile(level: float, freedom: float) -> float:
    if not 0 < level < 1:
        raise ValueError(f"a confidence level lies between 0 and 1, not {level}")
    return float(special.stdtrit(freedom, (1 + level) / 2))


def _exponential(interval: Interval) -> Interval:
    """Limits beyond the largest number are infinite."""
    return Interval(*(math.exp(value) if value < _LARGEST else math.inf for value in interval))


def finite_sample(values: Sample, what: str) -> NDArray[np.float64]:
    """The values as an array.

    Args:
        values: at least one, each finite.
        what: is computed from them, for the error.

    Raises:
        ValueError: there is none, or one is not finite.
    """
    sample = np.asarray(values, dtype=np.float64)
    if sample.size == 0 or not np.isfinite(sample).all():
        raise ValueError(
            f"{what} of {sample.tolist()}: needs finite values, at least one; "
            "a failed run has none, count it apart"
        )
    return sample


def _logs(values: Sample) -> NDArray[np.float64]:
    sample = finite_sample(values, "geometric mean")
    if (sample <= 0).any():
        raise ValueError(f"geometric mean of {sample.tolist()}: needs positive values")
    return np.log(sample)
