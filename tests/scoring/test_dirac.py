"""The closed forms against the game itself, played step by step."""

from __future__ import annotations

import math

import numpy as np
import pytest

from ganbench.scoring.dirac import (
    NON_SATURATING_SLOPE,
    WASSERSTEIN_SLOPE,
    critical_penalty,
    spectral_radius,
    step_matrix,
    wasserstein_growth,
)


def sigmoid(t: float) -> float:
    return 1 / (1 + math.exp(-t))


def play(theta: float, psi: float, step: float, penalty: float, wasserstein: bool):
    """One simultaneous gradient step of a Dirac-GAN, from the losses' own derivatives.

    Non-saturating: G ascends ln sigmoid(psi theta), D ascends ln sigmoid(0) + ln sigmoid(-psi
    theta) and pays (penalty / 2) psi².
    """
    toward_real = 1.0 if wasserstein else sigmoid(-psi * theta)
    away_from_fake = 1.0 if wasserstein else sigmoid(psi * theta)
    theta_next = theta + step * toward_real * psi
    psi_next = psi + step * (-away_from_fake * theta - penalty * psi)
    return theta_next, psi_next


def test_wasserstein_grows_by_exactly_one_plus_h_squared() -> None:
    step, theta, psi = 0.1, 0.7, -0.3
    for _ in range(50):
        before = theta**2 + psi**2
        theta, psi = play(theta, psi, step, 0.0, wasserstein=True)
        assert (theta**2 + psi**2) / before == pytest.approx(wasserstein_growth(step), rel=1e-12)
    assert spectral_radius(step, WASSERSTEIN_SLOPE) ** 2 == pytest.approx(wasserstein_growth(step))


@pytest.mark.parametrize(("step", "penalty"), [(0.1, 0.3), (0.1, 0.0), (0.05, 2.0), (0.2, 1.0)])
def test_non_saturating_contracts_as_its_spectral_radius_says(step: float, penalty: float) -> None:
    # G's gradient pulls theta along +psi: the matrix has the opposite orientation, equal spectrum.
    theta, psi = 1e-6, 5e-7
    start, steps = math.hypot(theta, psi), 2000
    for _ in range(steps):
        theta, psi = play(theta, psi, step, penalty, wasserstein=False)
    rate = (math.hypot(theta, psi) / start) ** (1 / steps)
    radius = spectral_radius(step, NON_SATURATING_SLOPE, penalty)
    assert rate == pytest.approx(radius, abs=0.005)
    assert (rate < 1) == (penalty > 0)


@pytest.mark.parametrize("penalty", [0.0, 0.3, 1.0, 3.0])
@pytest.mark.parametrize("slope", [NON_SATURATING_SLOPE, WASSERSTEIN_SLOPE])
def test_the_radius_is_that_of_the_matrix(slope: float, penalty: float) -> None:
    eigenvalues = np.linalg.eigvals(np.array(step_matrix(0.1, slope, penalty)))
    assert spectral_radius(0.1, slope, penalty) == pytest.approx(np.abs(eigenvalues).max())


def test_published_values() -> None:
    assert spectral_radius(0.1, NON_SATURATING_SLOPE, 0.3) == pytest.approx(0.98615, abs=5e-6)
    assert critical_penalty(NON_SATURATING_SLOPE) == 1


@pytest.mark.parametrize("slope", [NON_SATURATING_SLOPE, WASSERSTEIN_SLOPE])
def test_the_critical_penalty_ends_the_rotation(slope: float) -> None:
    critical = critical_penalty(slope)
    for penalty, rotates in ((0.99 * critical, True), (1.01 * critical, False)):
        eigenvalues = np.linalg.eigvals(np.array(step_matrix(0.1, slope, penalty)))
        assert bool(np.iscomplex(eigenvalues).any()) is rotates
