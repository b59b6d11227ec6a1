"""Real samples against real samples: what a comparison gives where there is nothing to find.

Disjoint random sets of the samples are compared until the mean is known to 3 %. Its error is that
of the choice among the samples there are; what other samples of their law would give is not in it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from torch import Tensor

ACCURACY: Final = 0.03
"""Standard error of the mean, relative to it, at which no more pairs of sets are compared."""

FEWEST: Final = 4
MOST: Final = 400
"""Comparisons, whatever their spread."""


class SelfComparison(NamedTuple):
    """What real samples give against real samples.

    Args:
        mean: over the comparisons.
        error: its standard error.
        spread: standard deviation of a single comparison.
    """

    mean: float
    error: float
    spread: float


def self_comparison(
    samples: Tensor,
    size: int,
    compare: Callable[[Tensor, Tensor], float],
    most: int = MOST,
) -> SelfComparison:
    """Compare pairs of disjoint random sets of real samples; the same pairs every time.

    Args:
        samples: (N, ...) real samples or their features.
        size: of each set; at most N / 2.
        compare: (size, ...) and (size, ...) -> a number.
        most: comparisons at most; fewer where each is costly.

    Raises:
        ValueError: fewer than two sets of that size.
    """
    import torch

    if not 1 <= size <= len(samples) // 2:
        raise ValueError(f"{len(samples)} samples have no two sets of {size}")
    values: list[float] = []
    while len(values) < most:
        random = torch.Generator().manual_seed(len(values))
        order = torch.randperm(len(samples), generator=random)[: 2 * size].to(samples.device)
        values.append(compare(samples[order[:size]], samples[order[size:]]))
        found = _summary(values)
        if len(values) >= FEWEST and found.error <= ACCURACY * abs(found.mean):
            break
    return _summary(values)


def _summary(values: list[float]) -> SelfComparison:
    n = len(values)
    mean = math.fsum(values) / n
    squares = math.fsum((value - mean) ** 2 for value in values)
    spread = math.sqrt(squares / (n - 1)) if n > 1 else 0.0
    return SelfComparison(mean, spread / math.sqrt(n), spread)
