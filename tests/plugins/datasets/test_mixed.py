"""The law of `mixed`: its closed forms against many of its rows."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from ganbench_plugins.datasets import mixed

N = 400_000
ROWS = mixed.draw(N, seed=1)


@pytest.mark.parametrize("pair", list(combinations(mixed.CATEGORIES, 2)))
def test_joint_tables(pair: tuple[str, str]) -> None:
    truth = mixed.pair_table(*pair)
    places = [np.unique(np.array(ROWS[name]), return_inverse=True)[1] for name in pair]
    counted = np.zeros_like(truth)
    np.add.at(counted, tuple(places), 1 / N)
    assert truth.sum() == pytest.approx(1)
    assert np.abs(counted - truth).max() < 5 * np.sqrt(0.25 / N)


@pytest.mark.parametrize("name", mixed.NUMBERS)
def test_distribution_functions(name: str) -> None:
    values = np.sort(np.asarray(ROWS[name]))
    empirical = (np.arange(N) + 0.5) / N
    distance = np.abs(mixed.cumulative(name, values) - empirical).max()
    assert distance < 2 / np.sqrt(N)  # Kolmogorov's 1.95 is passed once in a thousand


@pytest.mark.parametrize("pair", list(combinations(mixed.NUMBERS, 2)))
def test_correlations(pair: tuple[str, str]) -> None:
    found = np.corrcoef(np.asarray(ROWS[pair[0]]), np.asarray(ROWS[pair[1]]))[0, 1]
    assert found == pytest.approx(mixed.correlation(*pair), abs=6 / np.sqrt(N))


def test_the_data_set_is_a_draw_of_it_and_always_the_same() -> None:
    one, other = mixed.load(modes=0), mixed.load(modes=0)
    assert one.train.equal(other.train)
    assert (len(one.train), len(one.heldout)) == (6_000, 3_000)
