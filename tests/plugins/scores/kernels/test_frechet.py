from __future__ import annotations

import math

import numpy as np
import ot
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from torch import Tensor
from torch_fidelity.metric_fid import fid_features_to_statistics, fid_statistics_to_metric

from ganbench.api.scores import NonFiniteSamples
from ganbench_plugins.scores.kernels.frechet import (
    GaussianStatistics,
    distance_cap,
    frechet_distance,
    gaussian_statistics,
    noise_floor,
)

D = 64


def normal(n: int, d: int = D, seed: int = 0) -> Tensor:
    return torch.randn(n, d, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def torch_fidelity(real: Tensor, fake: Tensor) -> float:
    statistics = [fid_features_to_statistics(features) for features in (real, fake)]
    metric = fid_statistics_to_metric(*statistics, verbose=False)
    return float(metric["frechet_inception_distance"])


def bures(real: Tensor, fake: Tensor) -> float:
    distance = ot.gaussian.bures_wasserstein_distance(
        real.mean(0), fake.mean(0), torch.cov(real.T), torch.cov(fake.T)
    )
    return float(distance) ** 2


FAKES = {
    "other": lambda real: 1.2 * normal(len(real), seed=1) + 0.1,
    "halved": lambda real: 0.5 * real,
    "constant": lambda real: real[:1].expand_as(real),
    "rank one": lambda real: real[:1] + normal(len(real), 1, seed=2) * normal(1, seed=3),
    "one feature constant": lambda real: torch.cat([real[:, 1:], torch.ones(len(real), 1)], dim=1),
}
SPECTRA = {"flat": torch.ones(D), "steep": torch.logspace(0, -8, D)}


@pytest.mark.parametrize("spectrum", SPECTRA)
@pytest.mark.parametrize("n", [300, D, 20])
@pytest.mark.parametrize("kind", FAKES)
def test_agrees_with_torch_fidelity_and_pot(kind: str, n: int, spectrum: str) -> None:
    real = normal(n) * SPECTRA[spectrum].double() + 3
    fake = FAKES[kind](real)
    found = frechet_distance(gaussian_statistics(real), fake)
    assert found == pytest.approx(torch_fidelity(real, fake), rel=1e-6)
    assert found == pytest.approx(bures(real, fake), rel=1e-6)


@pytest.mark.parametrize("n_real", [300, 20])
@pytest.mark.parametrize("n_fake", [301, 21])
def test_agrees_at_unequal_sizes(n_real: int, n_fake: int) -> None:
    real, fake = normal(n_real), 0.8 * normal(n_fake, seed=1) + 0.2
    found = frechet_distance(gaussian_statistics(real), fake)
    assert found == pytest.approx(torch_fidelity(real, fake), rel=1e-6)
    assert found == pytest.approx(bures(real, fake), rel=1e-6)


@pytest.mark.parametrize("n", [300, D, 20])
def test_identical_sets_have_no_distance(n: int) -> None:
    real = normal(n)
    statistics = gaussian_statistics(real)
    assert 0 <= frechet_distance(statistics, real) < 1e-9 * statistics.trace


def test_constant_sets_are_as_far_apart_as_their_points() -> None:
    real, fake = torch.full((9, 4), 0.1), torch.full((7, 4), 2.1)
    assert frechet_distance(gaussian_statistics(real), fake) == pytest.approx(16, rel=1e-6)
    assert frechet_distance(gaussian_statistics(real), real) == 0


def test_a_collapse_onto_the_real_mean_costs_the_cap() -> None:
    real = normal(300) + 5
    statistics = gaussian_statistics(real)
    collapsed = statistics.mean.expand(50, D)
    expected = float(torch.cov(real.T).trace())
    assert distance_cap(statistics) == pytest.approx(expected)
    assert frechet_distance(statistics, collapsed) == pytest.approx(expected)


def test_one_feature_has_a_closed_form() -> None:
    real, fake = normal(50, 1), 3 * normal(40, 1, seed=1) + 2
    means = float(real.mean() - fake.mean())
    deviations = float(real.std() - fake.std())
    found = frechet_distance(gaussian_statistics(real[:, 0]), fake[:, 0].unsqueeze(1))
    assert found == pytest.approx(means**2 + deviations**2)


def test_single_precision_features_lose_nothing() -> None:
    real, fake = normal(300).float() + 100, normal(300, seed=1).float() + 100
    exact = frechet_distance(gaussian_statistics(real.double()), fake.double())
    assert frechet_distance(gaussian_statistics(real), fake) == exact


@pytest.mark.parametrize("n", [300, D, 20])
def test_the_root_is_a_root_of_the_covariance(n: int) -> None:
    real = normal(n) @ normal(D, seed=1)
    statistics = gaussian_statistics(real)
    torch.testing.assert_close(statistics.root.T @ statistics.root, torch.cov(real.T))
    torch.testing.assert_close(statistics.root @ statistics.root.T, statistics.eigenvalues.diag())
    assert len(statistics.root) == min(n - 1, D)
    assert statistics.n == n


finite = st.floats(-1e3, 1e3, allow_nan=False, width=32)
shapes = st.tuples(st.integers(2, 12), st.integers(1, 6))
pairs = shapes.flatmap(
    lambda shape: st.tuples(
        arrays(np.float64, shape, elements=finite), arrays(np.float64, shape, elements=finite)
    )
).map(lambda pair: tuple(torch.from_numpy(each) for each in pair))


def distance(real: Tensor, fake: Tensor) -> float:
    return frechet_distance(gaussian_statistics(real), fake)


def rounding(*sets: Tensor) -> float:
    """Square roots of eigenvalues turn 1e-16 of the scale into 1e-8."""
    return 1e-6 * sum(float(each.square().sum()) for each in sets) + 1e-12


@settings(deadline=None, max_examples=50)
@given(pairs)
def test_non_negative_symmetric_and_zero_on_itself(pair: tuple[Tensor, Tensor]) -> None:
    real, fake = pair
    found = distance(real, fake)
    assert math.isfinite(found)
    assert found >= 0
    assert found == pytest.approx(distance(fake, real), abs=rounding(real, fake))
    assert distance(real, real) <= rounding(real)


@settings(deadline=None, max_examples=50)
@given(pairs, st.integers(0, 99), st.floats(0.01, 100))
def test_invariant_under_rotation_and_quadratic_in_scale(
    pair: tuple[Tensor, Tensor], seed: int, scale: float
) -> None:
    real, fake = pair
    found, tolerance = distance(real, fake), rounding(real, fake)
    rotation = torch.linalg.qr(normal(real.shape[1], real.shape[1], seed=seed)).Q
    assert distance(real @ rotation, fake @ rotation) == pytest.approx(found, abs=tolerance)
    scaled = distance(scale * real, scale * fake)
    assert scaled == pytest.approx(scale**2 * found, abs=scale**2 * tolerance)


def test_extreme_but_finite_features_give_a_number() -> None:
    real, fake = 3e38 * normal(40, 8).clamp(-1, 1).float(), 1e-38 * normal(40, 8).float()
    for one, other in ((real, fake), (fake, real), (real, real)):
        found = distance(one, other)
        assert math.isfinite(found)
        assert found >= 0


@pytest.mark.parametrize(("n_real", "n_fake"), [(400, 400), (900, 250)])
def test_the_noise_floor_is_what_simulation_finds(n_real: int, n_fake: int) -> None:
    scales = torch.linspace(0.2, 2, 6, dtype=torch.float64)
    exact = GaussianStatistics(torch.zeros(6), scales.diag(), scales.square(), n_real)
    found = torch.tensor(
        [
            distance(
                normal(n_real, 6, seed=2 * i) * scales, normal(n_fake, 6, seed=2 * i + 1) * scales
            )
            for i in range(600)
        ]
    )
    error = float(found.std()) / math.sqrt(len(found))
    # Four standard errors, and what the next order of the expansion leaves out.
    margin = 4 * error + 0.02 * float(found.mean())
    assert error < 0.02 * float(found.mean())
    assert noise_floor(exact, n_real, n_fake) == pytest.approx(float(found.mean()), abs=margin)


def test_the_noise_floor_of_one_feature_in_closed_form() -> None:
    # Means differ by N(0, v/n + v/m); a standard deviation has the variance v/2(n-1).
    variance, n, m = 9.0, 50, 80
    values = torch.tensor([variance], dtype=torch.float64)
    one = GaussianStatistics(torch.zeros(1), values.sqrt().diag(), values, n)
    expected = variance * (1 / n + 1 / m) + variance / 2 * (1 / (n - 1) + 1 / (m - 1))
    assert noise_floor(one, n, m) == pytest.approx(expected)


def test_refuses_what_has_no_distance() -> None:
    statistics = gaussian_statistics(normal(20, 3))
    with pytest.raises(ValueError, match=r"real features: 1 samples.* at least 2"):
        gaussian_statistics(normal(1, 3))
    with pytest.raises(ValueError, match=r"fake features: 1 samples"):
        frechet_distance(statistics, normal(1, 3))
    with pytest.raises(ValueError, match=r"3 real features against 4 fake ones"):
        frechet_distance(statistics, normal(20, 4))
    with pytest.raises(ValueError, match=r"needs 2 on each side"):
        noise_floor(statistics, 1, 10)


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf, 1e41])
def test_refuses_what_is_not_finite(bad: float) -> None:
    broken = normal(20, 3)
    broken[4, 1] = bad
    with pytest.raises(NonFiniteSamples, match=r"fake features: 1 of 20 samples"):
        frechet_distance(gaussian_statistics(normal(20, 3)), broken)
    with pytest.raises(NonFiniteSamples, match=r"real features: 1 of 20 samples"):
        gaussian_statistics(broken)
