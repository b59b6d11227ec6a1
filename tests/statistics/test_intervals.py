from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from ganbench.statistics.intervals import (
    Interval,
    clopper_pearson,
    geometric_mean_interval,
    geometric_prediction_interval,
    mean_interval,
    prediction_interval,
    ratio_interval,
    seeds_to_decide,
    welch_p,
)


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def margin(trials: int) -> float:
    """Four standard errors of a coverage of 95 %."""
    return 4 * math.sqrt(0.95 * 0.05 / trials)


def test_mean_interval_is_scipys() -> None:
    values = rng().normal(size=7)
    expected = stats.ttest_1samp(values, 0).confidence_interval(0.9)
    assert mean_interval(values, 0.9) == pytest.approx((values.mean(), *expected))


@pytest.mark.parametrize("n", [2, 3, 5, 10])
def test_mean_interval_covers_what_it_claims_by_simulation(n: int) -> None:
    trials = 3000
    samples = rng(n).normal(5, 2, size=(trials, n))
    intervals = [mean_interval(sample) for sample in samples]
    covered = sum(interval.low <= 5 <= interval.high for interval in intervals) / trials
    assert covered == pytest.approx(0.95, abs=margin(trials))


def test_prediction_intervals_cover_one_more_value_by_simulation() -> None:
    trials = 20_000
    logs = rng().normal(1.0, 0.7, (trials, 6))
    covered = {"raw": 0, "geometric": 0}
    for *seen, one_more in logs:
        raw = prediction_interval(seen)
        geometric = geometric_prediction_interval(np.exp(seen))
        assert geometric.low == pytest.approx(math.exp(raw.low))
        assert geometric.high == pytest.approx(math.exp(raw.high))
        covered["raw"] += raw.low <= one_more <= raw.high
        covered["geometric"] += geometric.low <= math.exp(one_more) <= geometric.high
    for count in covered.values():
        assert abs(count / trials - 0.95) < margin(trials)


def test_one_value_predicts_nothing_and_zero_has_no_logarithm() -> None:
    assert prediction_interval([3.0]) == (3.0, -math.inf, math.inf)
    assert geometric_prediction_interval([3.0]) == (pytest.approx(3), 0, math.inf)
    with pytest.raises(ValueError, match="positive"):
        geometric_prediction_interval([0.0, 1.0])


def test_geometric_mean_interval_covers_what_it_claims_by_simulation() -> None:
    trials = 3000
    samples = np.exp(rng(1).normal(math.log(20), 0.8, size=(trials, 4)))
    intervals = [geometric_mean_interval(sample) for sample in samples]
    covered = sum(interval.low <= 20 <= interval.high for interval in intervals) / trials
    assert covered == pytest.approx(0.95, abs=margin(trials))


def test_geometric_mean_of_a_few() -> None:
    found = geometric_mean_interval([1, 100])
    assert found.estimate == pytest.approx(10)
    assert found.low * found.high == pytest.approx(100)
    assert geometric_mean_interval([7.0, 7.0, 7.0]) == pytest.approx((7, 7, 7))


def test_one_value_says_nothing_about_its_spread() -> None:
    assert mean_interval([3.0]) == (3, -math.inf, math.inf)
    assert geometric_mean_interval([3.0]) == (pytest.approx(3), 0, math.inf)
    assert ratio_interval([3.0], [1.0, 2.0]) == (pytest.approx(3 / math.sqrt(2)), 0, math.inf)


@pytest.mark.parametrize(
    ("count", "n", "low", "high"),
    [(0, 3, 0, 0.708), (0, 5, 0, 0.522), (0, 10, 0, 0.308), (5, 5, 0.478, 1), (1, 5, 0.005, 0.716)],
)
def test_clopper_pearson(count: int, n: int, low: float, high: float) -> None:
    found = clopper_pearson(count, n)
    assert found == pytest.approx((count / n, low, high), abs=6e-4)
    expected = stats.binomtest(count, n).proportion_ci(method="exact")
    assert found[1:] == pytest.approx((expected.low, expected.high))


@pytest.mark.parametrize("p", [0.05, 0.3, 0.5])
def test_clopper_pearson_covers_at_least_what_it_claims(p: float) -> None:
    n = 8  # exactly, over all outcomes
    covered = 0.0
    for count in range(n + 1):
        interval = clopper_pearson(count, n)
        covered += (interval.low <= p <= interval.high) * stats.binom.pmf(count, n, p)
    assert covered >= 0.95


def test_ratio_interval_is_welchs_on_logarithms() -> None:
    a, b = np.exp(rng(2).normal(1, 0.5, 5)), np.exp(rng(3).normal(0, 2, 9))
    welch = stats.ttest_ind(np.log(a), np.log(b), equal_var=False)
    limits = [math.exp(limit) for limit in welch.confidence_interval(0.95)]
    estimate = stats.gmean(a) / stats.gmean(b)
    assert ratio_interval(a, b) == pytest.approx((estimate, *limits))
    swapped = ratio_interval(b, a)
    assert swapped == pytest.approx((1 / estimate, 1 / limits[1], 1 / limits[0]))


def test_ratio_interval_covers_what_it_claims_by_simulation() -> None:
    trials = 3000
    a = np.exp(rng(4).normal(math.log(3), 1.0, size=(trials, 5)))
    b = np.exp(rng(5).normal(0, 0.3, size=(trials, 5)))
    intervals = [ratio_interval(x, y) for x, y in zip(a, b, strict=True)]
    covered = sum(interval.low <= 3 <= interval.high for interval in intervals) / trials
    assert covered == pytest.approx(0.95, abs=margin(trials) + 0.01)  # Welch is approximate


def test_spreads_that_vanish_leave_a_point() -> None:
    assert ratio_interval([2.0, 2.0], [1.0, 1.0]) == pytest.approx((2, 2, 2))


def test_seeds_to_decide_is_the_first_number_that_decides() -> None:
    a, b = np.exp([0.0, 1.0, 2.0, 3.0, 4.0]), np.exp([1.0, 2.0, 3.0, 4.0, 5.0])
    more = seeds_to_decide(a, b)
    assert more is not None
    spread = np.log(a).std(ddof=1)

    def decided(n: int) -> bool:
        return stats.t.ppf(0.975, 2 * n - 2) * spread * math.sqrt(2 / n) < 1

    assert decided(5 + more)
    assert not decided(5 + more - 1)


def test_seeds_to_decide_at_the_edges() -> None:
    assert seeds_to_decide([1, 1.01, 0.99, 1, 1], [9, 9.01, 8.99, 9, 9]) == 0
    # Clear already, yet an order takes five seeds.
    assert seeds_to_decide([1, 1.01, 0.99], [9, 9.01, 8.99]) == 2
    assert seeds_to_decide([1, 2, 3, 4, 5], [5, 4, 3, 2, 1]) is None
    with pytest.raises(ValueError, match="spread of one seed is unknown"):
        seeds_to_decide([1.0], [1.0, 2.0])


def test_failures_have_no_place_in_a_mean() -> None:
    for values in ([1.0, math.nan], [1.0, math.inf], []):
        for score in (mean_interval, geometric_mean_interval):
            with pytest.raises(ValueError, match="a failed run has none"):
                score(values)
        with pytest.raises(ValueError, match="a failed run has none"):
            ratio_interval([1.0, 2.0], values)
    with pytest.raises(ValueError, match="needs positive values"):
        geometric_mean_interval([1.0, 0.0])
    for count, n in ((-1, 3), (4, 3), (0, 0)):
        with pytest.raises(ValueError, match="is no proportion"):
            clopper_pearson(count, n)
    with pytest.raises(ValueError, match="confidence level"):
        mean_interval([1.0, 2.0], level=95)


def test_welchs_p_value_is_scipys_and_needs_one_side_of_an_interval() -> None:
    a, b = rng().normal(size=5), rng(1).normal(2, 3, size=8)
    wanted = stats.ttest_ind(a, b, equal_var=False).pvalue
    first, second = mean_interval(a), mean_interval(b)
    assert welch_p(first, 5, second, 8) == pytest.approx(wanted)
    cut = Interval(first.estimate, first.estimate - 0.01, first.high)
    assert welch_p(second, 8, cut, 5) == pytest.approx(wanted)


def test_welchs_p_value_where_spreads_are_missing() -> None:
    unbounded, wide, narrow = mean_interval([1.0]), Interval(3, 2, 4), Interval(1, 1, 1)
    assert welch_p(unbounded, 1, wide, 5) == 1
    assert welch_p(narrow, 5, narrow, 5) == 1
    assert welch_p(narrow, 5, Interval(2, 2, 2), 5) == 0
    half = stats.t.ppf(0.975, 4)
    assert welch_p(narrow, 1, Interval(3, 3 - half, 3 + half), 5) == pytest.approx(
        2 * stats.t.sf(2, 4)
    )


def test_limits_beyond_the_largest_number_are_infinite() -> None:
    assert geometric_mean_interval([1, 1e52]).high == math.inf
    assert geometric_prediction_interval([0.01, 30], 1 - 0.05 / 20).high == math.inf
