"""How steadily a variant trains: scores of the curves that its seeds leave.

A curve is one run's distances at fixed fractions of the budget, in their order. A distance that
does not exist, because the run failed there, is None (NaN and infinities are read as None too). It
counts as a utility of 0 where the score is about utilities. Where the score is about distances it
is left out, or makes the score None: there is no number that stands for a failure.

Logarithms are natural: ln 2 is a doubling of the distance.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeGuard

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    Distance = float | None
    Curve = Sequence[Distance]

NOISE_LIMIT: Final = 2 * math.sqrt(2)
"""Two standard deviations of a difference, in those of one evaluation: what noise explains of a
rise from one evaluation to the next."""

LEARNING_RATE_GRID: Final = (1 / 9, 1 / 3, 1.0, 3.0, 9.0)
"""Multipliers of the recipe's learning rates for the sensitivity score."""

NEAR_BEST: Final = 0.8
"""The part of the best utility that a learning rate must keep to count as working."""


@dataclass(frozen=True, slots=True)
class LearningRateSensitivity:
    """How much depends on the learning rate.

    Args:
        mean_loss: mean over the grid of the utility lost against the best, in [0, 1].
        width: decades of learning rate with at least 0.8 of the best utility, from 0 to the width
            of the grid (1.91 for the default one).
    """

    mean_loss: float
    width: float


def utility(distance: Distance, zero: float, floor: float) -> float:
    """Where a distance lies between two others (0 and 1), on a logarithmic scale.

    clip(ln(Z / D) / ln(Z / f), 0, 1). Z is the distance of the best trivial generator, or of one
    that returns the real mean where the way of a training is looked at and not its worth; the
    floor f is what real samples have against real samples. No distance gives 0.

    Raises:
        ValueError: not 0 < floor < zero.
    """
    if not 0 < floor < zero < math.inf:
        raise ValueError(f"a utility needs 0 < floor < zero, not floor {floor} and zero {zero}")
    if not _exists(distance) or distance >= zero:
        return 0.0
    if distance <= floor:
        return 1.0
    return math.log(zero / distance) / math.log(zero / floor)


def diverged(curve: Curve, cap: float) -> bool:
    """Whether a run that was once below half the cap later lay above it twice in a row."""
    was_good, above = False, 0
    for distance in curve:
        above = above + 1 if _exists(distance) and distance > cap else 0
        if was_good and above == 2:
            return True
        was_good = was_good or (_exists(distance) and distance < cap / 2)
    return False


def evaluation_noise(repeats: Sequence[Sequence[Distance]]) -> float | None:
    """Standard deviation of ln distance that the choice of latents alone causes.

    Args:
        repeats: for each generator, its distances on different sets of latents.

    Returns:
        Pooled over the generators, at least 0; None where no generator was judged twice, or a
        distance has no logarithm.
    """
    squares, freedom = 0.0, 0
    for distances in repeats:
        if not all(_exists(distance) and distance > 0 for distance in distances):
            return None
        logs = [math.log(distance) for distance in distances if _exists(distance)]
        mean = math.fsum(logs) / len(logs) if logs else 0.0
        squares += math.fsum((value - mean) ** 2 for value in logs)
        freedom += max(0, len(logs) - 1)
    return math.sqrt(squares / freedom) if freedom else None


def geometric_mean(distances: Sequence[Distance]) -> Distance:
    """The geometric mean; None where there is no distance, or one is missing or not positive."""
    if not distances or not all(_exists(one) and one > 0 for one in distances):
        return None
    return math.exp(math.fsum(math.log(one) for one in distances if one) / len(distances))


def seed_dispersion(ends: Sequence[Distance], noise_sd: float = 0.0) -> float | None:
    """S2: standard deviation (ddof = 1) of ln distance at the end, over the finished seeds.

    Args:
        ends: final distance of every seed; failed seeds are left out.
        noise_sd: standard deviation of ln distance that evaluation alone causes; its square is
            subtracted from the variance.

    Returns:
        At least 0; None with fewer than two finished seeds.

    Raises:
        ValueError: a distance is not positive.
    """
    logs = [_log(end) for end in ends if _exists(end)]
    if len(logs) < 2:
        return None
    mean = math.fsum(logs) / len(logs)
    variance = math.fsum((value - mean) ** 2 for value in logs) / (len(logs) - 1)
    return math.sqrt(max(0.0, variance - noise_sd**2))


def late_degradation(end: Distance, best: Distance) -> float | None:
    """S3: ln distance at the end minus ln distance of the best checkpoint; ln 2 is a doubling.

    Args:
        end: distance at the end of the budget.
        best: distance of the best checkpoint, *evaluated again with fresh latents*: the smallest
            of many noisy evaluations is too small, and would show a loss where there is none.

    Returns:
        Negative only by evaluation noise; None where either does not exist.

    Raises:
        ValueError: a distance is not positive.
    """
    if not _exists(end) or not _exists(best):
        return None
    return _log(end) - _log(best)


def oscillation(curve: Curve, noise: float = 0.0) -> float | None:
    """S4: how far ln distance rises, in total, at the evaluations of the second half of a run.

    Args:
        curve: T distances; the rises counted are those at evaluation T // 2 (from 0) and later,
            each against the evaluation before it.
        noise: the rise of ln distance between two evaluations that noise alone explains;
            subtracted from each.

    Returns:
        At least 0; None with fewer than two evaluations or a missing one among those needed.

    Raises:
        ValueError: a distance is not positive.
    """
    late = curve[max(0, len(curve) // 2 - 1) :]
    logs = [_log(distance) for distance in late if _exists(distance)]
    if len(logs) < max(2, len(late)):
        return None
    rises = (after - before for before, after in itertools.pairwise(logs))
    return math.fsum(max(0.0, rise - noise) for rise in rises)


def learning_rate_sensitivity(utilities: Mapping[float, float]) -> LearningRateSensitivity | None:
    """S5: what a wrong learning rate costs.

    Args:
        utilities: final utility of each multiplier of the recipe's learning rates, averaged over
            seeds; `LEARNING_RATE_GRID` holds the multipliers of the protocol. Between them the
            utility is taken to be linear in the logarithm of the multiplier.

    Returns:
        None where no learning rate trained at all.

    Raises:
        ValueError: fewer than two multipliers, or one that is not positive.
    """
    if len(utilities) < 2 or min(utilities) <= 0:
        raise ValueError("learning-rate sensitivity needs two or more positive multipliers")
    best = max(utilities.values())
    if best <= 0:
        return None
    points = [(math.log10(multiplier), utilities[multiplier]) for multiplier in sorted(utilities)]
    width = math.fsum(
        (right - left) * _share_above(NEAR_BEST * best, start, end)
        for (left, start), (right, end) in itertools.pairwise(points)
    )
    loss = math.fsum(best - value for _, value in points) / len(points)
    return LearningRateSensitivity(loss, width)


def tuning_curve(distances: Sequence[Distance]) -> list[float | None]:
    """S6: the expected best distance of k of the N runs, for k = 1 ... N, exactly.

    Every subset of k runs is equally likely (Dodge et al. 2019, arXiv:1909.03004, without
    replacement): the i-th best is the subset's best with probability C(N - i, k - 1) / C(N, k).

    Returns:
        N entries, falling; None for a k of which all could be failures.
    """
    finished = sorted(distance for distance in distances if _exists(distance))
    n, failed = len(distances), len(distances) - len(finished)
    return [_best_of(k, finished, n) if k > failed else None for k in range(1, n + 1)]


def _best_of(k: int, ordered: Sequence[float], n: int) -> float:
    """Mean over the subsets of k of n runs of their best; `ordered` holds the finished ones."""
    weight, terms = k / n, []
    for i, value in enumerate(ordered, start=1):
        terms.append(weight * value)
        weight *= (n - i - k + 1) / (n - i) if n > i else 0.0
    return math.fsum(terms)


def retained_utility(curves: Sequence[Curve], cap: float, floor: float) -> float | None:
    """S7, the headline: mean final utility over the seeds, over the best that any seed ever had.

    Args:
        curves: one per seed. One that is shorter than the longest, or ends in None, has failed.
        cap, floor: as for `utility`.

    Returns:
        In [0, 1]; 1 where every seed ends at the variant's best. None where no run ever trained.

    Raises:
        ValueError: no curve, or not 0 < floor < cap.
    """
    if not curves:
        raise ValueError("retained utility of no runs")
    marks = max(len(curve) for curve in curves)
    values = [[utility(distance, cap, floor) for distance in curve] for curve in curves]
    best = max((value for curve in values for value in curve), default=0.0)
    if best == 0:
        return None
    ends = (curve[-1] for curve in values if len(curve) == marks)
    return math.fsum(ends) / len(curves) / best


def _exists(distance: Distance) -> TypeGuard[float]:
    return distance is not None and math.isfinite(distance)


def _log(distance: float) -> float:
    if distance <= 0:
        raise ValueError(
            f"a distance of {distance} has no logarithm: the fakes are the real samples "
            "themselves, or this score can be negative and is no distance"
        )
    return math.log(distance)


def _share_above(level: float, start: float, end: float) -> float:
    """Which part of a straight line from start to end lies at or above the level."""
    low, high = sorted((start, end))
    if low >= level:
        return 1.0
    return max(0.0, (high - level) / (high - low)) if high > low else 0.0
