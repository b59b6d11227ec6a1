"""Columns and pairs of columns, against scipy, numpy and the closed forms of a known law."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.stats import hypergeom, ks_2samp, kstwobign

from ganbench import Categorical, Numeric
from ganbench_plugins.datasets import mixed
from ganbench_plugins.scores.kernels.columns import (
    BINS,
    Coverage,
    category_coverage,
    chance_of_any,
    constant_rows,
    correlated,
    kolmogorov_smirnov,
    pair_distances,
    shape_distances,
    total_variation,
)

SCHEMA = (
    *(Numeric(name=name, low=-100, high=100) for name in mixed.NUMBERS),
    *(
        Categorical(name=name, categories=tuple(sorted(mixed.CATEGORIES[name])))
        for name in mixed.CATEGORIES
    ),
)


def rows(count: int, seed: int) -> NDArray[np.float64]:
    columns = mixed.draw(count, seed)
    return np.stack(
        [
            values
            if isinstance(values, np.ndarray)
            else np.unique(values, return_inverse=True)[1].astype(np.float64)
            for values in columns.values()
        ],
        axis=1,
    )


@given(
    st.lists(st.integers(-5, 5), min_size=3, max_size=40),
    st.lists(st.integers(-5, 5), min_size=3, max_size=40),
)
def test_ks_is_scipys_with_ties_too(one: list[int], other: list[int]) -> None:
    a, b = np.array(one, np.float64), np.array(other, np.float64)
    assert kolmogorov_smirnov(a, b) == pytest.approx(ks_2samp(a, b, method="asymp").statistic)


@given(st.lists(st.integers(0, 3), min_size=3, max_size=40))
def test_total_variation_of_a_single_category(one: list[int]) -> None:
    values = np.array(one, np.float64)
    assert total_variation(values, np.zeros(7), 4) == pytest.approx((values != 0).mean())
    assert total_variation(values, values, 4) == 0


def test_distances_of_one_law_are_what_kolmogorov_says() -> None:
    """E D = sqrt(pi/2) ln 2 sqrt((n + m) / (n m)), and its spread is the law's own."""
    n, m, draws = 1000, 500, 60
    found = [
        shape_distances(rows(n, 2 * one), rows(m, 2 * one + 1), SCHEMA)[:3] for one in range(draws)
    ]
    scale = np.sqrt((n + m) / (n * m))
    expected = np.sqrt(np.pi / 2) * np.log(2)
    assert kstwobign.mean() == pytest.approx(expected)
    error = kstwobign.std() / np.sqrt(draws * 3)
    assert np.mean(found) / scale == pytest.approx(expected, abs=5 * error + 0.02)


def test_distances_from_another_law_are_the_closed_forms() -> None:
    """The law against one whose columns are independent: tables and correlations are known."""
    n = 200_000
    real, fake = rows(n, 1), rows(n, 2)
    random = np.random.RandomState(0)
    for column in fake.T:
        random.shuffle(column)
    found = dict(zip(combinations(range(6), 2), pair_distances(real, fake, SCHEMA), strict=True))
    for i, j in combinations(range(3), 2):
        truth = abs(mixed.correlation(mixed.NUMBERS[i], mixed.NUMBERS[j])) / 2
        assert found[i, j] == pytest.approx(truth, abs=0.01)
    names = list(mixed.CATEGORIES)
    for i, j in combinations(range(3), 2):
        joint = mixed.pair_table(names[i], names[j])
        apart = np.outer(joint.sum(axis=1), joint.sum(axis=0))
        truth = np.abs(joint - apart).sum() / 2
        assert found[3 + i, 3 + j] == pytest.approx(truth, abs=0.01)
    assert shape_distances(real, fake, SCHEMA).max() < 0.01


def test_a_number_and_a_category_are_compared_in_ten_parts() -> None:
    real, fake = rows(500, 3), rows(400, 4)
    low, high = real[:, 0].min(), real[:, 0].max()
    edges = np.linspace(low, high, BINS + 1)

    def shares(table: NDArray[np.float64]) -> NDArray[np.float64]:
        found = np.zeros((BINS + 2, 4))
        for number, category in table[:, [0, 3]]:
            place = BINS if number == high else np.searchsorted(edges, number, side="right")
            found[place, int(category)] += 1 / len(table)
        return found

    expected = np.abs(shares(real) - shares(fake)).sum() / 2
    (found,) = pair_distances(real[:, [0, 3]], fake[:, [0, 3]], (SCHEMA[0], SCHEMA[3]))
    assert found == pytest.approx(expected)


def test_correlations_are_numpys_and_none_of_a_constant() -> None:
    table = np.random.RandomState(1).normal(size=(50, 4)) @ np.random.RandomState(2).normal(
        size=(4, 4)
    )
    np.testing.assert_allclose(correlated(table), np.corrcoef(table.T), atol=1e-12)
    table[:, 2] = 5
    found = correlated(table)
    assert not found[2].any()
    assert np.isfinite(found).all()


def test_what_is_constant_is_the_mean_and_the_most_frequent() -> None:
    real = rows(1000, 5)
    one = constant_rows(real, 3, SCHEMA)
    np.testing.assert_allclose(one[0, :3], real[:, :3].mean(axis=0))
    assert (one == one[0]).all()
    for place in (3, 4, 5):
        assert one[0, place] == np.bincount(real[:, place].astype(int)).argmax()
    assert 0.5 < pair_distances(real, one, SCHEMA).mean() < 1


def test_coverage_of_few_samples_of_the_law_is_its_null() -> None:
    real, others, draws, size = rows(2_000, 5), rows(20_000, 6), 200, 12
    found = [category_coverage(real, rows(size, 100 + one), others, SCHEMA) for one in range(draws)]
    mean, error = np.mean([one.share for one in found]), np.std([one.share for one in found])
    null = found[0].null
    assert null is not None
    assert mean == pytest.approx(null, abs=5 * error / np.sqrt(draws))
    assert 0.5 < null < 0.99


KINDS = 300
ZIPF = 1 / np.arange(1, KINDS + 1) ** 1.3


def covered(
    train: int, heldout: int, fakes: int, draws: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Share and null of a perfect generator of a column with rare categories, each time anew."""
    random = np.random.RandomState(7)
    schema = (Categorical(name="kind", categories=tuple(map(str, range(KINDS)))),)
    found = []
    for _ in range(draws):
        sizes = (heldout, fakes, train)
        sides = [
            random.choice(KINDS, (size, 1), p=ZIPF / ZIPF.sum()).astype(float) for size in sizes
        ]
        found.append(category_coverage(*sides, schema))
    shares, nulls = ([getattr(one, name) for one in found] for name in ("share", "null"))
    return np.array(shares), np.array(nulls)


@pytest.mark.parametrize("sizes", [(667, 333, 100), (667, 333, 667), (100, 900, 80)])
def test_the_null_of_rare_categories_is_what_a_perfect_generator_has(
    sizes: tuple[int, int, int],
) -> None:
    """Categories that are known for being in the real rows are rarer than these say."""
    shares, nulls = covered(*sizes, draws=300)
    error = (shares - nulls).std() / np.sqrt(len(shares))
    assert shares.mean() == pytest.approx(nulls.mean(), abs=5 * error)
    assert error < 0.005


def test_with_more_fakes_than_other_rows_the_null_is_less_than_theirs() -> None:
    shares, nulls = covered(300, 300, 900, draws=50)
    assert nulls.mean() < shares.mean() - 0.05


def test_chances_are_those_of_scipys_hypergeometric_law() -> None:
    counts = np.arange(8)
    for draws in (0, 1, 3, 6, 7):
        expected = hypergeom.sf(0, 7, counts, draws)
        np.testing.assert_allclose(chance_of_any(counts, 7, draws), expected, atol=1e-12)
    np.testing.assert_array_equal(chance_of_any(counts, 7, 99), counts > 0)


def test_real_rows_alone_tell_no_null() -> None:
    real = rows(100, 8)
    assert category_coverage(real, real, real[:0], SCHEMA) == Coverage(1.0, None)


def test_half_of_the_categories_is_half_of_the_coverage() -> None:
    real = rows(2_000, 7)
    fake = real.copy()
    fake[:, 3:] = np.floor(fake[:, 3:] / 2) * 2  # categories 0 and 2 of four, 0 of two
    assert category_coverage(real, fake, real, SCHEMA).share == pytest.approx(0.5)
