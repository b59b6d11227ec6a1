"""The scores against the packages they are held to, in one process and on one core.

Ratios of processor time (`race.py`), so that neither a busy machine nor its number of cores moves
them much, held against those that are kept (`kept.py`). The real side is cached wherever the
reference can cache it too.
"""

from __future__ import annotations

import pytest
import torch
from prdc import compute_prdc
from torch import Tensor
from torch_fidelity.metric_fid import fid_features_to_statistics, fid_statistics_to_metric

from ganbench_plugins.scores.kernels.frechet import frechet_distance, gaussian_statistics
from ganbench_plugins.scores.kernels.neighbours import (
    K_COVERAGE,
    neighbour_scores,
    real_neighbours,
)

from ..plugins.scores.kernels.ties import ties
from .kept import Ratios
from .race import race

pytestmark = [pytest.mark.perf, pytest.mark.usefixtures("one_thread")]

D = 2048


def features(n: int, seed: int) -> Tensor:
    """Non-negative and correlated, with a falling spectrum, as an Inception layer's are."""
    generator = torch.Generator().manual_seed(seed)
    mixing = torch.randn(D, D, generator=torch.Generator().manual_seed(99))
    mixing *= torch.logspace(0, -2, D)[:, None]
    return (torch.randn(n, D, generator=generator) @ mixing / 5).abs()


@pytest.mark.parametrize("n", [10_000, 1_000])
def test_frechet_distance_against_torch_fidelity(benchmark, ratios: Ratios, n: int) -> None:
    real, fake = features(10_000, 0), features(n, 1)
    ours, reference = gaussian_statistics(real), fid_features_to_statistics(real)

    def torch_fidelity() -> float:
        metric = fid_statistics_to_metric(reference, fid_features_to_statistics(fake), False)
        return metric["frechet_inception_distance"]

    # Its mean is in single precision and its eigenvalues are of a non-symmetric product.
    assert frechet_distance(ours, fake) == pytest.approx(torch_fidelity(), rel=1e-3)
    ratio = race(benchmark, lambda: frechet_distance(ours, fake), torch_fidelity, 3)
    ratios.compare(f"Fréchet distance of {n:,} fakes against torch-fidelity", ratio)


@pytest.mark.parametrize("side_of", ["real side cached", "both sides"])
def test_neighbour_scores_against_prdc(benchmark, ratios: Ratios, side_of: str) -> None:
    """As fast as is kept, and the same but for ties."""
    n = 10_000
    real, fake = features(n, 0), 0.98 * features(n, 1)
    side = real_neighbours(real)

    def ours() -> object:
        return neighbour_scores(side if side_of != "both sides" else real_neighbours(real), fake)

    expected = {}

    def prdc() -> None:  # one k alone; the two that the papers ask for would take it twice as long
        expected.update(compute_prdc(real.numpy(), fake.numpy(), nearest_k=K_COVERAGE))

    ratio = race(benchmark, ours, prdc, 2)
    scores, tied = neighbour_scores(side, fake), ties(real, fake, K_COVERAGE)
    held, covered = scores.density * K_COVERAGE * n, scores.coverage * n
    print(f"ties: {tied.pairs} of {held:,.0f} pairs, {tied.balls} of {covered:,.0f} balls")
    assert abs(held - expected["density"] * K_COVERAGE * n) <= tied.pairs + 1e-6
    assert abs(covered - expected["coverage"] * n) <= tied.balls + 1e-6
    assert tied.pairs < 1e-4 * held  # else the agreement would say little
    ratios.compare(f"precision, recall, density, coverage against prdc, {side_of}", ratio)
