"""Precision, recall, density and coverage, and the rates of near-duplicates and near-copies.

All compare distances with the spacing of the samples themselves. With rho_k(x) the distance from x
to its k-th nearest other point of its own set:

* precision and recall (Kynkäänniemi et al. 2019, arXiv:1904.06991), k = 3: the share of fakes that
  lie within rho_3 of some real sample, and of real samples within rho_3 of some fake;
* density and coverage (Naeem et al. 2020, arXiv:2002.09797), k = 5: the mean number of real balls
  that hold a fake, over k, and the share of real balls that hold a fake;
* near-duplicates and near-copies, ganbench's own: the share of fakes that are closer to another
  fake (to a training or a held-out sample) than all but 1 % of fresh real samples are.

Precision and recall count a tie as inside, density and coverage as outside, as the papers have it;
two squared distances that differ by no more than their rounding errors are a tie.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import torch

from ganbench_plugins.scores.kernels.caching import Cached, uncached
from ganbench_plugins.scores.kernels.distances import (
    Points,
    nearest_in,
    nearest_others,
    slack,
    squared_distances,
)
from ganbench_plugins.scores.kernels.validation import centre_of, same_width, sample_matrix

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

K_PRECISION: Final = 3
K_COVERAGE: Final = 5
NEAR: Final = 0.01
"""Which quantile of the real distances counts as near, and the rate that chance alone gives."""


@dataclass(frozen=True, slots=True, eq=False)
class RealNeighbours:
    """The real side, computed once per data set and extractor.

    Args:
        centre: (d,) float64, the real mean; it is subtracted from the fakes as well.
        points: the N centred real samples.
        nearest: (N, 5) squared distances to the five nearest other real samples.
    """

    centre: Tensor
    points: Points
    nearest: Tensor

    @property
    def reaching(self) -> float:
        """Share of real samples whose ball of density and coverage is more than a point.

        A sample with five exact copies has none: nothing can be nearer to it than they are.
        """
        opened = _opened(self.points.norms, self.nearest[:, K_COVERAGE - 1])
        return float((opened > -torch.inf).double().mean())

    @property
    def copied(self) -> float:
        """Share of real samples that have an exact copy: near-duplicates by the law itself."""
        return _share_within(self.nearest[:, 0], self.points.norms, 0.0)


@dataclass(frozen=True, slots=True)
class NeighbourScores:
    """What one set of fakes scores.

    Args:
        precision, recall, coverage: shares in [0, 1].
        density: at least 0, 1 in expectation under the real law; not bounded by 1.
        near_duplicates: share of fakes in [0, 1], 0.01 in expectation under the real law.
    """

    precision: float
    recall: float
    density: float
    coverage: float
    near_duplicates: float


@dataclass(frozen=True, slots=True, eq=False)
class Originals:
    """Samples that may have been copied, and what near-copies are told by, once per data set.

    Args:
        centre: (d,) float64, the mean of the samples.
        points: the centred samples.
        threshold: squared distance to the nearest of them that 1 % of fresh real samples stay
            below.
        copied: share of the fresh samples that are exact copies of them.
    """

    centre: Tensor
    points: Points
    threshold: float
    copied: float


def real_neighbours(real: Tensor, cached: Cached = uncached) -> RealNeighbours:
    """The real side from features (N, d), N >= 6.

    Raises:
        NonFiniteSamples: a feature is not finite.
        ValueError: fewer than six samples.
    """
    matrix = sample_matrix(real, "real features", least=K_COVERAGE + 1)
    centre = centre_of(matrix)
    points = Points.of(matrix - centre)
    (nearest,) = cached("nearest", [real], lambda: (nearest_others(points, K_COVERAGE),))
    return RealNeighbours(centre, points, nearest)


def first(rows: Tensor, n: int) -> Tensor:
    """The first n rows."""
    return rows[:n]


def neighbour_scores(
    real: RealNeighbours, fake: Tensor, some: Callable[[Tensor, int], Tensor] = first
) -> NeighbourScores:
    """Precision, recall, density, coverage and near-duplicate rate of fake features (M, d), M >= 4.

    The near-duplicate rate needs equally many real and fake samples, since distances shrink with
    their number: where N and M differ, min(N, M) of each set are used for it.

    Args:
        real: the real side.
        fake: the fakes' features, in no order.
        some: n of the real rows that stand for all, as `ganbench.Data.some` takes them: the first
            ones may be of one class, which lies closer together, or less close, than all.

    Raises:
        NonFiniteSamples: a feature is not finite.
        ValueError: fewer than four samples, or not as many features as the real side has.
    """
    same_width(real.centre, fake)
    matrix = sample_matrix(fake, "fake features", least=K_PRECISION + 1)
    points = Points.of(matrix - real.centre)
    nearest = nearest_others(points, K_PRECISION)
    precise, held, recalled, covered = _cross(real, points, nearest[:, K_PRECISION - 1])
    return NeighbourScores(
        precision=float(precise.double().mean()),
        recall=float(recalled.double().mean()),
        density=held / (K_COVERAGE * len(points)),
        coverage=float(covered.double().mean()),
        near_duplicates=_near_duplicates(real, points, nearest[:, 0], some),
    )


def covered_samples(real: RealNeighbours, fake: Tensor) -> Tensor:
    """Which real samples (N,) have one of the fakes (M, d) in the ball of their five neighbours.

    Raises:
        NonFiniteSamples: a feature is not finite.
        ValueError: no sample, or not as many features as the real side has.
    """
    same_width(real.centre, fake)
    points = Points.of(sample_matrix(fake, "fake features", least=1) - real.centre)
    _, _, _, covered = _cross(real, points, torch.zeros_like(points.norms))
    return covered


def coverage_null(n_real: int, n_fake: int, k: int = K_COVERAGE) -> float:
    """The expected coverage of fakes drawn from the real law, exactly.

    A ball stays empty when the k nearest of the N - 1 + M other samples are all real; under equal
    laws every order of them is equally likely: 1 - prod_{t=1..k} (N - t) / (N + M - t).
    """
    empty = math.prod((n_real - t) / (n_real + n_fake - t) for t in range(1, k + 1))
    return 1.0 - empty


def normalised_coverage(coverage: float, n_real: int, n_fake: int) -> float:
    """Coverage as a share of what a perfect generator reaches at these sizes, in [0, 1].

    Args:
        coverage: of the real samples that can be covered, in [0, 1].
        n_real, n_fake: numbers of samples.
    """
    return min(1.0, coverage / coverage_null(n_real, n_fake))


def originals(samples: Tensor, fresh: Tensor, cached: Cached = uncached) -> Originals:
    """The threshold of near-copies of some real samples, from features (T, d) and (H, d).

    Args:
        samples: training ones, for copies of these, or held-out ones.
        fresh: those of the other split.

    Raises:
        NonFiniteSamples: a feature is not finite.
        ValueError: an empty set, or different numbers of features.
    """
    same_width(samples, fresh)
    matrix = sample_matrix(samples, "real features", least=1)
    centre = centre_of(matrix)
    points = Points.of(matrix - centre)
    others = Points.of(sample_matrix(fresh, "fresh real features", least=1) - centre)
    (nearest,) = cached("near-copies", [samples, fresh], lambda: (nearest_in(others, points),))
    copied = _share_within(nearest, others.norms, 0.0)
    return Originals(centre, points, _near(nearest), copied)


def copy_rate(real: Originals, fake: Tensor) -> float:
    """Share of fakes (M, d) in [0, 1] that lie near one of the samples; 0.01 under the real law.

    High together with the near-duplicate rate: collapse. High alone: copies.

    Raises:
        NonFiniteSamples: a feature is not finite.
        ValueError: no sample, or not as many features as the real side has.
    """
    same_width(real.centre, fake)
    points = Points.of(sample_matrix(fake, "fake features", least=1) - real.centre)
    return _share_within(nearest_in(points, real.points), points.norms, real.threshold)


def rate_error(n: int, together: int = 1) -> float:
    """Standard error of the rate that lies below a quantile which n real samples have given.

    With what a quantile of few samples is off: it may be the next one's distance.

    Args:
        n: real samples.
        together: how many of them are near at once: two that are each other's nearest.
    """
    return math.sqrt(NEAR * (1 - NEAR) * together / n) + together / n


def _cross(real: RealNeighbours, fake: Points, radii: Tensor) -> tuple[Tensor, int, Tensor, Tensor]:
    """One pass over all real-fake distances, with the fakes' own squared radii (M,).

    Returns:
        Which fakes are inside the real manifold (M,), how many pairs of a fake and a real ball
        hold, which real samples are inside the fake manifold (N,), which are covered (N,).
    """
    precise = torch.zeros_like(fake.norms, dtype=torch.bool)
    recalled = torch.zeros_like(real.points.norms, dtype=torch.bool)
    covered = torch.zeros_like(recalled)
    held = 0
    closed = _closed(real.points.norms, real.nearest[:, K_PRECISION - 1])[:, None]
    opened = _opened(real.points.norms, real.nearest[:, K_COVERAGE - 1])[:, None]
    fake_closed = _closed(fake.norms, radii)
    for i, rows in real.points.blocks():
        for j, columns in fake.blocks():
            tile = squared_distances(rows, columns)
            precise[j] |= (tile <= closed[i]).any(dim=0)
            recalled[i] |= (tile <= fake_closed[j]).any(dim=1)
            inside = (tile < opened[i]).sum(dim=1)
            covered[i] |= inside > 0
            held += int(inside.sum())
    return precise, held, recalled, covered


def _closed(norms: Tensor, squared_radii: Tensor) -> Tensor:
    """Squared radii of balls that hold what lies on their surface."""
    return squared_radii + slack(norms, squared_radii)


def _opened(norms: Tensor, squared_radii: Tensor) -> Tensor:
    """Squared radii of balls that do not; a radius of zero holds nothing at all."""
    margin = slack(norms, squared_radii)
    return torch.where(squared_radii > margin, squared_radii - margin, -torch.inf)


def _near_duplicates(
    real: RealNeighbours, fake: Points, nearest: Tensor, some: Callable[[Tensor, int], Tensor]
) -> float:
    """Share of fakes whose nearest other fake is nearer than 1 % of the real samples' nearest."""
    n = min(len(real.points), len(fake))
    spacing, norms = real.nearest[:, 0], fake.norms
    if n < len(real.points):
        spacing = nearest_others(Points.of(some(real.points.rows, n)), 1)[:, 0]
    if n < len(fake):
        nearest, norms = nearest_others(fake.first(n), 1)[:, 0], norms[:n]
    return _share_within(nearest, norms, _near(spacing))


def _near(squared: Tensor) -> float:
    """The 1 % quantile of squared distances, interpolated between the distances themselves."""
    ordered = squared.sqrt().sort().values
    place = NEAR * (len(ordered) - 1)
    low = math.floor(place)
    pair = ordered[low : low + 2]
    return float(torch.lerp(pair[0], pair[-1], place - low)) ** 2


def _share_within(squared: Tensor, norms: Tensor, threshold: float) -> float:
    """Share of distances up to the threshold. Ties count, so that exact copies are near-copies
    even where the real data hold so many exact duplicates that the threshold is zero."""
    limits = torch.full_like(squared, threshold)
    return float((squared <= limits + slack(norms, limits)).double().mean())
