"""Learners trained on one table and asked about another, and trees that tell two tables apart."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from ganbench import Categorical, Numeric
from ganbench_plugins.scores.kernels.learners import efficacy, two_sample_auc

SCHEMA = (
    Numeric(name="x", low=-9, high=9),
    Numeric(name="y", low=-9, high=9),
    Categorical(name="side", categories=("left", "right")),
)


def law(count: int, seed: int, flip: float = 0.0) -> NDArray[np.float64]:
    """x and y are normal; the side is that of x + y, but for a share `flip`."""
    random = np.random.RandomState(seed)
    x, y = random.normal(size=(2, count))
    side = (x + y > 0) ^ (random.random_sample(count) < flip)
    return np.stack([x, y, side], axis=1).astype(np.float64)


def worth(learnt: NDArray[np.float64], target: int = 2, **own: int) -> tuple[float, float]:
    sizes = {"rows": len(learnt) // 2, "draws": 6, **own}
    found = efficacy(learnt, law(2_000, 99), SCHEMA, target, **sizes)
    return found.mean, found.spread


def test_who_learns_the_law_knows_it() -> None:
    mean, spread = worth(law(1_000, 1))
    assert mean > 0.95
    assert 0 < spread < 0.03


def test_noise_in_the_target_costs_and_shuffling_costs_all() -> None:
    shuffled = law(1_000, 1)
    np.random.RandomState(0).shuffle(shuffled[:, 2])
    clean, noisy, none = worth(law(1_000, 1))[0], worth(law(1_000, 1, 0.3))[0], worth(shuffled)[0]
    assert clean > noisy + 0.02 > none + 0.1
    assert 0.3 < none < 0.55  # of one answer a third, of coins a half


def test_who_saw_one_answer_gives_it() -> None:
    """Macro F1 of always the same of two equal classes is a third."""
    learnt = law(400, 1)
    learnt[:, 2] = 1
    mean, spread = worth(learnt)
    assert mean == pytest.approx(1 / 3, abs=0.02)
    assert spread == 0


def test_numbers_are_foretold_by_r2() -> None:
    """R² is that of E[y | x, side]; 0 is knowing nothing."""
    mean, _ = worth(law(2_000, 1), target=1)
    assert 0.2 < mean < 0.6
    shuffled = law(2_000, 1)
    np.random.RandomState(0).shuffle(shuffled[:, 1])
    assert worth(shuffled, target=1)[0] < 0.05


def test_the_spread_is_what_other_draws_of_the_law_give() -> None:
    """Random halves tell the standard error of the whole."""
    spreads = [worth(law(400, seed, 0.2), draws=10)[1] for seed in range(4)]
    means = [worth(law(400, seed, 0.2), rows=400, draws=2)[0] for seed in range(20)]
    assert np.mean(spreads) == pytest.approx(np.std(means, ddof=1), rel=0.8)


def test_two_draws_of_a_law_cannot_be_told_and_the_error_says_how_well() -> None:
    found = [two_sample_auc(law(200, 2 * one), law(200, 2 * one + 1), SCHEMA) for one in range(12)]
    areas, error = [area for area, _ in found], found[0][1]
    assert np.mean(areas) == pytest.approx(0.5, abs=4 * error / np.sqrt(12))
    assert np.std(areas) == pytest.approx(error, rel=0.6)


def test_another_law_can_be_told_by_its_pairs() -> None:
    fake = law(400, 2)
    np.random.RandomState(0).shuffle(fake[:, 2])
    area, error = two_sample_auc(law(400, 1), fake, SCHEMA)
    assert area > 0.5 + 10 * error
