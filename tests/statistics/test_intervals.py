from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from ganbench.statistics import intervals as statistics
from ganbench.statistics.intervals import (
    clopper_pearson,
    geometric_mean_interval,
    holm,
    mean_interval,
    permutation_test,
    ratio_interval,
    seeds_to_decide,
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


@given(st.data())
def test_one_stratum_is_scipys_exact_test(data: st.DataObject) -> None:
    values = st.integers(-5, 5).map(float)  # small integers: many ties
    a = data.draw(st.lists(values, min_size=2, max_size=4))
    b = data.draw(st.lists(values, min_size=2, max_size=4))
    expected = sum(
        abs(np.mean(chosen) - (sum(a + b) - sum(chosen)) / len(b))
        >= abs(np.mean(a) - np.mean(b)) - 1e-9
        for chosen in itertools.combinations(a + b, len(a))
    ) / math.comb(len(a + b), len(a))
    found = permutation_test([(a, b)])
    assert found.exact
    assert found.p_value == pytest.approx(expected)


def test_agrees_with_scipy() -> None:
    a, b = rng(6).normal(size=6), rng(7).normal(1, size=6)
    reference = stats.permutation_test(
        (a, b), lambda x, y, axis: x.mean(axis) - y.mean(axis), n_resamples=np.inf, vectorized=True
    )
    found = permutation_test([(a, b)])
    assert found.p_value == pytest.approx(reference.pvalue)
    assert found.difference == pytest.approx(a.mean() - b.mean())


@pytest.mark.parametrize(("n", "smallest"), [(3, 0.1), (4, 0.0286), (5, 0.0079)])
def test_few_seeds_cannot_be_significant(n: int, smallest: float) -> None:
    found = permutation_test([(range(n), range(100, 100 + n))])
    assert found.p_value == found.smallest == pytest.approx(smallest, abs=5e-5)


def test_strata_are_kept_apart() -> None:
    # Each task moves everything by far more than the variants differ.
    strata = [([base, base + 1.0], [base + 2.0, base + 3.0]) for base in (0.0, 100.0, 1000.0)]
    found = permutation_test(strata)
    assert found.exact
    assert found.p_value == pytest.approx(2 / 6**3)
    pooled = permutation_test([tuple(np.concatenate(side) for side in zip(*strata, strict=True))])
    assert pooled.p_value > 0.5


def test_strata_agree_with_brute_force() -> None:
    generator = rng(8)
    strata = [(generator.normal(size=2), generator.normal(0.5, size=3)) for _ in range(3)]
    per_stratum = []
    for a, b in strata:
        pooled = np.concatenate([a, b])
        per_stratum.append(
            [
                pooled[list(chosen)].mean() - np.delete(pooled, list(chosen)).mean()
                for chosen in itertools.combinations(range(5), 2)
            ]
        )
    observed = abs(sum(a.mean() - b.mean() for a, b in strata))
    sums = [abs(sum(each)) for each in itertools.product(*per_stratum)]
    expected = sum(value >= observed - 1e-9 for value in sums) / len(sums)
    assert permutation_test(strata).p_value == pytest.approx(expected)


def test_no_difference_at_all() -> None:
    assert permutation_test([([1, 1, 1], [1, 1, 1])]).p_value == 1
    assert permutation_test([([1, 2], [2, 1]), ([5, 5], [5, 5])]).p_value == 1


def test_too_many_arrangements_are_sampled(monkeypatch: pytest.MonkeyPatch) -> None:
    strata = [(rng(9).normal(size=5), rng(10).normal(0.9, size=5))]
    exact = permutation_test(strata)
    monkeypatch.setattr(statistics, "ARRANGEMENTS", 100)
    sampled = permutation_test(strata, seed=1)
    assert exact.exact
    assert not sampled.exact
    error = math.sqrt(exact.p_value / statistics.DRAWS)
    assert sampled.p_value == pytest.approx(exact.p_value, abs=4 * error + 1e-5)
    assert sampled == permutation_test(strata, seed=1)
    far = permutation_test([([0.0] * 12, [9.0] * 12)])
    assert 0 < far.p_value <= 3 / statistics.DRAWS


def test_false_alarms_stay_below_the_level_by_simulation() -> None:
    trials, generator = 1500, rng(11)
    alarms = sum(
        permutation_test([(generator.normal(size=5), generator.normal(size=5))]).p_value <= 0.05
        for _ in range(trials)
    )
    assert alarms / trials <= 0.05 + 4 * math.sqrt(0.05 * 0.95 / trials)
    assert alarms > 0.03 * trials  # nor is it idle


def test_holm() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.9, 0.8]) == [1, 1]
    assert holm([0.02]) == [0.02]
    assert holm([]) == []


@given(st.lists(st.floats(0, 1), max_size=8))
def test_holm_keeps_the_order_and_never_lowers(p_values: list[float]) -> None:
    adjusted = holm(p_values)
    assert all(p <= q <= 1 for p, q in zip(p_values, adjusted, strict=True))
    order = sorted(range(len(p_values)), key=p_values.__getitem__)
    assert [adjusted[i] for i in order] == sorted(adjusted)


def test_failures_have_no_place_in_a_mean() -> None:
    for values in ([1.0, math.nan], [1.0, math.inf], []):
        for score in (mean_interval, geometric_mean_interval):
            with pytest.raises(ValueError, match="a failed run has none"):
                score(values)
        with pytest.raises(ValueError, match="a failed run has none"):
            permutation_test([(values, [1.0])])
        with pytest.raises(ValueError, match="a failed run has none"):
            ratio_interval([1.0, 2.0], values)
    with pytest.raises(ValueError, match="needs positive values"):
        geometric_mean_interval([1.0, 0.0])
    with pytest.raises(ValueError, match="of no strata"):
        permutation_test([])
    for count, n in ((-1, 3), (4, 3), (0, 0)):
        with pytest.raises(ValueError, match="is no proportion"):
            clopper_pearson(count, n)
    with pytest.raises(ValueError, match="p-values must lie"):
        holm([0.5, 1.5])
    with pytest.raises(ValueError, match="confidence level"):
        mean_interval([1.0, 2.0], level=95)
