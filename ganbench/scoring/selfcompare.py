"""Real samples against real samples: what a comparison gives where there is nothing to find."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import astuple, dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from torch import Tensor

ACCURACY: Final = 0.03
"""Standard error of the mean, relative to it, at which no more pairs of sets are compared."""

FEWEST: Final = 16
"""Comparisons at least: to stop once they look alike is to stop where the spread was drawn small.
Of four, it would be below six tenths of the true one every fifth time; of these, once in 70."""

MOST: Final = 400
"""Comparisons at most, whatever their spread."""


@dataclass(frozen=True, slots=True)
class SelfComparison:
    """What real samples give against real samples: over pairs of disjoint random sets of them.

    The error is that of the choice among the samples there are; what other samples of their law
    would give is not in it.

    Args:
        mean: over the pairs.
        error: its standard error.
        spread: standard deviation of a single comparison.
    """

    mean: float
    error: float
    spread: float

    @classmethod
    def of(
        cls,
        samples: Tensor,
        size: int,
        compare: Callable[[Tensor, Tensor], float],
        most: int = MOST,
        *,
        other: int | None = None,
    ) -> SelfComparison:
        """Compare pairs of sets until the mean is known to 3 %; the same pairs every time.

        Args:
            samples: (N, ...) real samples or their features.
            size: of the first set.
            compare: (size, ...) and (other, ...) -> a number.
            most: pairs at most; fewer where each is costly.
            other: size of the second set; None: that of the first.

        Raises:
            ValueError: there are no two sets of these sizes.
        """
        import torch

        both = size + (size if other is None else other)
        if not (size >= 1 and size < both <= len(samples)):
            raise ValueError(f"{len(samples)} samples have no two sets of {size} and {both - size}")
        values: list[float] = []
        while True:
            random = torch.Generator().manual_seed(len(values))
            order = torch.randperm(len(samples), generator=random)[:both].to(samples.device)
            values.append(compare(samples[order[:size]], samples[order[size:]]))
            found = cls._of_values(values)
            known = len(values) >= FEWEST and found.error <= ACCURACY * abs(found.mean)
            if known or len(values) >= most:
                return found

    @classmethod
    def _of_values(cls, values: Sequence[float]) -> SelfComparison:
        n = len(values)
        mean = math.fsum(values) / n
        squares = math.fsum((value - mean) ** 2 for value in values)
        spread = math.sqrt(squares / (n - 1)) if n > 1 else 0.0
        return cls(mean, spread / math.sqrt(n), spread)

    def scaled(self, factor: float) -> SelfComparison:
        """The same in another unit."""
        return SelfComparison(self.mean * factor, self.error * factor, self.spread * factor)

    def kept(self) -> tuple[Tensor]:
        """As what `Evaluation.cached` keeps: (3,) float64."""
        import torch

        return (torch.tensor(astuple(self), dtype=torch.float64),)

    @classmethod
    def read(cls, kept: Tensor) -> SelfComparison:
        """From what `kept` has made."""
        return cls(*kept.tolist())
