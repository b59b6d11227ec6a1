"""Variants beside each other: who is likely better, how often near the best, which ranks are open.

A failed run is None. It is worse than any value and equal to another failure, so that no sentinel
number has to stand for it.
"""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING, Final, TypeVar

from ganbench.statistics.intervals import Interval, welch_p
from ganbench.statistics.permutation import holm

if TYPE_CHECKING:
    from collections.abc import Container, Mapping, Sequence

FAMILY_WISE_ERROR: Final = 0.05
"""Share of tables that may claim some order among variants that are all alike."""

K = TypeVar("K")


def probability_of_improvement(
    a: Sequence[float | None], b: Sequence[float | None], *, lower_is_better: bool = True
) -> float:
    """P(a run of a is better than a run of b), ties counted half; in [0, 1].

    The Mann-Whitney statistic over all pairs of runs (Agarwal et al. 2021, arXiv:2108.13264).

    Raises:
        ValueError: no run on a side.
    """
    if not a or not b:
        raise ValueError("the probability of improvement needs a run on both sides")
    losses_a = [_loss(value, lower_is_better) for value in a]
    losses_b = [_loss(value, lower_is_better) for value in b]
    wins = sum((x < y) + 0.5 * (x == y) for x in losses_a for y in losses_b)
    return wins / (len(a) * len(b))


def performance_profile(
    distances: Mapping[str, Sequence[float | None]], ratios: Sequence[float]
) -> dict[str, list[float]]:
    """Share of tasks on which a variant's distance is at most `ratio` times the task's best.

    Dolan & Moré 2002. A failure is within no ratio; a task on which all failed stays counted.

    Args:
        distances: per variant, its (non-negative) distance on each task, in one order of tasks.
        ratios: >= 1, one point of the profile each.

    Returns:
        Per variant, one share in [0, 1] per ratio.

    Raises:
        ValueError: no task, or variants with different numbers of tasks.
    """
    lengths = {len(values) for values in distances.values()}
    if len(lengths) != 1 or 0 in lengths:
        raise ValueError(f"a performance profile needs the same tasks of all variants: {lengths}")
    losses = {
        name: [_loss(value, lower_is_better=True) for value in values]
        for name, values in distances.items()
    }
    best = [min(task) for task in zip(*losses.values(), strict=True)]
    return {
        name: [
            sum(x < math.inf and x <= ratio * least for x, least in zip(values, best, strict=True))
            / len(best)
            for ratio in ratios
        ]
        for name, values in losses.items()
    }


def rank_ranges(
    intervals: Mapping[K, Interval],
    *,
    lower_is_better: bool = True,
    undecided: Container[frozenset[K]] = (),
) -> dict[K, tuple[int, int]]:
    """The best and the worst rank that each variant's interval leaves open, from 1.

    One variant is above another for certain only where their intervals do not meet, and the pair is
    not undecided.
    """
    sign = 1.0 if lower_is_better else -1.0
    limits = {
        name: sorted((sign * interval.low, sign * interval.high))
        for name, interval in intervals.items()
    }
    best, worst = dict.fromkeys(limits, 1), dict.fromkeys(limits, len(limits))
    for a, b in itertools.permutations(limits, 2):
        if limits[a][1] < limits[b][0] and frozenset((a, b)) not in undecided:
            worst[a] -= 1
            best[b] += 1
    return {name: (best[name], worst[name]) for name in limits}


def undecided_pairs(
    intervals: Mapping[K, Interval], sizes: Mapping[K, int], *, logarithms: bool = False
) -> set[frozenset[K]]:
    """Pairs that Welch's test does not tell apart, after Holm's correction over all pairs.

    Of many variants that are all alike, some have intervals that do not meet: of twenty with five
    seeds, in two tables of five. Corrected, it is one table of twenty at most.

    Args:
        intervals: Student's t intervals of 95 %, cut at what a number can be, if at all.
        sizes: how many values each is of.
        logarithms: whether they are of geometric means of positive values.
    """
    scaled = {
        name: Interval(*map(_logarithm, one)) if logarithms else one
        for name, one in intervals.items()
    }
    pairs = list(itertools.combinations(scaled, 2))
    p_values = holm([
        welch_p(scaled[a], sizes[a], scaled[b], sizes[b]) if _apart(scaled[a], scaled[b]) else 1.0
        for a, b in pairs
    ])  # fmt: skip
    return {
        frozenset(pair) for pair, p in zip(pairs, p_values, strict=True) if p >= FAMILY_WISE_ERROR
    }


def _logarithm(value: float) -> float:
    return math.log(value) if value > 0 else -math.inf


def _apart(a: Interval, b: Interval) -> bool:
    return a.high < b.low or b.high < a.low


def _loss(value: float | None, lower_is_better: bool) -> float:
    """Smaller is better, and infinite for a failure: an order, never averaged."""
    if value is None or not math.isfinite(value):
        return math.inf
    return value if lower_is_better else -value
