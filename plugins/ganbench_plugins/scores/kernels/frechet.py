"""The Fréchet distance between the Gaussians fitted to two sets of features.

Heusel et al. 2017 (arXiv:1706.08500), equation 6, with the distance of Dowson & Landau 1982:

    FD = |mu_r - mu_f|² + tr S_r + tr S_f - 2 tr (S_r S_f)^(1/2)

With a root B of the real covariance, S_r = BᵀB, the last trace is the sum of the singular values of
B S_f^(1/2). Their squares are the eigenvalues of the *symmetric* matrix B S_f Bᵀ, which `eigvalsh`
finds several times faster than a general eigenvalue routine takes on the product S_r S_f, and
without complex or strongly negative values where a covariance is singular.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from ganbench_plugins.scores.kernels.caching import Cached, Tensors, uncached
from ganbench_plugins.scores.kernels.products import product
from ganbench_plugins.scores.kernels.validation import centre_of, same_width, sample_matrix

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True, slots=True, eq=False)
class GaussianStatistics:
    """The real side of the distance, computed once per data set and extractor.

    Args:
        mean: (d,) float64.
        root: (r, d) float64 with S = rootᵀ root, r the numerical rank of S. Its rows are the
            principal axes, each as long as the standard deviation along it.
        eigenvalues: (r,) float64, the positive eigenvalues of S.
        n: number of samples.
    """

    mean: Tensor
    root: Tensor
    eigenvalues: Tensor
    n: int

    @property
    def trace(self) -> float:
        """Total variance, tr S; exactly 0 where the samples are all the same."""
        return float(self.eigenvalues.sum())


def gaussian_statistics(features: Tensor, cached: Cached = uncached) -> GaussianStatistics:
    """Mean and covariance (ddof = 1) of features (n, d), as float64 on their device.

    Raises:
        NonFiniteSamples: a feature is not finite.
        ValueError: fewer than two samples.
    """
    matrix = sample_matrix(features, "real features")
    mean, root, eigenvalues = cached("gaussian", [features], lambda: _principal_axes(matrix))
    return GaussianStatistics(mean, root, eigenvalues, len(matrix))


def _principal_axes(matrix: Tensor) -> Tensors:
    """Mean, root and eigenvalues of the rows' covariance, see `GaussianStatistics`."""
    mean, centred = _centred(matrix)
    n, d = centred.shape
    if n < d:  # the eigenvalues of the small Gram matrix are the non-zero ones of S
        values, vectors = torch.linalg.eigh(product(centred, centred.T))
        rows = product(vectors.T, centred) / math.sqrt(n - 1)
    else:
        values, vectors = torch.linalg.eigh(product(centred.T, centred))
        rows = (values.clamp(min=0) / (n - 1)).sqrt()[:, None] * vectors.T
    kept = values > values[-1] * max(n, d) * torch.finfo(values.dtype).eps
    return mean, rows[kept], values[kept] / (n - 1)


def frechet_distance(real: GaussianStatistics, fake: Tensor) -> float:
    """The Fréchet distance of fake features (n, d) from the real ones, in squared feature units.

    At least 0, and finite for every finite input: constant, collapsed and singular sets included.
    Biased upwards at finite n, see `noise_floor`.

    Raises:
        NonFiniteSamples: a feature is not finite.
        ValueError: fewer than two samples, or not as many features as the real side has.
    """
    same_width(real.root, fake)
    mean, centred = _centred(sample_matrix(fake, "fake features"))
    shift = float((mean - real.mean.to(mean.device)).square().sum())
    freedom = len(centred) - 1
    spread = real.trace + float(torch.linalg.vector_norm(centred)) ** 2 / freedom
    overlap = _nuclear_norm(real.root.to(mean.device), centred) / math.sqrt(freedom)
    return max(0.0, shift + spread - 2.0 * overlap)


def distance_cap(real: GaussianStatistics) -> float:
    """tr S_r: the distance of a generator that returns the real mean and nothing else."""
    return real.trace


def noise_floor(real: GaussianStatistics, n_real: int, n_fake: int) -> float:
    """The expected distance between two samples of one Gaussian, of n_real and n_fake rows.

    From the second-order expansion of the distance about equal covariances with eigenvalues l:

        tr S (1/n + 1/m) + 1/2 (1/(n-1) + 1/(m-1)) [ sum_ij l_i l_j / (l_i + l_j) + 1/2 sum_i l_i ]

    Accurate where both samples are much larger than the number of features. Features that are
    not Gaussian can differ: tables show a measured floor beside it. 0 where nothing varies.

    Raises:
        ValueError: fewer than two samples on a side.
    """
    if min(n_real, n_fake) < 2:
        raise ValueError(f"noise floor of {n_real} against {n_fake} samples: needs 2 on each side")
    values = real.eigenvalues
    pairs = values[:, None] * values / (values[:, None] + values)
    bending = float(pairs.sum()) + 0.5 * real.trace
    means = real.trace * (1 / n_real + 1 / n_fake)
    return means + 0.5 * (1 / (n_real - 1) + 1 / (n_fake - 1)) * bending


def _centred(matrix: Tensor) -> tuple[Tensor, Tensor]:
    """The mean, and the rows about it: their Gram matrix is (n - 1) S."""
    mean = centre_of(matrix)
    return mean, matrix - mean


def _nuclear_norm(root: Tensor, centred: Tensor) -> float:
    """Sum of the singular values of root · centredᵀ, from (r, d) and (n, d)."""
    n, d = centred.shape
    if n >= d:
        squared = product(product(root, product(centred.T, centred)), root.T)
    else:  # never form S_f: the product itself is thin
        thin = product(root, centred.T)
        squared = product(thin.T, thin) if len(root) > n else product(thin, thin.T)
    return float(torch.linalg.eigvalsh(squared).clamp(min=0).sqrt().sum())
