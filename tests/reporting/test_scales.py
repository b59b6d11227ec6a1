"""Axes: monotone, within their ends, with few and round ticks."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ganbench.reporting.scales import MOST_TICKS, scale_of

VALUES = st.lists(st.floats(-1e6, 1e6, allow_subnormal=False), min_size=1, max_size=9)
POSITIVE = st.lists(st.floats(1e-9, 1e9), min_size=1, max_size=9)


@given(VALUES | POSITIVE)
def test_values_keep_their_order_and_stay_within_the_axis(values: list[float]) -> None:
    scale = scale_of(values, 260, 10)
    places = [scale(value) for value in sorted(values)]
    assert places == sorted(places, reverse=True)
    assert all(10 <= place <= 260 for place in places)


@example([787500000.0, 999999999.96875])
@given(VALUES | POSITIVE)
def test_ticks_are_few_distinct_and_within_the_axis(values: list[float]) -> None:
    scale = scale_of(values, 260, 10)
    ticks = scale.ticks()
    assert 1 <= len(ticks) <= MOST_TICKS
    assert all(scale.low <= value <= scale.high or abs(value) < 1e-9 for value, _ in ticks)
    assert len({value for value, _ in ticks}) == len(ticks)


def test_positive_values_get_a_logarithmic_axis_with_equal_ratios() -> None:
    scale = scale_of([0.01, 1.0, 100.0], 0, 1000)
    assert scale.kind == "log"
    assert scale(1.0) - scale(0.01) == pytest.approx(scale(100.0) - scale(1.0), abs=0.2)
    assert [text for _, text in scale.ticks()] == ["0.01", "0.1", "1", "10", "100"]


def test_a_negative_value_or_a_given_end_makes_it_linear() -> None:
    assert scale_of([-0.1, 3.0], 0, 1).kind == "linear"
    scale = scale_of([2.0, 7.0], 0, 80, low=0.0, high=8.0)
    assert (scale.low, scale.high, scale(2.0)) == (0.0, 8.0, 20.0)
    assert [text for _, text in scale.ticks()] == ["0", "2", "4", "6", "8"]


def test_a_value_above_a_given_end_widens_the_axis() -> None:
    assert scale_of([12.0], 0, 1, low=0.0, high=8.0).high > 12
