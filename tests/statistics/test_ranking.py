from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from ganbench.statistics.intervals import Interval, geometric_mean_interval, mean_interval
from ganbench.statistics.ranking import (
    performance_profile,
    probability_of_improvement,
    rank_ranges,
    undecided_pairs,
)

runs = st.lists(st.one_of(st.none(), st.integers(0, 5).map(float)), min_size=1, max_size=6)


@given(runs, runs)
def test_improvement_is_the_mann_whitney_statistic(
    a: list[float | None], b: list[float | None]
) -> None:
    found = probability_of_improvement(a, b)
    assert 0 <= found <= 1
    assert found + probability_of_improvement(b, a) == pytest.approx(1)
    worst = [[99.0 if value is None else value for value in side] for side in (a, b)]
    u = stats.mannwhitneyu(worst[1], worst[0], method="asymptotic").statistic
    assert found == pytest.approx(u / (len(a) * len(b)))


def test_failures_rank_worst_in_either_direction() -> None:
    for lower_is_better in (True, False):
        assert probability_of_improvement([1.0], [None], lower_is_better=lower_is_better) == 1
        assert probability_of_improvement([math.nan], [1.0], lower_is_better=lower_is_better) == 0
        assert probability_of_improvement([None], [None], lower_is_better=lower_is_better) == 0.5
    assert probability_of_improvement([2.0], [1.0], lower_is_better=False) == 1
    assert probability_of_improvement([2.0], [1.0], lower_is_better=True) == 0
    with pytest.raises(ValueError, match="on both sides"):
        probability_of_improvement([], [1.0])


def test_performance_profile() -> None:
    profile = performance_profile(
        {"a": [1.0, 4.0, None, None], "b": [2.0, 1.0, 7.0, None]}, [1, 2, 4, 1e9]
    )
    assert profile == {"a": [0.25, 0.25, 0.5, 0.5], "b": [0.5, 0.75, 0.75, 0.75]}
    assert performance_profile({"a": [0.0], "b": [1.0]}, [1, 10]) == {"a": [1, 1], "b": [0, 0]}
    for bad in ({"a": [1.0], "b": [1.0, 2.0]}, {"a": []}, {}):
        with pytest.raises(ValueError, match="the same tasks of all variants"):
            performance_profile(bad, [1])


def test_rank_ranges_follow_from_the_overlaps() -> None:
    intervals = {
        "best": Interval(1, 0.5, 1.5),
        "second": Interval(3, 2, 4),
        "third": Interval(4, 3, 5),
        "last": Interval(9, 8, 10),
    }
    assert rank_ranges(intervals) == {
        "best": (1, 1),
        "second": (2, 3),
        "third": (2, 3),
        "last": (4, 4),
    }
    assert rank_ranges(intervals, lower_is_better=False)["last"] == (1, 1)
    assert rank_ranges(intervals, lower_is_better=False)["best"] == (4, 4)
    assert rank_ranges({}) == {}


def test_one_seed_leaves_every_rank_open() -> None:
    intervals = {
        "known": Interval(1, 0.9, 1.1),
        "worse": Interval(5, 4, 6),
        "one seed": Interval(2, 0, math.inf),
    }
    assert rank_ranges(intervals) == {"known": (1, 2), "worse": (2, 3), "one seed": (1, 3)}


def test_limits_that_touch_do_not_separate() -> None:
    intervals = {"a": Interval(1, 0, 2), "b": Interval(3, 2, 4)}
    assert rank_ranges(intervals) == {"a": (1, 2), "b": (1, 2)}


def test_pairs_that_are_undecided_share_their_ranks() -> None:
    intervals = {"a": Interval(1, 0, 2), "b": Interval(4, 3, 5), "c": Interval(7, 6, 8)}
    assert rank_ranges(intervals) == {"a": (1, 1), "b": (2, 2), "c": (3, 3)}
    undecided = {frozenset("ab")}
    ranks = rank_ranges(intervals, undecided=undecided)
    assert ranks == {"a": (1, 2), "b": (1, 2), "c": (3, 3)}
    ranks = rank_ranges(intervals, lower_is_better=False, undecided=undecided)
    assert ranks == {"c": (1, 1), "b": (2, 3), "a": (2, 3)}


@pytest.mark.parametrize("logarithms", [False, True])
def test_among_many_alike_an_order_is_claimed_in_one_table_of_twenty_at_most(
    logarithms: bool,
) -> None:
    random, tables, variants, seeds = np.random.RandomState(0), 300, 20, 5
    interval = geometric_mean_interval if logarithms else mean_interval
    by_overlap = corrected = 0
    for _ in range(tables):
        sample = random.standard_normal((variants, seeds))
        values = np.exp(sample) if logarithms else sample
        intervals = {name: interval(own) for name, own in enumerate(values)}
        undecided = undecided_pairs(
            intervals, dict.fromkeys(intervals, seeds), logarithms=logarithms
        )
        everything = dict.fromkeys(intervals, (1, variants))
        by_overlap += rank_ranges(intervals) != everything
        corrected += rank_ranges(intervals, undecided=undecided) != everything
    assert by_overlap > 0.3 * tables
    assert corrected < 0.05 * tables


def test_what_is_far_apart_is_decided_among_many() -> None:
    random = np.random.RandomState(1)
    values = 100 * np.arange(10)[:, None] + random.standard_normal((10, 5))
    intervals = {name: mean_interval(own) for name, own in enumerate(values)}
    assert undecided_pairs(intervals, dict.fromkeys(intervals, 5)) == set()
    unknown = {**intervals, "one seed": mean_interval([50.0])}
    undecided = undecided_pairs(unknown, dict.fromkeys(unknown, 5))
    assert undecided == {frozenset((name, "one seed")) for name in intervals}
