"""Intervals of scores of samples, against the spread of new samples."""

from __future__ import annotations

import math
import statistics

import pytest
import torch

from ganbench.inference.resampling import _wider


@pytest.mark.parametrize(
    ("count", "taken", "of_half"),
    [(400, 400, 200), (400, 200, 200), (400, 100, 100), (400, 300, 200), (401, 401, 200)],
    ids=["all of both", "half of all", "the first hundred", "three quarters", "an odd number"],
)
def test_halves_tell_the_standard_error_of_new_samples(
    count: int, taken: int, of_half: int
) -> None:
    """Of a mean, whose standard error is known: sigma / sqrt(taken)."""
    own = torch.Generator().manual_seed(0)
    found = []
    for _ in range(40):
        samples = torch.randn(count, dtype=torch.float64, generator=own)
        halves = [torch.randperm(count, generator=own)[: count // 2] for _ in range(50)]
        spread = statistics.variance([float(samples[one[:of_half]].mean()) for one in halves])
        found.append(spread * _wider(taken, of_half, count) ** 2)
    assert statistics.fmean(found) == pytest.approx(1 / taken, rel=0.1)


def test_what_does_not_tell_how_many_it_takes_is_left_as_it_is() -> None:
    assert _wider(0, 0, 100) == _wider(5, 0, 100) == _wider(0, 5, 100) == 1.0
    assert _wider(100, 100, 100) == 1.0  # the half was not heeded
    assert math.isclose(_wider(100, 50, 100), 1.0)
