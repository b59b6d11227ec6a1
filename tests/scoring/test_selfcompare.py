from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from ganbench.scoring.selfcompare import ACCURACY, FEWEST, SelfComparison

SAMPLES = torch.randn(4000, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


def between_means(one: Tensor, other: Tensor) -> float:
    return float((one.mean(dim=0) - other.mean(dim=0)).square().sum())


def test_sets_are_disjoint_and_of_the_size_that_is_asked_for() -> None:
    seen: list[tuple[Tensor, Tensor]] = []
    samples = torch.arange(100)

    def compare(one: Tensor, other: Tensor) -> float:
        seen.append((one, other))
        return 1.0

    assert SelfComparison.of(samples, 30, compare) == SelfComparison(1.0, 0.0, 0.0)
    assert len(seen) == FEWEST
    for one, other in seen:
        assert len(one) == len(other) == 30
        assert len({*one.tolist(), *other.tolist()}) == 60
    assert len({tuple(one.tolist()) for one, _ in seen}) == FEWEST


def test_two_comparisons_by_hand() -> None:
    values = iter([1.0, 3.0])
    found = SelfComparison.of(torch.arange(10), 3, lambda _, __: next(values), most=2)
    assert found == SelfComparison(2.0, pytest.approx(1.0), pytest.approx(math.sqrt(2)))


def test_stopping_early_does_not_choose_small_spreads() -> None:
    """As a floor of cv 8 % would be, whose mean four values seem to tell well enough."""
    random = torch.Generator().manual_seed(0)
    spreads = [
        SelfComparison.of(
            torch.arange(10), 3, lambda _, __: 1 + 0.08 * float(torch.randn((), generator=random))
        ).spread
        for _ in range(300)
    ]
    assert sum(spreads) / 300 == pytest.approx(0.08, rel=0.05)
    assert sum(one < 0.6 * 0.08 for one in spreads) < 15


def test_the_mean_is_known_to_three_percent() -> None:
    calls = 0

    def compare(one: Tensor, other: Tensor) -> float:
        nonlocal calls
        calls += 1
        return between_means(one, other)

    n = 200
    found = SelfComparison.of(SAMPLES, n, compare, most=5000)
    # (n / 2) times it is chi-square with two degrees: its mean and standard deviation are equal.
    assert found.error <= ACCURACY * found.mean
    assert found.spread == pytest.approx(found.mean, rel=0.1)
    assert calls == pytest.approx(1 / ACCURACY**2, rel=0.2)
    assert found.error == pytest.approx(found.spread / math.sqrt(calls))
    assert found.mean == pytest.approx(4 / n, rel=4 * ACCURACY)


def test_no_more_pairs_are_compared_than_is_allowed() -> None:
    found = SelfComparison.of(SAMPLES, 200, between_means, most=9)
    assert found.error == pytest.approx(found.spread / 3)
    assert found.error > ACCURACY * found.mean


def test_it_is_the_same_every_time_whatever_else_is_drawn() -> None:
    first = SelfComparison.of(SAMPLES, 200, between_means, most=9)
    torch.rand(7)
    assert SelfComparison.of(SAMPLES, 200, between_means, most=9) == first


def test_what_is_kept_is_read_back() -> None:
    found = SelfComparison.of(SAMPLES, 200, between_means, most=9)
    assert SelfComparison.read(*found.kept()) == found
    assert found.scaled(2) == SelfComparison(2 * found.mean, 2 * found.error, 2 * found.spread)


@pytest.mark.parametrize("size", [0, 51])
def test_two_sets_must_be_there(size: int) -> None:
    with pytest.raises(ValueError, match=f"100 samples have no two sets of {size}"):
        SelfComparison.of(torch.arange(100), size, between_means)
