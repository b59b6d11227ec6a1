"""The closed forms against the game itself, played step by step."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ganbench_plugins.dirac.closed_form import (
    NON_SATURATING_SLOPE,
    WASSERSTEIN_SLOPE,
    critical_penalty,
    largest_modulus,
    spectral_radius,
    step_matrix,
    wasserstein_growth,
)


def sigmoid(t: float) -> float:
    return 1 / (1 + math.exp(-t))


def play(
    theta: float,
    psi: float,
    step: float,
    penalty: float,
    wasserstein: bool,
    alternating: bool = False,
) -> tuple[float, float]:
    """One gradient step of a Dirac-GAN, from the losses' own derivatives.

    Non-saturating: G ascends ln sigmoid(psi theta), D ascends ln sigmoid(0) + ln sigmoid(-psi
    theta) and pays (penalty / 2) psi². Alternating: G sees the psi that D has just stepped to.
    """
    away_from_fake = 1.0 if wasserstein else sigmoid(psi * theta)
    psi_next = psi + step * (-away_from_fake * theta - penalty * psi)
    seen = psi_next if alternating else psi
    toward_real = 1.0 if wasserstein else sigmoid(-seen * theta)
    return theta + step * toward_real * seen, psi_next


def growth(steps: int, **game: Any) -> float:
    """Factor per step from near the equilibrium; what is transient is left out."""
    theta, psi = 1e-6, 5e-7
    for step in range(2 * steps):
        if step == steps:
            start = math.hypot(theta, psi)
        theta, psi = play(theta, psi, **game)
    return (math.hypot(theta, psi) / start) ** (1 / steps)


def test_wasserstein_grows_by_exactly_one_plus_h_squared() -> None:
    step, theta, psi = 0.1, 0.7, -0.3
    for _ in range(50):
        before = theta**2 + psi**2
        theta, psi = play(theta, psi, step, 0.0, wasserstein=True)
        assert (theta**2 + psi**2) / before == pytest.approx(wasserstein_growth(step), rel=1e-12)
    assert spectral_radius(step, WASSERSTEIN_SLOPE) ** 2 == pytest.approx(wasserstein_growth(step))


@pytest.mark.parametrize("alternating", [False, True])
@pytest.mark.parametrize("wasserstein", [False, True])
@pytest.mark.parametrize(("step", "penalty"), [(0.1, 0.3), (0.1, 0.0), (0.05, 3.0), (0.2, 1.0)])
def test_a_game_contracts_as_its_spectral_radius_says(
    step: float, penalty: float, wasserstein: bool, alternating: bool
) -> None:
    # G's gradient pulls theta along +psi: the matrix has the opposite orientation, equal spectrum.
    slope = WASSERSTEIN_SLOPE if wasserstein else NON_SATURATING_SLOPE
    rate = growth(
        1000, step=step, penalty=penalty, wasserstein=wasserstein, alternating=alternating
    )
    radius = spectral_radius(step, slope, penalty, alternating=alternating)
    # At the critical penalty the distance shrinks as n r^n: ln 2 / 1000 is left at this length.
    assert rate == pytest.approx(radius, abs=0.001)
    assert (rate < 0.999) == (penalty > 0)


@pytest.mark.parametrize("alternating", [False, True])
@pytest.mark.parametrize("wasserstein", [False, True])
def test_one_step_near_the_equilibrium_is_the_matrix(wasserstein: bool, alternating: bool) -> None:
    """With psi's sign turned: the paper's D is high on fakes."""
    slope = WASSERSTEIN_SLOPE if wasserstein else NON_SATURATING_SLOPE
    matrix = np.array(step_matrix(0.1, slope, 0.3, alternating=alternating))
    for theta, psi in ((1e-5, 0.0), (0.0, 1e-5), (1e-5, -2e-5)):
        expected = matrix @ (theta, -psi)
        played = play(theta, psi, 0.1, 0.3, wasserstein, alternating)
        assert (played[0], -played[1]) == pytest.approx(tuple(expected), abs=1e-14)


@given(
    step=st.floats(1e-3, 1.0),
    slope=st.floats(0.1, 1.9),
    penalty=st.floats(0.0, 5.0),
)
def test_alternating_updates_keep_the_area_but_for_the_penalty(
    step: float, slope: float, penalty: float
) -> None:
    matrix = np.array(step_matrix(step, slope, penalty, alternating=True))
    assert np.linalg.det(matrix) == pytest.approx(1 - step * penalty, abs=1e-9)
    assert spectral_radius(step, slope, alternating=True) == pytest.approx(1, abs=1e-12)
    if penalty < critical_penalty(slope, step):
        assert spectral_radius(step, slope, penalty, alternating=True) == pytest.approx(
            math.sqrt(1 - step * penalty)
        )


def test_alternating_updates_leave_the_orbit_with_too_large_steps() -> None:
    assert spectral_radius(2.1, WASSERSTEIN_SLOPE, alternating=True) > 1.5


@pytest.mark.parametrize("penalty", [0.0, 0.3, 1.0, 3.0])
@pytest.mark.parametrize("slope", [NON_SATURATING_SLOPE, WASSERSTEIN_SLOPE])
@pytest.mark.parametrize("alternating", [False, True])
def test_the_radius_is_that_of_the_matrix(slope: float, penalty: float, alternating: bool) -> None:
    matrix = step_matrix(0.1, slope, penalty, alternating=alternating)
    radius = spectral_radius(0.1, slope, penalty, alternating=alternating)
    assert radius == pytest.approx(np.abs(np.linalg.eigvals(np.array(matrix))).max(), rel=1e-6)


@given(entries=st.tuples(*[st.floats(-3, 3)] * 4))
def test_the_largest_modulus_of_any_matrix(entries: tuple[float, float, float, float]) -> None:
    a, b, c, d = entries
    eigenvalues = np.linalg.eigvals(np.array([[a, b], [c, d]]))
    assert largest_modulus(((a, b), (c, d))) == pytest.approx(np.abs(eigenvalues).max(), abs=1e-6)


def test_published_values() -> None:
    assert spectral_radius(0.1, NON_SATURATING_SLOPE, 0.3) == pytest.approx(0.98615, abs=5e-6)
    assert critical_penalty(NON_SATURATING_SLOPE) == 1


@pytest.mark.parametrize("alternating", [False, True])
@pytest.mark.parametrize("slope", [NON_SATURATING_SLOPE, WASSERSTEIN_SLOPE])
def test_the_critical_penalty_ends_the_rotation(slope: float, alternating: bool) -> None:
    critical = critical_penalty(slope, 0.1 if alternating else 0.0)
    for penalty, rotates in ((0.99 * critical, True), (1.01 * critical, False)):
        matrix = np.array(step_matrix(0.1, slope, penalty, alternating=alternating))
        eigenvalues = np.linalg.eigvals(matrix)
        assert bool(np.iscomplex(eigenvalues).any()) is rotates
