"""Numbers as people read them."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ganbench.wording import (
    common_prefix,
    counted,
    duration,
    file_size,
    interval,
    memory_size,
    number,
    percent,
    with_error,
    with_prefix,
)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"), (8, "8"), (8.0, "8"), (0.05312, "0.0531"), (0.004, "0.004"), (12.34, "12.3"),
        (1234.5, "1,234"), (4096, "4,096"), (1.25e-5, "1.25e-05"), (2.5e12, "2.5e+12"),
        (-0.5, "-0.5"),
    ],
)  # fmt: skip
def test_numbers(value: float, text: str) -> None:
    assert number(value) == text


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ((0.0532, 0.0409, 0.0677), "0.053 [0.041, 0.068]"),
        ((0.8881, 0.8729, 0.9033), "0.888 [0.873, 0.903]"),
        ((5.82, 1.45, 23.4), "5.8 [1.4, 23.4]"),
        ((0.001, -1.0, 1.0), "0.001 [-1, 1]"),
        ((0.415, 0.000215, 800.0), "0.415 [0.000215, 800]"),
        ((0.052, -0.5, 0.6), "0.05 [-0.50, 0.60]"),
        ((12.3, 1.0, 4e5), "12 [1, 400,000]"),
        ((0.0704, 0.00415, 1.097), "0.0704 [0.00415, 1.1]"),
        ((0.144, -0.0035, 0.291), "0.144 [-0.0035, 0.291]"),
        ((0.01, 0.00025, 0.0545), "0.01 [0.00025, 0.0545]"),
        ((0.3, 0.0, 0.58), "0.30 [0.00, 0.58]"),
        ((2e-5, 1e-5, 3e-5), "2.00e-05 [1.00e-05, 3.00e-05]"),
        ((4000.0, 4000.0, 4000.0), "4,000 ±0"),
    ],
)
def test_intervals(values: tuple[float, float, float], text: str) -> None:
    assert " ".join(interval(*values)) == text


@given(st.floats(-1e9, 1e9), st.floats(0, 1e9), st.floats(0, 1e9))
def test_every_interval_can_be_printed(value: float, below: float, above: float) -> None:
    shown, limits = interval(value, value - below, value + above)
    assert re.fullmatch(r"-?[\d,.]+(e[+-]\d+)?", shown)
    assert limits == "±0" or re.fullmatch(r"\[[^,\s]\S*, \S+\]", limits)


@given(st.floats(-1e9, 1e9), st.floats(0, 1e9), st.floats(0, 1e9))
def test_no_interval_erases_its_value(value: float, below: float, above: float) -> None:
    shown, _ = interval(value, value - below, value + above)
    assert float(shown.replace(",", "")) == pytest.approx(value, rel=0.06, abs=0)


@given(st.floats(-1e9, 1e9), st.floats(0, 1e9), st.floats(0, 1e9))
def test_no_limit_is_zero_that_is_not(value: float, below: float, above: float) -> None:
    low, high = value - below, value + above
    _, limits = interval(value, low, high)
    if limits != "±0":
        shown = [float(one.replace(",", "")) for one in limits.strip("[]").split(", ")]
        assert [one == 0 for one in shown] == [low == 0, high == 0]


def test_values_with_their_errors() -> None:
    assert with_error(0.00752, 0.000213) == "0.00752 ±0.0002"
    assert with_error(2.53, None) == "2.53"


def test_prefixes() -> None:
    assert common_prefix([0.0023]) == (1e-3, "m")
    assert common_prefix([999.0, 1.2e6]) == (1e6, "M")
    assert common_prefix([]) == (1.0, "")


@pytest.mark.parametrize(
    ("amount", "text"), [(0, "0"), (999, "999"), (1000, "1k"), (1.5e12, "1.5T"), (2e19, "20E")]
)
def test_with_prefix(amount: float, text: str) -> None:
    assert with_prefix(amount) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0.0 s"), (9.94, "9.9 s"), (42.4, "42 s"), (59.5, "1 min 0 s"), (7500, "2 h 5 min")],
)
def test_durations(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_sizes() -> None:
    assert memory_size(1.5 * 2**30) == "1.5 GiB"
    assert memory_size(20 * 2**20) == "20 MiB"
    assert file_size(9_460_000) == "9.5 MB"
    assert file_size(120e9) == "120 GB"
    assert file_size(0) == "0 MB"


def test_shares_and_counts() -> None:
    assert percent(0.4) == "40 %"
    assert [counted(count, "run") for count in (0, 1, 2)] == ["0 runs", "1 run", "2 runs"]
