"""Chances of rates and distances under the null, against closed forms and independent code."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from ganbench.statistics.nulls import Floor, chance_of_rate


def test_a_rate_that_is_known_has_a_binomial_chance() -> None:
    assert chance_of_rate(0, 5, 0.01) == 1
    assert chance_of_rate(5, 5, 0.01) == pytest.approx(1e-10)
    assert chance_of_rate(1, 5, 0.01) == pytest.approx(1 - 0.99**5)
    by_hand = sum(math.comb(5, k) * 0.3**k * 0.7 ** (5 - k) for k in (3, 4, 5))
    assert chance_of_rate(3, 5, 0.3) == pytest.approx(by_hand)


@given(st.integers(1, 400), st.data(), st.floats(1e-3, 0.999))
def test_binomial_chances_are_those_of_scipy(n: int, data: st.DataObject, rate: float) -> None:
    count = data.draw(st.integers(0, n))
    expected = stats.binom.sf(count - 1, n, rate)
    assert chance_of_rate(count, n, rate) == pytest.approx(expected, rel=1e-7, abs=1e-290)


@pytest.mark.parametrize("count", [0, 3, 11, 200])
def test_a_measured_rate_has_a_beta_binomial_chance(count: int) -> None:
    error = math.sqrt(0.01 * 0.99 / 1000)
    expected = stats.betabinom.sf(count - 1, 1000, 0.01 * 999, 0.99 * 999)
    assert chance_of_rate(count, 1000, 0.01, error) == pytest.approx(expected, rel=1e-7)
    assert chance_of_rate(count, 1000, 0.01, 1e-6) == pytest.approx(
        chance_of_rate(count, 1000, 0.01), rel=1e-3
    )


def test_it_is_what_fakes_have_below_an_order_statistic_of_real_samples() -> None:
    # Of N real and n fake numbers of one law, each order is equally likely: `count` fakes or more
    # lie below the r-th real one if they are in the majority among the first r + count - 1.
    reals, fakes, place, count = 99, 50, 10, 9
    expected = stats.hypergeom.sf(count - 1, reals + fakes, fakes, place + count - 1)
    rate = place / (reals + 1)
    error = math.sqrt(rate * (1 - rate) / (reals + 2))
    assert chance_of_rate(count, fakes, rate, error) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize(
    ("count", "n", "rate", "error"),
    [(-1, 5, 0.1, 0), (6, 5, 0.1, 0), (0, 0, 0.1, 0), (1, 5, 0.0, 0), (1, 5, 0.1, 0.5)],
)
def test_what_has_no_chance(count: int, n: int, rate: float, error: float) -> None:
    with pytest.raises(ValueError, match="rate"):
        chance_of_rate(count, n, rate, error)


def test_a_floor_has_the_gamma_law_of_its_mean_and_spread() -> None:
    floor = Floor(mean=2.5, spread=0.5)
    law = stats.gamma(25, scale=0.1)
    assert (law.mean(), law.std()) == (pytest.approx(2.5), pytest.approx(0.5))
    for distance in (0.5, 1.5, 2.5, 4.0):
        assert floor.chance(distance) == pytest.approx(law.cdf(distance))
    assert floor.reach == pytest.approx(law.ppf(0.95))
    assert floor.chance(0.0) == floor.chance(-1.0) == 0


def test_a_spread_from_few_distances_may_be_larger_than_it_looks() -> None:
    known, few = Floor(2.5, 0.5), Floor(2.5, 0.5, count=4)
    upper = 0.5 * math.sqrt(3 / stats.chi2.ppf(0.05, 3))  # the textbook's 95 % limit
    law = stats.gamma((2.5 / upper) ** 2, scale=upper**2 / 2.5)
    assert few.chance(1.0) == pytest.approx(law.cdf(1.0))
    assert (few.chance(1.0) or 0) > 10 * (known.chance(1.0) or 0)
    assert Floor(2.5, 0.5, count=10_000).chance(1.0) == pytest.approx(known.chance(1.0), rel=0.3)
    assert Floor(2.5, 0.5, count=1).chance(1.0) is None
    assert few.reach == known.reach


def test_the_law_is_exact_for_a_chi_square_distance() -> None:
    # |x - y|² of the means of two sets, in d equal directions: a chi-square with d degrees.
    d = 8
    floor = Floor(mean=d, spread=math.sqrt(2 * d))
    assert floor.chance(2.0) == pytest.approx(stats.chi2.cdf(2.0, d))
    assert floor.reach == pytest.approx(stats.chi2.ppf(0.95, d))


def test_a_floor_without_a_spread_says_nothing_of_chances() -> None:
    assert Floor(2.5).chance(0.1) is None
    assert Floor(2.5).reach == 2.5
    assert Floor(2.5, 0.0).chance(2.4) == 0
    assert Floor(2.5, 0.0).reach == 2.5


def test_the_reach_is_never_below_the_mean() -> None:
    for spread in np.geomspace(1e-3, 1e2, 20):
        assert Floor(1.0, float(spread)).reach >= 1
