"""How diverse a set of fakes is beside real samples, without reference to known modes.

The Vendi score (Friedman & Dieng 2023, arXiv:2210.02410) is the exponential of the entropy of the
eigenvalues of K/n, K the matrix of similarities: the effective number of different samples, 1 when
all are alike and n when none has anything in common. Here the similarity is the cosine about the
real mean; about the origin, features that share a large mean would all look alike.

The divergence over bins (after NDB, Richardson & Weiss 2018, arXiv:1805.12462) compares how fakes
and real samples spread over k-means cells of the training data.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import torch

from ganbench import UsageError
from ganbench_plugins.scores.kernels.caching import Cached, number, uncached
from ganbench_plugins.scores.kernels.distances import Points, squared_distances
from ganbench_plugins.scores.kernels.products import product
from ganbench_plugins.scores.kernels.validation import centre_of, same_width, sample_matrix

if TYPE_CHECKING:
    from torch import Tensor

AT_CENTRE: Final = 1e-12
"""Relative to the centre's norm: what lies nearer to it has no direction but rounding errors."""


@dataclass(frozen=True, slots=True, eq=False)
class RealDiversity:
    """The real side of the Vendi ratio, computed once per data set and extractor.

    Args:
        centre: (d,) float64, the real mean.
        vendi: the real samples' own score, 1 to n.
        n: number of real samples.
    """

    centre: Tensor
    vendi: float
    n: int


@dataclass(frozen=True, slots=True, eq=False)
class Bins:
    """Cells of the training data with the real samples counted into them.

    Args:
        centres: (K, d) float64.
        shares: (K,) float64, share of the real samples in each cell.
        n: number of real samples counted.
    """

    centres: Tensor
    shares: Tensor
    n: int


def vendi_score(features: Tensor, centre: Tensor) -> float:
    """Effective number of different samples among features (n, d), from 1 to n.

    Args:
        features: (n, d).
        centre: (d,) float64: similarity is the cosine of the angle seen from here. Samples that
            lie at the centre are all alike, and unlike anything else.

    Raises:
        NonFiniteSamples: a feature is not finite.
        ValueError: no sample, or not as many features as the centre has.
    """
    same_width(centre, features)
    matrix = sample_matrix(features, "features", least=1)
    centre = centre.to(matrix)
    offsets = matrix - centre
    lengths = offsets.norm(dim=1, keepdim=True)
    central = lengths <= AT_CENTRE * centre.norm()
    directions = torch.where(
        central, 0.0, offsets / lengths.where(~central, torch.ones_like(lengths))
    )
    unit = torch.cat([directions, central.to(matrix)], dim=1)
    n, d = unit.shape
    gram = (
        product(unit, unit.T) if n < d else product(unit.T, unit)
    )  # the same positive eigenvalues
    weights = torch.linalg.eigvalsh(gram / n).clamp(min=0)
    return min(float(n), max(1.0, float(torch.special.entr(weights).sum().exp())))


def real_diversity(real: Tensor, cached: Cached = uncached) -> RealDiversity:
    """The real side from features (n, d).

    Raises:
        NonFiniteSamples: a feature is not finite.
        ValueError: no sample.
    """
    matrix = sample_matrix(real, "real features", least=1)
    centre = centre_of(matrix)
    (vendi,) = cached("vendi", [real], lambda: number(vendi_score(matrix, centre)))
    return RealDiversity(centre, float(vendi), len(matrix))


def vendi_ratio(real: RealDiversity, fake: Tensor) -> float:
    """Vendi score of fake features (n, d) over that of as many real ones; 1 is the real diversity.

    Positive, at least 1 / real score. Noise raises it above 1: read it beside precision.

    Raises:
        NonFiniteSamples: a feature is not finite.
        ValueError: not exactly as many samples, or features, as the real side has.
    """
    if len(fake) != real.n:
        raise ValueError(
            f"{len(fake)} fakes against {real.n} real samples: the Vendi score grows with the "
            "number of samples, compare equally many"
        )
    return vendi_score(fake, real.centre) / real.vendi


def real_bins(
    train: Tensor, real: Tensor, cached: Cached = uncached, *, bins: int = 100, seed: int = 0
) -> Bins:
    """Cells fitted by k-means to training features (T, d), with real features (N, d) counted in.

    Take for `real` samples that the cells were not fitted to: those fit their own cells too well.

    Raises:
        NonFiniteSamples: a feature is not finite.
        ValueError: fewer training samples than bins, or different numbers of features.
        UsageError: fewer *different* training samples than bins.
    """
    same_width(train, real)
    matrix = sample_matrix(train, "training features", least=bins)
    (centres,) = cached(f"bins/{bins}/{seed}", [train], lambda: (_means(matrix, bins, seed),))
    counted = sample_matrix(real, "real features", least=1)
    return Bins(centres, _shares(counted.to(matrix.device), centres), len(counted))


def bin_divergence(bins: Bins, fake: Tensor) -> float:
    """Jensen-Shannon divergence in nats between the shares of fakes (n, d) and of real samples.

    The expectation under equal laws, (K - 1)/8 (1/N + 1/n), is subtracted: 0 in expectation for a
    perfect generator, hence sometimes negative, and at most ln 2. It asks for several samples
    per cell.

    Raises:
        NonFiniteSamples: a feature is not finite.
        ValueError: no sample, or not as many features as the bins have.
    """
    same_width(bins.centres, fake)
    matrix = sample_matrix(fake, "fake features", least=1)
    found = _shares(matrix, bins.centres.to(matrix.device))
    true = bins.shares.to(matrix.device)
    middle = (found + true) / 2
    entropy = torch.special.entr(torch.stack([middle, found, true])).sum(dim=1)
    divergence = float(entropy[0] - (entropy[1] + entropy[2]) / 2)
    return divergence - (len(found) - 1) / 8 * (1 / bins.n + 1 / len(matrix))


def _means(matrix: Tensor, bins: int, seed: int) -> Tensor:
    """(bins, d) centres that k-means finds."""
    from sklearn.cluster import KMeans  # a second to import, and only this score needs it

    with warnings.catch_warnings():  # of what is refused below
        warnings.filterwarnings("ignore", "Number of distinct clusters")
        fitted = KMeans(bins, n_init=1, random_state=seed).fit(matrix.cpu().numpy())
    filled = len(set(fitted.labels_.tolist()))
    if filled < bins:
        raise UsageError(
            f"{len(matrix)} training samples fill {filled} of {bins} cells: the others are copies",
            f"ask for fewer: ndb[bins={filled}]" if filled > 1 else "leave the score ndb out",
        )
    return torch.from_numpy(fitted.cluster_centers_).to(matrix)


def _shares(matrix: Tensor, centres: Tensor) -> Tensor:
    """(K,) share of the rows that are nearest to each centre."""
    origin = centres.mean(dim=0)
    targets = Points.of(centres - origin)
    counts = torch.zeros(len(centres), dtype=torch.int64, device=matrix.device)
    for _, rows in Points.of(matrix - origin).blocks():
        nearest = squared_distances(rows, targets).argmin(dim=1)
        counts += torch.bincount(nearest, minlength=len(centres))
    return counts.double() / len(matrix)
