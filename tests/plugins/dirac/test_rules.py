"""Rules of play: whole runs of the trainer, in double precision, against their closed forms.

What a rule does to the game is fitted to the run's own orbit: the linear map from the last states
to the next one. Its spectral radius is the growth in the long run, whatever the run began with.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from ganbench.training.loop import Eager
from ganbench_plugins.dirac import rules
from ganbench_plugins.dirac.closed_form import NON_SATURATING_SLOPE, WASSERSTEIN_SLOPE
from ganbench_plugins.dirac.closed_form import spectral_radius as plain
from ganbench_plugins.dirac.game import load

from ...proof.proofs import catalogue_with, trainer_of

STEP = 0.1
NEAR = 1e-9
"""So near the equilibrium the logarithm of the sigmoid is straight to double precision."""

SLOPES = {"non-saturating": NON_SATURATING_SLOPE, "wasserstein": WASSERSTEIN_SLOPE}
ALTERNATING = "[model.updates=alternating]"

RULES = {
    "": lambda s: rules.simultaneous(STEP * s),
    ALTERNATING: lambda s: 1.0,
    "+extragradient": lambda s: rules.extragradient(STEP * s),
    "+ogda": lambda s: rules.optimistic(STEP * s),
    "+consensus:1": lambda s: rules.consensus(STEP, s, 1.0),
    "+consensus:10": lambda s: rules.consensus(STEP, s, 10.0),
    f"+momentum:-0.5{ALTERNATING}": lambda s: rules.momentum(STEP * s, -0.5),
    "+lookahead:5": lambda s: rules.lookahead(STEP * s, 5),
    f"+lookahead:5{ALTERNATING}": lambda s: rules.lookahead(STEP * s, 5, alternating=True),
    "+lookahead:50": lambda s: rules.lookahead(STEP * s, 50),
    f"+lookahead:50{ALTERNATING}": lambda s: rules.lookahead(STEP * s, 50, alternating=True),
    "+r1:0.3": lambda s: plain(STEP, s, 0.3),
    "+r2:0.3": lambda s: plain(STEP, s, 0.3),
    "+js:0.4": lambda s: plain(STEP, s, 0.2),
    "+ttur:4": lambda s: rules.two_time_scales(STEP * s, 4.0),
    "+unrolled:1": lambda s: rules.unrolled(STEP * s, 1),
    "+unrolled:5": lambda s: rules.unrolled(STEP * s, 5),
    f"+r1:0.3+r2:0.5{ALTERNATING}": lambda s: plain(STEP, s, 0.8, alternating=True),
}
"""Rule -> its closed form, of a loss's slope."""

PUBLISHED = {
    "": (1.00125, 1.00499),
    "+extragradient": (0.998752, 0.995038),
    "+ogda": (0.998746, 0.994936),
    "+consensus:1": (0.976281, 0.905539),
    "+consensus:10": (0.751665, 0.1),
    f"+momentum:-0.5{ALTERNATING}": (0.999630, 0.998518),
    "+lookahead:5": (0.999062, 0.996237),
    f"+lookahead:5{ALTERNATING}": (0.998434, 0.993698),
    "+lookahead:50": (0.977947, 0.998172),
    f"+lookahead:50{ALTERNATING}": (0.977173, 0.995591),
}
"""Rule -> radius for slope 1/2 and 1, computed apart from this code."""


@pytest.fixture
def double_precision() -> Iterator[None]:
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(before)


def orbit(variant: str, steps: int) -> NDArray[np.float64]:
    """(steps + 1, 2): theta and psi of a run, as the trainer plays it."""
    trainer = trainer_of(variant, load(), catalogue_with())
    players = (trainer.networks.generator, trainer.networks.discriminator)
    both = [next(w for w in player.parameters() if w.requires_grad) for player in players]
    with torch.no_grad():
        both[0].fill_(0.3 * NEAR)
        both[1].fill_(-0.4 * NEAR)
    assert {weight.dtype for weight in both} == {torch.float64}
    engine, states = Eager(trainer), [[weight.item() for weight in both]]
    for number in range(steps):
        engine.step(number, number / steps)
        states.append([weight.item() for weight in both])
    return np.array(states)


def fitted_radius(states: NDArray[np.float64], lags: int) -> float:
    """Of the map from `lags` states to the next one, which all of a run's states agree on."""
    windows = np.hstack([states[lag : len(states) - lags + lag + 1] for lag in range(lags)])
    sizes = np.linalg.norm(windows[:-1], axis=1, keepdims=True)
    before, after = windows[:-1] / sizes, windows[1:] / sizes
    matrix, _, rank, _ = np.linalg.lstsq(before, after, rcond=None)
    assert rank == 2 * lags
    assert np.abs(before @ matrix - after).max() < 1e-12
    return float(np.abs(np.linalg.eigvals(matrix)).max())


def measured_radius(rule: str, loss: str) -> float:
    variant = f"dirac+{loss}{rule}".removesuffix("]")
    variant += f"{',' if '[' in variant else '['}model.step={STEP}]"
    if "lookahead" in rule:  # linear from one of slow weights to the next
        k = 50 if "50" in rule else 5
        return fitted_radius(orbit(variant, 12 * k)[::k], lags=1) ** (1 / k)
    lags = 2 if "ogda" in rule or "momentum" in rule else 1  # what is remembered is of one step
    return fitted_radius(orbit(variant, 12 if "consensus" in rule else 200), lags)


@pytest.mark.parametrize("loss", SLOPES)
@pytest.mark.parametrize("rule", RULES)
@pytest.mark.usefixtures("double_precision")
def test_a_run_grows_as_its_closed_form_says(rule: str, loss: str) -> None:
    """To ten digits."""
    radius = RULES[rule](SLOPES[loss])
    assert measured_radius(rule, loss) == pytest.approx(radius, rel=1e-10)


@pytest.mark.parametrize("rule", PUBLISHED)
def test_the_closed_forms_have_the_numbers_that_others_computed(rule: str) -> None:
    for slope, radius in zip((0.5, 1.0), PUBLISHED[rule], strict=True):
        assert RULES[rule](slope) == pytest.approx(radius, abs=6e-6 if rule == "" else 6e-7)


# The closed forms by themselves.

turns = st.floats(1e-3, 0.9)


@given(turn=turns)
def test_extragradient_and_optimistic_steps_agree_to_the_third_order(turn: float) -> None:
    assert rules.extragradient(turn) < 1 < rules.simultaneous(turn)
    small = turn / 10
    assert abs(rules.extragradient(small) - rules.optimistic(small)) <= 2 * small**4


@given(turn=turns, beta=st.floats(-0.9, 0.9))
def test_momentum_is_the_largest_eigenvalue_of_a_step(turn: float, beta: float) -> None:
    first, second = np.eye(4), np.eye(4)  # theta, psi, and their velocities
    first[3], first[1] = [1.0, 0, 0, beta], [-turn, 1.0, 0, -turn * beta]
    second[2], second[0] = [0, -1.0, beta, 0], [1.0, turn, -turn * beta, 0]
    exact = np.abs(np.linalg.eigvals(second @ first)).max()
    assert rules.momentum(turn, beta) == pytest.approx(exact, abs=1e-6)


def test_the_sign_of_momentum_decides() -> None:
    assert rules.momentum(STEP, -0.5) < 1 < rules.momentum(STEP, 0.5)
    assert rules.momentum(STEP, 0.0) == pytest.approx(1, abs=1e-7)  # a root of multiplicity two


@given(turn=turns, k=st.integers(1, 60), alternating=st.booleans())
def test_lookahead_is_the_largest_eigenvalue_of_its_period(
    turn: float, k: int, alternating: bool
) -> None:
    fast = np.array([[1.0, turn], [-turn, 1.0]])
    if alternating:
        fast = np.array([[1.0, turn], [0.0, 1.0]]) @ np.array([[1.0, 0.0], [-turn, 1.0]])
    period = (np.eye(2) + np.linalg.matrix_power(fast, k)) / 2
    exact = np.abs(np.linalg.eigvals(period)).max() ** (1 / k)
    assert rules.lookahead(turn, k, alternating=alternating) == pytest.approx(exact, rel=1e-6)


@given(turn=turns, k=st.integers(0, 20))
def test_unrolling_is_the_largest_eigenvalue_of_a_step(turn: float, k: int) -> None:
    matrix = np.array([[1 - 2 * k * turn**2, turn], [-turn, 1.0]])  # of theta and psi
    exact = np.abs(np.linalg.eigvals(matrix)).max()
    assert rules.unrolled(turn, k) == pytest.approx(exact, abs=1e-6)
    assert rules.unrolled(turn, 0) == pytest.approx(rules.simultaneous(turn))


@given(turn=turns, ratio=st.floats(0.1, 10))
def test_no_ratio_of_rates_helps_plain_steps(turn: float, ratio: float) -> None:
    matrix = np.array([[1.0, turn], [-ratio * turn, 1.0]])
    exact = np.abs(np.linalg.eigvals(matrix)).max()
    assert rules.two_time_scales(turn, ratio) == pytest.approx(exact, rel=1e-9)
    assert rules.two_time_scales(turn, ratio) > 1


def test_more_lookahead_is_not_better() -> None:
    radii = [rules.lookahead(1.0 * STEP, k) for k in (1, 5, 32, 50, 62)]
    assert min(radii) == radii[2]
    assert radii[0] > 1 < radii[4]
    assert math.isclose(radii[0], abs(1 - 0.5j * STEP))


@given(step=st.floats(0.01, 1), slope=st.floats(0.1, 1))
def test_consensus_without_a_weight_is_plain_descent(step: float, slope: float) -> None:
    assert rules.consensus(step, slope, 0.0) == pytest.approx(rules.simultaneous(step * slope))
