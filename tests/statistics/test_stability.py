from __future__ import annotations

import itertools
import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ganbench.statistics.stability import (
    LEARNING_RATE_GRID,
    NOISE_LIMIT,
    diverged,
    evaluation_noise,
    geometric_mean,
    late_degradation,
    learning_rate_sensitivity,
    oscillation,
    retained_utility,
    seed_dispersion,
    tuning_curve,
    utility,
)

CAP, FLOOR = 100.0, 1.0
MISSING = (None, math.nan, math.inf)


def test_utility_runs_from_the_cap_to_the_floor() -> None:
    assert utility(100, CAP, FLOOR) == 0
    assert utility(10, CAP, FLOOR) == pytest.approx(0.5)
    assert utility(1, CAP, FLOOR) == 1
    for beyond_cap in (101.0, 1e300):
        assert utility(beyond_cap, CAP, FLOOR) == 0
    for beyond_floor in (0.5, 0.0, -1e-9):
        assert utility(beyond_floor, CAP, FLOOR) == 1
    for missing in MISSING:
        assert utility(missing, CAP, FLOOR) == 0


@given(st.floats(allow_nan=True), st.floats(1e-6, 1e6), st.floats(1.001, 1e6))
def test_utility_is_in_range_and_falls(distance: float, floor: float, ratio: float) -> None:
    found = utility(distance, floor * ratio, floor)
    assert 0 <= found <= 1
    if math.isfinite(distance) and distance > 0:
        assert utility(2 * distance, floor * ratio, floor) <= found


@pytest.mark.parametrize(
    ("cap", "floor"), [(1, 1), (1, 2), (1, 0), (math.inf, 1), (math.nan, 1), (2, math.nan)]
)
def test_utility_needs_a_cap_above_a_floor(cap: float, floor: float) -> None:
    with pytest.raises(ValueError, match="0 < floor < zero"):
        utility(1, cap, floor)


@pytest.mark.parametrize(
    ("curve", "expected"),
    [
        ([49, 101, 101], True),
        ([49, 80, 101, 102], True),
        ([49, 101, 80, 101], False),  # not twice in a row
        ([51, 101, 101, 101], False),  # never was good
        ([101, 101, 49], False),  # bad before it was good
        ([101, 49, 101], False),
        ([49, 101, None, 101], False),  # a failure has its own status
        ([], False),
    ],
)
def test_diverged(curve: list[float | None], expected: bool) -> None:
    assert diverged(curve, CAP) is expected


def test_seed_dispersion_is_the_deviation_of_logarithms() -> None:
    assert seed_dispersion([1, math.e**2]) == pytest.approx(math.sqrt(2))
    assert seed_dispersion([1, None, math.e**2, math.nan]) == pytest.approx(math.sqrt(2))
    assert seed_dispersion([1, math.e**2], noise_sd=1) == pytest.approx(1)
    assert seed_dispersion([1, math.e**2], noise_sd=5) == 0
    assert seed_dispersion([3, 3, 3]) == 0
    assert seed_dispersion([3, None, None]) is None
    assert seed_dispersion([]) is None


def test_late_degradation() -> None:
    assert late_degradation(8, 2) == pytest.approx(2 * math.log(2))
    assert late_degradation(2, 8) == pytest.approx(-2 * math.log(2))
    for missing in MISSING:
        assert late_degradation(missing, 2) is None
        assert late_degradation(2, missing) is None


def test_evaluation_noise_is_pooled_over_generators() -> None:
    # Variances of ln distance: 1/3 (0, 0, 1 has deviations of 2/3 in squares, two degrees) and 1/2.
    first, second = [1.0, 1.0, math.e], [2.0, 2.0 * math.e]
    pooled = (2 / 3 + 1 / 2) / 3
    assert evaluation_noise([first, second]) == pytest.approx(math.sqrt(pooled))
    assert evaluation_noise([[1.0, 1.0], []]) == 0
    assert evaluation_noise([[1.0], [2.0]]) is None
    assert evaluation_noise([[1.0, -1.0]]) is None
    assert evaluation_noise([[1.0, None]]) is None


def test_two_noisy_evaluations_rarely_differ_by_the_noise_limit() -> None:
    rng = random.Random(1)  # noqa: S311
    rises = [rng.gauss(0, 1) - rng.gauss(0, 1) for _ in range(20_000)]
    beyond = sum(rise > NOISE_LIMIT for rise in rises) / len(rises)
    assert beyond == pytest.approx(0.0228, abs=0.004)  # P(Z > 2)


def test_geometric_mean() -> None:
    assert geometric_mean([1.0, 4.0]) == pytest.approx(2)
    assert geometric_mean([]) is None
    assert geometric_mean([1.0, None]) is None
    assert geometric_mean([1.0, 0.0]) is None


def test_oscillation_counts_rises_of_the_second_half() -> None:
    e = math.e
    assert oscillation([9, 1, 9, 1, 1, 1, 1, 1]) == 0  # restless early, steady late
    assert oscillation([1, 1, 1, e, 1, e, 1, e]) == pytest.approx(2)
    assert oscillation([1, 1, 1, 1, e, 1, 1, 1]) == pytest.approx(1)  # the first late evaluation
    assert oscillation([1, 1, 1, e, e, e, e, e]) == 0
    assert oscillation([1, 1, 1, 1, e, 1, e, 1], noise=0.25) == pytest.approx(1.5)
    assert oscillation([1, 1, 1, 1, e, 1, e, 1], noise=2) == 0
    assert oscillation([8, 7, 6, 5, 4, 3, 2, 1]) == 0


def test_oscillation_of_a_curve_with_holes() -> None:
    assert oscillation([None, 1, 1, 1]) == 0  # the hole is in the first half
    for missing in MISSING:
        assert oscillation([1, 1, 1, missing]) is None
        assert oscillation([1, missing, 1, 1]) is None  # the evaluation before the second half
    assert oscillation([1]) is None
    assert oscillation([]) is None


@pytest.mark.parametrize("distance", [0.0, -1.0])
def test_what_has_no_logarithm_is_no_distance(distance: float) -> None:
    for score in (
        lambda: seed_dispersion([1, distance]),
        lambda: late_degradation(distance, 1),
        lambda: oscillation([1, distance]),
    ):
        with pytest.raises(ValueError, match="has no logarithm"):
            score()


def test_learning_rate_sensitivity() -> None:
    flat = learning_rate_sensitivity(dict.fromkeys(LEARNING_RATE_GRID, 0.7))
    assert flat is not None
    assert flat.mean_loss == 0
    assert flat.width == pytest.approx(math.log10(81))
    peak = learning_rate_sensitivity({1 / 9: 0, 1 / 3: 0, 1: 1, 3: 0, 9: 0})
    assert peak is not None
    assert peak.mean_loss == pytest.approx(0.8)
    assert peak.width == pytest.approx(2 * 0.2 * math.log10(3))  # a fifth of each flank
    two = learning_rate_sensitivity({0.1: 0.5, 1: 0.5, 10: 0.3})
    assert two is not None
    assert two.width == pytest.approx(1 + 0.5)
    assert learning_rate_sensitivity({0.1: 0.0, 1: 0.0}) is None
    for bad in ({1: 0.5}, {}, {0: 0.5, 1: 0.5}):
        with pytest.raises(ValueError, match="two or more positive multipliers"):
            learning_rate_sensitivity(bad)


@given(
    st.lists(st.one_of(st.none(), st.floats(0.1, 100)), min_size=1, max_size=7),
)
def test_the_tuning_curve_is_the_mean_over_all_subsets(distances: list[float | None]) -> None:
    found = tuning_curve(distances)
    assert len(found) == len(distances)
    failed = distances.count(None)
    for k, value in enumerate(found, start=1):
        if k <= failed:
            assert value is None
            continue
        subsets = list(itertools.combinations(distances, k))
        best = [min(each for each in subset if each is not None) for subset in subsets]
        assert value == pytest.approx(sum(best) / len(best))


def test_retained_utility_of_known_histories() -> None:
    def curve(*utilities: float) -> list[float | None]:
        return [CAP ** (1 - u) for u in utilities]  # floor 1: the utility's own inverse

    steady = [curve(0.2, 0.6, 0.8)] * 5
    assert retained_utility(steady, CAP, FLOOR) == pytest.approx(1)
    # One of five never finishes: a fifth of the utility is gone, the best stays.
    one_failed = [*steady[:4], [50.0, None, None]]
    assert retained_utility(one_failed, CAP, FLOOR) == pytest.approx(0.8)
    stopped_short = [*steady[:4], curve(0.2, 0.8)]
    assert retained_utility(stopped_short, CAP, FLOOR) == pytest.approx(0.8)
    # Late degradation counts against the best that was ever reached.
    assert retained_utility([curve(0.2, 0.8, 0.4)], CAP, FLOOR) == pytest.approx(0.5)
    # Bad but steady is steady: the score is about keeping, not about reaching.
    assert retained_utility([curve(0.1, 0.1)] * 3, CAP, FLOOR) == pytest.approx(1)
    spread = [curve(0.1, 0.8), curve(0.1, 0.4)]
    assert retained_utility(spread, CAP, FLOOR) == pytest.approx(0.75)


def test_retained_utility_of_what_never_trained_is_undefined() -> None:
    assert retained_utility([[CAP, 2 * CAP], [None, None]], CAP, FLOOR) is None
    assert retained_utility([[]], CAP, FLOOR) is None
    assert retained_utility([[50.0, None]], CAP, FLOOR) == 0  # it did train, and lost all
    with pytest.raises(ValueError, match="no runs"):
        retained_utility([], CAP, FLOOR)


curves = st.lists(
    st.lists(st.one_of(st.none(), st.floats(0.01, 1e4)), max_size=6), min_size=1, max_size=5
)


@given(curves)
def test_retained_utility_is_in_range_and_falls_with_a_failure(
    histories: list[list[float | None]],
) -> None:
    found = retained_utility(histories, CAP, FLOOR)
    if found is None:
        return
    assert 0 <= found <= 1
    with_failure = retained_utility([*histories, []], CAP, FLOOR)
    assert with_failure == pytest.approx(found * len(histories) / (len(histories) + 1))
