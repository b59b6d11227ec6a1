"""Exact tests for few seeds: which differences are more than the choice of seeds.

A failed run has no value: hand utilities (0 for a failure) to what needs a value of every run.
"""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from ganbench.statistics.intervals import finite_sample

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from ganbench.statistics.intervals import Sample

ARRANGEMENTS: Final = 2**22
"""Arrangements of half the strata that are listed; beyond it, p-values are by random sampling."""

DRAWS: Final = 100_000
"""Random arrangements where they cannot all be listed."""


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
    pairs = [
        (finite_sample(a, "permutation test"), finite_sample(b, "permutation test"))
        for a, b in strata
    ]
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
