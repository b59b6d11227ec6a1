"""Variants beside each other: who is likely better, how often near the best, which ranks are open.

A failed run is None. It is worse than any value and equal to another failure, so that no sentinel
number has to stand for it.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ganbench.statistics.intervals import Interval

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
    intervals: Mapping[K, Interval], *, lower_is_better: bool = True
) -> dict[K, tuple[int, int]]:
    """The best and the worst rank that each variant's interval leaves open, from 1.

    One variant is above another for certain only where their intervals do not meet.
    """
    sign = 1.0 if lower_is_better else -1.0
    limits = {
        name: sorted((sign * interval.low, sign * interval.high))
        for name, interval in intervals.items()
    }
    lows = sorted(low for low, _ in limits.values())
    highs = sorted(high for _, high in limits.values())
    return {
        name: (1 + bisect_left(highs, low), bisect_right(lows, high))
        for name, (low, high) in limits.items()
    }


def _loss(value: float | None, lower_is_better: bool) -> float:
    """Smaller is better, and infinite for a failure: an order, never averaged."""
    if value is None or not math.isfinite(value):
        return math.inf
    return value if lower_is_better else -value
