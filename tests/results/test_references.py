"""Utility begins at the best trivial generator: never above it, and at it exactly."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ganbench.results.references import (
    COPIES,
    EQUAL_LAW,
    GAUSSIAN,
    NOISE,
    ONE,
    PERFECT,
    REFERENCES,
    SHUFFLED,
    TRIVIAL,
    reference_utilities,
    trivial_distance,
)
from ganbench.statistics.stability import utility

from .synthetic import column

distances = st.floats(1e-6, 1e6)
measured = st.dictionaries(st.sampled_from(REFERENCES), distances)


def test_the_best_of_the_trivial_ones_is_zero() -> None:
    found = {GAUSSIAN: 22.8, SHUFFLED: 73.0, NOISE: 169.0, ONE: 752.0}
    assert trivial_distance(2.5, 407.0, found) == 22.8
    assert trivial_distance(2.5, 407.0, {NOISE: 169.0}) == 169.0


def test_where_none_was_measured_zero_is_the_real_mean() -> None:
    assert trivial_distance(2.5, 407.0, {}) == 407.0
    assert trivial_distance(2.5, 407.0, {ONE: 752.0}) == 407.0


def test_copies_are_not_trivial() -> None:
    assert COPIES not in TRIVIAL
    assert trivial_distance(2.5, 407.0, {COPIES: 10.0}) == 407.0


def test_who_may_have_the_very_law_sets_no_zero() -> None:
    """Shuffled coordinates are the law of a grid, and a Gaussian is that of a Gaussian."""
    found = {SHUFFLED: 0.0453, NOISE: 0.229, GAUSSIAN: 0.295}
    assert trivial_distance(0.0285, 8.04, found) == 0.229


@pytest.mark.parametrize(
    ("floor", "cap"), [(None, 1.0), (1.0, None), (1.0, 1.0), (2.0, 1.0), (0.0, 1.0)]
)
def test_without_a_floor_below_a_cap_there_is_no_utility(
    floor: float | None, cap: float | None
) -> None:
    assert trivial_distance(floor, cap, {NOISE: 5.0}) is None
    assert reference_utilities(column("W2", "distance", "lower", floor=floor, cap=cap)) == {}


@given(distances, distances, measured)
def test_zero_lies_above_the_floor_and_at_most_at_the_cap(
    floor: float, cap: float, found: dict[str, float]
) -> None:
    zero = trivial_distance(floor, cap, found)
    assert (zero is None) == (floor >= cap)
    if zero is not None:
        assert floor < zero <= cap


@given(measured, st.floats(1e-3, 1), st.floats(2, 1e5))
def test_no_trivial_generator_has_a_utility(
    found: dict[str, float], floor: float, cap: float
) -> None:
    """But one that may have the law of the data itself."""
    one = column("W2", "distance", "lower", floor=floor, cap=cap, references=found)
    for name, value in reference_utilities(one).items():
        if name in TRIVIAL and found[name] > EQUAL_LAW * floor:
            assert value == 0


@given(measured, distances, distances, st.floats(1e-3, 1), st.floats(2, 1e5))
def test_nearer_is_never_worth_less_and_a_further_trivial_one_never_more(
    found: dict[str, float], one: float, other: float, floor: float, cap: float
) -> None:
    zero = trivial_distance(floor, cap, found)
    assert zero is not None
    near, far = sorted([one, other])
    assert 0 <= utility(far, zero, floor) <= utility(near, zero, floor) <= 1
    assert utility(zero, zero, floor) == 0
    assert utility(floor, zero, floor) == 1
    fewer = trivial_distance(floor, cap, {})
    assert fewer is not None
    assert utility(near, zero, floor) <= utility(near, fewer, floor)


def test_the_perfect_one_has_all_of_it() -> None:
    found = {COPIES: 0.001, NOISE: 0.1, GAUSSIAN: 0.4}
    one = column("W2", "distance", "lower", floor=0.01, cap=1.0, references=found)
    utilities = reference_utilities(one)
    assert utilities == {PERFECT: 1.0, COPIES: 1.0, GAUSSIAN: 0.0, NOISE: 0.0}
    assert reference_utilities(column("W2", "distance", "lower", floor=0.01, cap=1.0)) == {}
