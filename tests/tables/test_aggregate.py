"""Estimates, and rows that are made flat."""

from __future__ import annotations

import math

import pytest

from ganbench.results.fields import LEADERBOARD_FIELDS
from ganbench.statistics.intervals import Interval, mean_interval
from ganbench.tables.aggregate import Aggregate, Estimate
from ganbench.tables.grouping import Entry


def test_one_value_has_no_limits_and_none_has_no_value() -> None:
    assert Estimate.of([], mean_interval) == Estimate(None, None, None, 0)
    assert Estimate.of([0.5], mean_interval) == Estimate(0.5, None, None, 1)


def test_limits_stay_within_bounds() -> None:
    found = Estimate.of([0.0, 1.0], mean_interval, (0.0, 1.0))
    assert (found.low, found.high, found.n) == (0.0, 1.0, 2)
    assert Estimate.of([0.0, 1.0], mean_interval).low == pytest.approx(0.5 - 6.353, abs=1e-3)


def test_few_seeds_claim_no_order() -> None:
    assert Estimate(0.5, 0.4, 0.6, 4).claim == Interval(0.5, -math.inf, math.inf)
    assert Estimate(0.5, 0.4, 0.6, 5).claim == Interval(0.5, 0.4, 0.6)
    with pytest.raises(ValueError, match="no run has a value"):
        _ = Estimate().claim


def test_a_flat_row_has_the_columns_of_the_leaderboard() -> None:
    row = Aggregate(Entry((), []))
    row.estimates["utility"] = Estimate(0.5, 0.4, 0.6, 5)
    row.scores["fd/x"] = Estimate(2.0, None, None, 1)
    flat = row.flat()
    names = {column.name for column in LEADERBOARD_FIELDS}
    assert flat.keys() - names == {"fd/x", "fd/x:low", "fd/x:high", "fd/x:n"}
    assert [flat[f"utility{part}"] for part in ("", "_low", "_high", "_n")] == [0.5, 0.4, 0.6, 5]
    assert row.value("utility") == 0.5
    assert row.value("distance") is None
    assert row["rank_low"] is None
