"""The kernel distance (KID): squared maximum mean discrepancy with a cubic polynomial kernel.

Bińkowski et al. 2018 (arXiv:1801.01401): k(x, y) = (x·y / d + 1)³ and the unbiased estimator

    MMD² = mean_{i≠j} k(r_i, r_j) + mean_{i≠j} k(f_i, f_j) - 2 mean_{ij} k(r_i, f_j)

over the full samples. Averaging over random subsets, as the original code does, costs as much and
only adds the noise of the subsets.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import torch

from ganbench_plugins.scores.kernels.caching import Cached, number, uncached
from ganbench_plugins.scores.kernels.products import product
from ganbench_plugins.scores.kernels.validation import centre_of, same_width, sample_matrix

if TYPE_CHECKING:
    from torch import Tensor

TILE: Final = 2048
"""Rows and columns of the kernel matrix that are in memory at a time."""


@dataclass(frozen=True, slots=True, eq=False)
class RealKernel:
    """The real side of the kernel distance, computed once per data set and extractor.

    Args:
        features: (N, d) float64.
        self_mean: mean kernel value over pairs of different real samples.
    """

    features: Tensor
    self_mean: float


def real_kernel(features: Tensor, cached: Cached = uncached) -> RealKernel:
    """The real side from features (N, d).

    Raises:
        NonFiniteSamples: a feature is not finite.
        ValueError: fewer than two samples.
    """
    matrix = sample_matrix(features, "real features")
    (self_mean,) = cached("kernel", [features], lambda: number(_self_mean(matrix)))
    return RealKernel(matrix, float(self_mean))


def kernel_distance(real: RealKernel, fake: Tensor) -> float:
    """KID of fake features (n, d); unbiased, so it may be negative where the laws are close.

    Raises:
        NonFiniteSamples: a feature is not finite.
        ValueError: fewer than two samples, or not as many features as the real side has.
    """
    same_width(real.features, fake)
    matrix = sample_matrix(fake, "fake features")
    features = real.features.to(matrix.device)
    total = math.fsum(
        float(_kernel(rows, columns).sum())
        for rows in torch.split(features, TILE)
        for columns in torch.split(matrix, TILE)
    )
    cross_mean = total / (len(features) * len(matrix))
    return real.self_mean + _self_mean(matrix) - 2.0 * cross_mean


def distance_cap(real: RealKernel) -> float:
    """The distance of a generator that returns the real mean m and nothing else:

        mean_{ij} k(r_i, r_j) + k(m, m) - 2 mean_i k(r_i, m)

    As the Fréchet distance has its cap in tr S. Here the pairs of a sample with itself count: so it
    is the squared length of a vector (the difference of the mean embeddings), at least 0, and 0
    only where the real samples are all the same. As m is the mean of these very samples, whatever
    of the kernel is linear about it cancels, as it does for the law and its own mean, and what is
    left is nearly the law's. `kernel_distance` takes m for a sample that knows nothing of them:
    what it gives is smaller by (mean k(r_i, r_i) - mean_{i≠j} k(r_i, r_j)) / N, often below 0 for
    few samples, and nothing to charge anybody.
    """
    matrix = real.features
    centre = centre_of(matrix)[None]
    n, d = matrix.shape
    own = float((matrix.square().sum(dim=1) / d + 1.0).pow(3).mean())
    all_pairs = ((n - 1) * real.self_mean + own) / n
    to_centre = float(_kernel(matrix, centre).mean())
    return max(0.0, all_pairs + float(_kernel(centre, centre)) - 2.0 * to_centre)


def spread_by_counts(n: int, m: int) -> float:
    """Standard deviation of the distance between n and m >= 2 samples of one law, in units of the
    law's own: sqrt(1/n(n-1) + 1/m(m-1) + 2/nm).

    Exact where both are of one law: the three means are then uncorrelated, and each has the
    variance of a degenerate U-statistic (Gretton et al. 2012, JMLR 13, appendix B).
    """
    return math.sqrt(1 / (n * (n - 1)) + 1 / (m * (m - 1)) + 2 / (n * m))


def _kernel(rows: Tensor, columns: Tensor) -> Tensor:
    """(x·y / d + 1)³ for every pair of rows."""
    base = product(rows, columns.T).div_(rows.shape[1]).add_(1.0)
    return base.square().mul_(base)


def _self_mean(matrix: Tensor) -> float:
    """Mean kernel value over ordered pairs i ≠ j; the matrix is symmetric, half of it suffices."""
    total = 0.0
    blocks = torch.split(matrix, TILE)
    for i, rows in enumerate(blocks):
        own = _kernel(rows, rows)
        total += float(own.sum() - own.diagonal().sum())
        total += 2.0 * sum(float(_kernel(rows, columns).sum()) for columns in blocks[i + 1 :])
    return total / (len(matrix) * (len(matrix) - 1))
