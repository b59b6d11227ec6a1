"""The nearest real row in Gower's distance, and the exact null of whose it is."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from ganbench import Categorical, Numeric
from ganbench_plugins.scores.kernels.gower import gower, nearer_train

SCHEMA = (
    Numeric(name="x", low=0, high=10),
    Categorical(name="colour", categories=("red", "green", "blue")),
)


def test_distances_by_hand() -> None:
    real = np.array([[0.0, 0], [10, 1], [5, 2]])
    found = gower(np.array([[5.0, 0], [30, 1]]), real, SCHEMA)
    np.testing.assert_allclose(found, [[0.25, 0.75, 0.5], [1.0, 0.5, 1.0]])


def test_a_column_without_a_range_tells_by_equality() -> None:
    real = np.array([[3.0, 0], [3, 1]])
    np.testing.assert_allclose(
        gower(np.array([[3.0, 0], [4, 0]]), real, SCHEMA), [[0, 0.5], [0.5, 1]]
    )


def test_copies_are_nearest_to_their_own_split() -> None:
    random = np.random.RandomState(0)
    train = np.stack([random.normal(size=80), random.randint(3, size=80)], axis=1)
    heldout = np.stack([random.normal(size=40), random.randint(3, size=40)], axis=1)
    assert nearer_train(train, heldout, train, SCHEMA).share == 1
    assert nearer_train(train, heldout, heldout, SCHEMA).share == 0


@pytest.mark.parametrize("numbers", [True, False])
def test_mean_and_error_are_those_of_all_splits(numbers: bool) -> None:
    """Seven rows, all 35 ways of taking four of them to train on; with and without ties."""
    random = np.random.RandomState(4)
    x = random.normal(size=27) if numbers else np.zeros(27)
    rows = np.stack([x, random.randint(3, size=27)], axis=1)
    real, fake = rows[:7], rows[7:]
    found = []
    for chosen in itertools.combinations(range(7), 4):
        mask = np.isin(np.arange(7), chosen)
        found.append(nearer_train(real[mask], real[~mask], fake, SCHEMA))
    shares = [one.share for one in found]
    assert np.mean(shares) == pytest.approx(4 / 7)
    assert found[0].null == pytest.approx(4 / 7)
    assert np.std(shares) == pytest.approx(found[0].error, rel=1e-9)


def test_one_row_again_and_again_tells_nothing_and_says_so() -> None:
    random = np.random.RandomState(5)
    real = np.stack([random.normal(size=90), random.randint(3, size=90)], axis=1)
    found = nearer_train(real[:60], real[60:], real[:1].repeat(50, axis=0), SCHEMA)
    assert found.share == 1
    assert found.error == pytest.approx(np.sqrt(2 / 9), rel=1e-6)
