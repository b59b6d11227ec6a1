"""One class's own distance: from the real samples of that class, with its cap and its floor.

By the kernel distance (`mmd`), which is unbiased at any count, or the Fréchet distance (`frechet`),
whose bias at the counts of a class is of the order of the features over the samples.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Literal

import torch

from ganbench import SelfComparison
from ganbench_plugins.scores.kernels import frechet, mmd
from ganbench_plugins.scores.kernels.caching import Cached, uncached

if TYPE_CHECKING:
    from torch import Tensor

Distance = Literal["kid", "fd"]

PAIRS: Final = 32
"""Pairs of halves of a class that are compared at most: of ten classes the mean is then known three
times better, and what is 0 in expectation never comes to be known to 3 %."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RealClass:
    """The real samples of one class.

    Args:
        fakes: how many fakes of it count: as many as its share of the real side gives.
        distance: from them, of the features (m, d) of fakes.
        cap: that of a generator that returns the class's mean and nothing else.
        floor: what other real samples would have in expectation, by a closed form.
        scale: what a distance between halves of them is to be multiplied with to be one of the
            counts in use.
        halves: what halves have of each other, scaled, and cut at the cap as distances of fakes
            are; None where a half has fewer than two samples, or they do not vary.
    """

    fakes: int
    distance: Callable[[Tensor], float]
    cap: float
    floor: float
    scale: float
    halves: SelfComparison | None = None

    def charged(self, fakes: Tensor, least: int) -> tuple[float, bool]:
        """The distance of fakes (m, d) of this class, at most the cap; whether they are missing,
        being fewer than `least`, which costs the cap."""
        if len(fakes) < least:
            return self.cap, True
        return min(self.cap, self.distance(fakes[: self.fakes])), False


def real_classes(
    features: Tensor,
    labels: Tensor,
    fakes: Sequence[int],
    distance: Distance,
    cached: Cached = uncached,
) -> list[RealClass]:
    """Every class of the real side.

    Args:
        features: (N, d).
        labels: (N,) classes on the same device; each has two samples or more.
        fakes: of each class, how many count; two or more.
        distance: which one.
        cached: keeps what takes long.
    """
    own = [features[labels == one] for one in range(len(fakes))]
    make = _kernel_class if distance == "kid" else _frechet_class
    sides = [make(one, count) for one, count in zip(own, fakes, strict=True)]
    halved = [k for k, one in enumerate(own) if len(one) >= 4 and bool((one != one[0]).any())]

    def compare() -> tuple[Tensor, ...]:
        found = [_halves(own[k], sides[k], make) for k in halved]
        return (torch.stack(found) if found else torch.empty(0, 3, dtype=torch.float64),)

    inputs = [features, labels, torch.tensor(fakes)]
    (kept,) = cached(f"class-{distance}/halves/{PAIRS}", inputs, compare)
    measured = dict(zip(halved, map(SelfComparison.read, kept), strict=True))
    return [replace(side, halves=measured.get(k)) for k, side in enumerate(sides)]


def _halves(features: Tensor, side: RealClass, make: Callable[[Tensor, int], RealClass]) -> Tensor:
    def compare(one: Tensor, other: Tensor) -> float:
        return min(side.cap, side.scale * make(one, len(other)).distance(other))

    return SelfComparison.of(features, len(features) // 2, compare, PAIRS).kept()[0]


def _kernel_class(features: Tensor, fakes: int) -> RealClass:
    side, n = mmd.real_kernel(features), len(features)
    half = max(2, n // 2)
    return RealClass(
        fakes=fakes,
        distance=lambda found: mmd.kernel_distance(side, found),
        cap=mmd.distance_cap(side),
        floor=0.0,
        scale=mmd.spread_by_counts(n, fakes) / mmd.spread_by_counts(half, half),
    )


def _frechet_class(features: Tensor, fakes: int) -> RealClass:
    side, n = frechet.gaussian_statistics(features), len(features)
    floor, half = frechet.noise_floor(side, n, fakes), max(2, n // 2)
    return RealClass(
        fakes=fakes,
        distance=lambda found: frechet.frechet_distance(side, found),
        cap=frechet.distance_cap(side),
        floor=floor,
        scale=floor / frechet.noise_floor(side, half, half) if side.trace else 1.0,
    )


def mean_halves(classes: Sequence[RealClass]) -> SelfComparison | None:
    """The mean over classes, whose halves are independent; None where one has none."""
    known = [one.halves for one in classes if one.halves is not None]
    if len(known) < len(classes):
        return None
    return SelfComparison(
        math.fsum(one.mean for one in known) / len(known),
        math.hypot(*(one.error for one in known)) / len(known),
        math.hypot(*(one.spread for one in known)) / len(known),
    )


def chance_of_fewer(count: int, share: float, least: int) -> float:
    """That of `count` independent samples, of a class with that share of all, fewer than `least`
    come: the binomial law's."""
    if not 0 < share < 1:
        return float(count * share < least)
    logs = [
        math.lgamma(count + 1)
        - math.lgamma(k + 1)
        - math.lgamma(count - k + 1)
        + k * math.log(share)
        + (count - k) * math.log1p(-share)
        for k in range(min(least, count + 1))
    ]
    return min(1.0, math.fsum(map(math.exp, logs)))
