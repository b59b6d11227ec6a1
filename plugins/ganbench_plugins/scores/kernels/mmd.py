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
from ganbench_plugins.scores.kernels.validation import same_width, sample_matrix

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
