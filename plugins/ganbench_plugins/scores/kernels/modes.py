"""Which modes of a distribution with known modes the samples reach, and how evenly.

The protocol of VEEGAN (Srivastava et al. 2017, arXiv:1705.07761) and PacGAN (Lin et al. 2018,
arXiv:1712.04086): a sample is of high quality within three standard deviations of its nearest
mode; a mode is found when it has a high-quality sample. The shares p of the K modes among the
high-quality samples are held against the true ones by the reverse divergence sum p ln(p / q) and by
the total variation 1/2 sum |p - q|.

The panel on known modes is for mixtures with equal weights, so q = 1/K there. Data with labels use
their classes as modes.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import torch
from scipy.special import gammainc, gammaincinv

from ganbench_plugins.scores.kernels.validation import same_width, sample_matrix

if TYPE_CHECKING:
    from torch import Tensor

QUALITY_RADIUS: Final = 3.0
"""How many standard deviations from its mode a sample of high quality may lie in the plane."""

FAIR_SHARE: Final = 0.1
"""The part of a mode's expected samples that makes it count in `modes10`."""


def known_modes(samples: Tensor, centres: Tensor, sigma: float) -> dict[str, float]:
    """The panel on a mixture of K equally likely isotropic Gaussians.

    Args:
        samples: (n, d) points of a generator, n >= 1.
        centres: (K, d), K >= 1.
        sigma: standard deviation of every mode, in the unit of the samples.

    Returns:
        ``modes``: modes with at least one high-quality sample, 0 to K.
        ``modes10``: modes with at least a tenth of their fair share n/K of samples, 0 to K.
        ``high_quality``: share of samples within `quality_radius` sigma of a mode, in [0, 1].
        ``reverse_kl``: 0 to ln K nats; ln K where no sample is of high quality.
        ``tv``: 0 to 1 - 1/K; 1 - 1/K where no sample is of high quality.

    Raises:
        NonFiniteSamples: a coordinate is not finite.
        ValueError: no sample, no mode, sigma <= 0, or dimensions that disagree.
    """
    if not sigma > 0:
        raise ValueError(f"sigma of the modes must be positive, not {sigma}")
    same_width(centres, samples)
    points = sample_matrix(samples, "samples", least=1)
    targets = sample_matrix(centres, "centres of the modes", least=1).to(points.device)
    counts = torch.zeros(len(targets), dtype=torch.int64, device=points.device)
    radius = quality_radius(targets.shape[1])
    for block in torch.split(points, _rows_at_once(len(targets))):
        # Differences, not products: a sigma can be 1e-4 of the centres' size or less.
        distances, nearest = torch.cdist(
            block, targets, compute_mode="donot_use_mm_for_euclid_dist"
        ).min(dim=1)
        good = nearest[distances < radius * sigma]
        counts += torch.bincount(good, minlength=len(targets))
    even = torch.full((len(targets),), 1 / len(targets), dtype=torch.float64)
    return _panel(counts.cpu(), even, len(points))


def class_modes(labels: Tensor, shares: Tensor) -> dict[str, float]:
    """The same panel where the modes are the classes of labelled data.

    Args:
        labels: (n,) integer class of each fake, as a frozen classifier sees it, n >= 1.
        shares: (K,) positive: how often each class occurs in the real data, as counts or shares.

    Returns:
        As `known_modes`; ``high_quality`` is 1, since every sample is given a class.

    Raises:
        ValueError: no label, a label outside 0 .. K-1, or a class that the real data lack.
    """
    real = shares.detach().double().cpu()
    if not bool((real > 0).all()) or not bool(real.isfinite().all()):
        raise ValueError("every class needs real samples: drop the empty classes from `shares`")
    if labels.numel() == 0 or int(labels.min()) < 0 or int(labels.max()) >= len(real):
        raise ValueError(f"labels must be one or more integers from 0 to {len(real) - 1}")
    counts = torch.bincount(labels.detach().flatten().cpu(), minlength=len(real))
    return _panel(counts, real / real.sum(), labels.numel())


def high_quality_floor(dimensions: int = 2) -> float:
    """The high-quality share of a perfect generator: P(|z| < r) of a standard normal vector z, r
    the `quality_radius`.

    1 - exp(-9/2) = 0.98889 in the plane, and in more dimensions.
    """
    return float(gammainc(dimensions / 2, quality_radius(dimensions) ** 2 / 2))


def quality_radius(dimensions: int) -> float:
    """How many standard deviations from its mode a sample of high quality may lie.

    Three on the line and in the plane, as in the literature. Lengths of normal vectors grow with
    the dimension, and in 1,200 of them no sample lies within three sigma, or ten, of anything:
    there the ball is the one that holds as many samples as three sigma do in the plane.
    """
    if dimensions <= 2:
        return QUALITY_RADIUS
    return math.sqrt(2 * gammaincinv(dimensions / 2, -math.expm1(-(QUALITY_RADIUS**2) / 2)))


def reverse_kl_floor(modes: int, samples: int) -> float:
    """The expected divergence of a perfect generator's histogram, (K - 1) / 2n nats.

    Args:
        modes: K.
        samples: n, the number of high-quality samples; well above K.
    """
    return (modes - 1) / (2 * samples)


def tv_floor(modes: int, samples: int) -> float:
    """The expected total variation of a perfect generator's histogram, sqrt((K - 1) / 2 pi n).

    The mean absolute deviation of K normal shares with variance (1 - 1/K) / K n; n well above K.
    """
    return math.sqrt((modes - 1) / (2 * math.pi * samples))


def histogram_floors(shares: Tensor, n_fake: int, n_real: float) -> tuple[float, float]:
    """The expected reverse divergence and total variation between two samples of one histogram.

    (K - 1)/2 (1/n + 1/N) nats, and 1/2 sum_k sqrt(2/pi p_k (1 - p_k) (1/n + 1/N)): the normal
    approximation, for counts well above K.

    Args:
        shares: (K,) true shares p.
        n_fake, n_real: the sizes n and N of the samples; N infinite where the shares are exact.
    """
    noise = 1 / n_fake + 1 / n_real
    deviations = (2 / math.pi * shares * (1 - shares) * noise).sqrt()
    return (len(shares) - 1) / 2 * noise, 0.5 * float(deviations.sum())


def ring_centres(modes: int = 8, radius: float = 1.0) -> Tensor:
    """(K, 2) float64 centres at the angles 2 pi k / K, k = 0 ... K-1: all different."""
    angles = torch.arange(modes, dtype=torch.float64) * (2 * math.pi / modes)
    return radius * torch.stack([angles.cos(), angles.sin()], dim=1)


def grid_centres(side: int = 5, spacing: float = 2.0) -> Tensor:
    """(side², 2) float64 centres of a square grid about the origin."""
    axis = spacing * (torch.arange(side, dtype=torch.float64) - (side - 1) / 2)
    return torch.cartesian_prod(axis, axis)


def _panel(counts: Tensor, shares: Tensor, n: int) -> dict[str, float]:
    """The panel from the high-quality samples of each mode (K,), its true share (K,), and n."""
    kept = int(counts.sum())
    if kept == 0:  # as far from the truth as one mode alone, the rarest, would be
        rarest = float(shares.min())
        divergence, variation = -math.log(rarest), 1 - rarest
    else:
        found = counts.double() / kept
        divergence = float(torch.xlogy(found, found / shares).sum())
        variation = 0.5 * float((found - shares).abs().sum())
    return {
        "modes": float((counts > 0).sum()),
        "modes10": float(((counts > 0) & (counts >= FAIR_SHARE * n * shares)).sum()),
        "high_quality": kept / n,
        "reverse_kl": max(0.0, divergence),
        "tv": variation,
    }


def _rows_at_once(modes: int) -> int:
    """Rows whose distances to all modes fit into 32 MiB."""
    return max(1, 2**22 // modes)
