"""The Gaussian against its law, and the closed form against what the Fréchet kernel computes."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from ganbench_plugins.datasets.gaussian import describe, distance_to_law, law, load
from ganbench_plugins.scores.kernels.frechet import (
    frechet_distance,
    gaussian_statistics,
    noise_floor,
)


@pytest.mark.parametrize("d", [1, 2, 5, 64])
def test_samples_follow_the_law(d: int) -> None:
    data = load(d=d)
    assert data.info == describe(d=d).info
    mean, covariance = law(d)
    points = data.train.double().numpy()
    error = np.sqrt(np.outer(np.diag(covariance), np.diag(covariance)) / len(points))
    assert (np.abs(points.mean(axis=0) - mean) < 5 * np.sqrt(np.diag(covariance) / 5e4)).all()
    found = np.cov(points.T).reshape(d, d)
    assert (np.abs(found - covariance) < 6 * np.sqrt(2) * error).all()


@given(st.integers(2, 40))
def test_the_law_has_the_spectrum_that_it_claims_on_axes_of_its_own(d: int) -> None:
    _, covariance = law(d)
    np.testing.assert_allclose(covariance, covariance.T, atol=1e-15)
    deviations = np.sqrt(np.linalg.eigvalsh(covariance)[::-1])
    np.testing.assert_allclose(deviations, np.geomspace(1, 0.1, d), rtol=1e-9)
    assert np.abs(covariance - np.diag(np.diag(covariance))).max() > 0.01


@given(st.integers(1, 20), st.floats(0, 3), st.floats(-2, 2))
def test_scaled_and_moved_copies_are_at_a_known_distance(d: int, scale: float, far: float) -> None:
    """The optimal map of a scaled copy scales: (scale - 1)² tr C, and d far² for the way."""
    mean, covariance = law(d)
    exact = (scale - 1) ** 2 * np.trace(covariance) + d * far**2
    assert distance_to_law(mean + far, scale**2 * covariance) == pytest.approx(exact, abs=1e-6)


@pytest.mark.parametrize("d", [2, 16])
def test_the_frechet_score_of_another_gaussian_is_the_closed_form(d: int) -> None:
    """One without correlations: same variances, other axes."""
    mean, covariance = law(d)
    alone = np.diag(np.diag(covariance))
    exact = distance_to_law(mean, alone)
    assert exact > 0.01
    rng = np.random.RandomState(0)
    fakes = torch.from_numpy(mean + rng.standard_normal((50_000, d)) @ np.sqrt(alone))
    real = gaussian_statistics(load(d=d).train.double())
    floor = noise_floor(real, 50_000, 50_000)
    assert frechet_distance(real, fakes) == pytest.approx(exact + floor, rel=0.03)


def test_the_bits_are_the_same_every_time() -> None:
    assert torch.equal(load(d=3).train, load(d=3).train)
    assert not torch.equal(load(d=3).train[:100], load(d=3).heldout[:100])
