"""Intervals and tests for few seeds.

The percentile bootstrap covers far less than it claims on three to ten values, so intervals here
are Student's, on the values or on their logarithms, and tests are exact. A failed run has no value:
hand utilities (0 for a failure) to what needs a value of every run, and count failures apart.
"""

from __future__ import annotations

import functools
import itertools
import math
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

ARRANGEMENTS: Final = 2**22
"""Arrangements of half the strata that are listed; beyond it, p-values are by random sampling."""

DRAWS: Final = 100_000
"""Random arrangements where they cannot all be listed."""


class Interval(NamedTuple):
    """An estimate with its confidence limits; infinite limits where one value says nothing."""

    estimate: float
    low: float
    high: float


class PermutationTest(NamedTuple):
    """A two-sided test of no difference in any stratum.

    Args:
        p_value: in (0, 1].
        difference: sum over the strata of mean(a) - mean(b).
        smallest: the smallest p-value that these sample sizes could give.
        exact: whether every arrangement was counted.
    """

    p_value: float
    difference: float
    smallest: float
    exact: bool


def mean_interval(values: Sample, level: float = 0.95) -> Interval:
    """Student's t interval for the mean of n values; unbounded for n = 1.

    Raises:
        ValueError: no value, or one that is not finite.
    """
    sample = _sample(values, "mean")
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
    sample = _sample(values, "mean")
    mean, n = float(sample.mean()), len(sample)
    if n == 1:
        return Interval(mean, -math.inf, math.inf)
    half = _t_quantile(level, n - 1) * float(sample.std(ddof=1)) * math.sqrt(1 + 1 / n)
    return Interval(mean, mean - half, mean + half)


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


def permutation_test(strata: Sequence[tuple[Sample, Sample]], seed: int = 0) -> PermutationTest:
    """Two-sided permutation test of a against b, labels exchanged within each stratum.

    Args:
        strata: (a, b) values of each stratum, usually a task: ln distances, or utilities where
            runs failed. One stratum is the ordinary test.
        seed: of the random arrangements, where there are too many to list them all.

    Raises:
        ValueError: no stratum, an empty side, or a value that is not finite.
    """
    if not strata:
        raise ValueError("a permutation test of no strata")
    pairs = [(_sample(a, "permutation test"), _sample(b, "permutation test")) for a, b in strata]
    difference = math.fsum(float(a.mean() - b.mean()) for a, b in pairs)
    scale = max(float(np.abs(np.concatenate(pair)).max()) for pair in pairs)
    threshold = abs(difference) - 1e-12 * scale * len(pairs)  # ties are ties despite rounding
    counts = [math.comb(len(a) + len(b), len(a)) for a, b in pairs]
    total = math.prod(counts)
    balanced = all(len(a) == len(b) for a, b in pairs)
    smallest = (2 if balanced else 1) / total
    if max(math.prod(counts[::2]), math.prod(counts[1::2])) > ARRANGEMENTS:
        p_value = _sampled_p_value(pairs, threshold, np.random.default_rng(seed))
        return PermutationTest(p_value, difference, max(smallest, 1 / (DRAWS + 1)), exact=False)
    left, right = _all_sums(pairs[::2]), np.sort(_all_sums(pairs[1::2]))
    # |l + r| >= t for every pair of sums, without listing the pairs.
    above = len(right) - np.searchsorted(right, threshold - left, side="left")
    below = np.searchsorted(right, -threshold - left, side="right")
    extreme = min(total, int(above.sum()) + int(below.sum()))
    return PermutationTest(extreme / total, difference, smallest, exact=True)


def holm(p_values: Sequence[float]) -> list[float]:
    """p-values adjusted for having made them all (Holm 1979), in the order given.

    Raises:
        ValueError: a p-value outside [0, 1].
    """
    if any(not 0 <= p <= 1 for p in p_values):
        raise ValueError(f"p-values must lie in [0, 1]: {list(p_values)}")
    adjusted, running, m = [0.0] * len(p_values), 0.0, len(p_values)
    for rank, index in enumerate(sorted(range(m), key=p_values.__getitem__)):
        running = max(running, min(1.0, (m - rank) * p_values[index]))
        adjusted[index] = running
    return adjusted


def _all_sums(
    pairs: Sequence[tuple[NDArray[np.float64], NDArray[np.float64]]],
) -> NDArray[np.float64]:
    """Sum over the strata of mean(a) - mean(b), for every arrangement of labels."""
    sums = np.zeros(1)
    for a, b in pairs:
        pooled = np.concatenate([a, b])
        chosen = np.array(list(itertools.combinations(range(len(pooled)), len(a))))
        totals = pooled[chosen].sum(axis=1)
        differences = totals / len(a) - (pooled.sum() - totals) / len(b)
        sums = (sums[:, None] + differences).ravel()
    return sums


def _sampled_p_value(
    pairs: Sequence[tuple[NDArray[np.float64], NDArray[np.float64]]],
    threshold: float,
    generator: np.random.Generator,
) -> float:
    """The p-value of random arrangements; the one observed counts among them, so never 0."""
    sums = np.zeros(DRAWS)
    for a, b in pairs:
        pooled = np.tile(np.concatenate([a, b]), (DRAWS, 1))
        shuffled = generator.permuted(pooled, axis=1)
        sums += shuffled[:, : len(a)].mean(axis=1) - shuffled[:, len(a) :].mean(axis=1)
    return (1 + int((np.abs(sums) >= threshold).sum())) / (DRAWS + 1)


def _welch_half_width(var_a: float, var_b: float, n_a: int, n_b: int, level: float) -> float:
    """Half the interval of a difference of means, with Welch-Satterthwaite degrees of freedom."""
    error_a, error_b = var_a / n_a, var_b / n_b
    if error_a + error_b == 0:
        return 0.0
    share = error_a / (error_a + error_b)  # first, so that tiny variances do not underflow
    freedom = 1 / (share**2 / (n_a - 1) + (1 - share) ** 2 / (n_b - 1))
    return _t_quantile(level, freedom) * math.sqrt(error_a + error_b)


@functools.lru_cache(maxsize=4_096)
def _t_quantile(level: float, freedom: float) -> float:
    if not 0 < level < 1:
        raise ValueError(f"a confidence level lies between 0 and 1, not {level}")
    return float(special.stdtrit(freedom, (1 + level) / 2))


def _exponential(interval: Interval) -> Interval:
    return Interval(*(math.exp(value) for value in interval))


def _sample(values: Sample, what: str) -> NDArray[np.float64]:
    sample = np.asarray(values, dtype=np.float64)
    if sample.size == 0 or not np.isfinite(sample).all():
        raise ValueError(
            f"{what} of {sample.tolist()}: needs finite values, at least one; "
            "a failed run has none, count it apart"
        )
    return sample


def _logs(values: Sample) -> NDArray[np.float64]:
    sample = _sample(values, "geometric mean")
    if (sample <= 0).any():
        raise ValueError(f"geometric mean of {sample.tolist()}: needs positive values")
    return np.log(sample)
