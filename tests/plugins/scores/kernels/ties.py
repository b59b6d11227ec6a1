"""How far two counts of neighbours may lie apart that round distances differently.

A fake is inside the ball around a real sample if it is nearer than the k-th nearest other real
sample. The reference keeps distances in float32, rounded twice, as a square and as its root: on
either side, a square is wrong by up to 3 * 2**-24 of itself. Where the squares of a fake's
distance and of the ball's radius differ by less than twice that, the two may be told apart either
way, as the processor rounds; with a third for the sums before, these are 2**-21 of the radius. Such
pairs are ties, and nothing else may be counted differently.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

ROUNDING = 2.0**-21
_ROWS = 1000


@dataclass(frozen=True)
class Ties:
    """What may be counted differently.

    Args:
        pairs: of a fake and a real ball that are ties: each may change the density's count by one.
        balls: which hold no fake for certain, and one or more by a tie: each may change the
            coverage's count by one.
    """

    pairs: int
    balls: int


def ties(real: Tensor, fake: Tensor, k: int, rounding: float = ROUNDING) -> Ties:
    """Those of fakes (M, d) in the balls of real samples (N, d), from distances in float64."""
    real, fake = real.double(), fake.double()
    pairs = balls = 0
    for number in range(0, len(real), _ROWS):
        rows = real[number : number + _ROWS]
        # One more than k, since each is its own nearest.
        radii = _squares(rows, real).topk(k + 1, largest=False).values[:, -1:]
        beyond = _squares(rows, fake) - radii
        tied = beyond.abs() <= rounding * radii
        certain = (beyond < -rounding * radii).any(dim=1)
        pairs += int(tied.sum())
        balls += int((tied.any(dim=1) & ~certain).sum())
    return Ties(pairs, balls)


def _squares(x: Tensor, y: Tensor) -> Tensor:
    return torch.cdist(x, y, compute_mode="use_mm_for_euclid_dist").square()
