from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from ganbench.statistics import permutation
from ganbench.statistics.permutation import holm, permutation_test


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


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


def test_of_sides_of_two_sizes_one_arrangement_is_the_farthest() -> None:
    found = permutation_test([(range(3), range(100, 104))])
    assert found.p_value == found.smallest == pytest.approx(1 / 35)


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
    monkeypatch.setattr(permutation, "ARRANGEMENTS", 100)
    sampled = permutation_test(strata, seed=1)
    assert exact.exact
    assert not sampled.exact
    error = math.sqrt(exact.p_value / permutation.DRAWS)
    assert sampled.p_value == pytest.approx(exact.p_value, abs=4 * error + 1e-5)
    assert sampled == permutation_test(strata, seed=1)
    far = permutation_test([([0.0] * 12, [9.0] * 12)])
    assert 0 < far.p_value <= 3 / permutation.DRAWS


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


def test_failures_have_no_place_in_a_test() -> None:
    for values in ([1.0, math.nan], [1.0, math.inf], []):
        with pytest.raises(ValueError, match="a failed run has none"):
            permutation_test([(values, [1.0])])
    with pytest.raises(ValueError, match="of no strata"):
        permutation_test([])
    with pytest.raises(ValueError, match="p-values must lie"):
        holm([0.5, 1.5])
