from __future__ import annotations

import math

import numpy as np
import ot
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from torch import Tensor

from ganbench.api.scores import NonFiniteSamples
from ganbench_plugins.scores.kernels.frechet import frechet_distance, gaussian_statistics
from ganbench_plugins.scores.kernels.modes import ring_centres
from ganbench_plugins.scores.kernels.wasserstein import (
    sliced_wasserstein_squared,
    wasserstein_squared,
)


def normal(n: int, d: int = 2, seed: int = 0) -> Tensor:
    return torch.randn(n, d, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def pot(real: Tensor, fake: Tensor) -> float:
    costs = ot.dist(real.numpy(), fake.numpy(), metric="sqeuclidean")
    return float(ot.emd2(ot.unif(len(real)), ot.unif(len(fake)), costs))


@pytest.mark.parametrize("d", [1, 2, 7])
def test_agrees_with_pot(d: int) -> None:
    real, fake = normal(120, d), 0.5 * normal(120, d, seed=1) + 1
    assert wasserstein_squared(real, fake) == pytest.approx(pot(real, fake), rel=1e-9)


def test_sliced_agrees_with_pot_on_the_same_directions() -> None:
    real, fake = normal(80, 3), normal(80, 3, seed=1) + 0.3
    generator = torch.Generator().manual_seed(4)
    directions = torch.randn(100, 3, generator=generator, dtype=torch.float64)
    directions /= directions.norm(dim=1, keepdim=True)
    expected = ot.sliced_wasserstein_distance(
        real.numpy(), fake.numpy(), projections=directions.T.numpy()
    )
    found = sliced_wasserstein_squared(real, fake, projections=100, seed=4)
    assert found == pytest.approx(float(expected) ** 2, rel=1e-9)


def test_sliced_is_exact_on_a_line_and_less_elsewhere() -> None:
    real, fake = normal(90, 1), normal(90, 1, seed=1) + 2
    assert sliced_wasserstein_squared(real, fake) == pytest.approx(wasserstein_squared(real, fake))
    shift = torch.tensor([3.0, 0, 0], dtype=torch.float64)
    real = normal(90, 3)
    found = sliced_wasserstein_squared(real, real + shift, projections=20_000)
    assert found == pytest.approx(9 / 3, rel=0.03)  # E (theta · shift)² = |shift|² / d


def test_sliced_depends_on_nothing_but_its_seed() -> None:
    real, fake = normal(50), normal(50, seed=1)
    first = sliced_wasserstein_squared(real, fake, seed=1)
    assert first == sliced_wasserstein_squared(real, fake, seed=1)
    assert first != sliced_wasserstein_squared(real, fake, seed=2)


finite = st.floats(-1e3, 1e3, allow_nan=False, width=32)
pairs = (
    st.tuples(st.integers(1, 10), st.integers(1, 4))
    .flatmap(
        lambda shape: st.tuples(
            arrays(np.float64, shape, elements=finite), arrays(np.float64, shape, elements=finite)
        )
    )
    .map(lambda pair: tuple(torch.from_numpy(each) for each in pair))
)


@pytest.mark.parametrize("distance", [wasserstein_squared, sliced_wasserstein_squared])
@settings(deadline=None, max_examples=40)
@given(pair=pairs, scale=st.floats(0.01, 100))
def test_is_a_squared_distance(distance, pair: tuple[Tensor, Tensor], scale: float) -> None:
    real, fake = pair
    tolerance = 1e-9 * float(real.square().sum() + fake.square().sum()) + 1e-9
    found = distance(real, fake)
    assert math.isfinite(found)
    assert found >= 0
    assert found == pytest.approx(distance(fake, real), abs=tolerance)
    assert distance(real, real.flip(0)) == pytest.approx(0, abs=tolerance)  # order means nothing
    scaled = distance(scale * real, scale * fake)
    assert scaled == pytest.approx(scale**2 * found, abs=tolerance * max(1, scale**2))
    moved = distance(real + 7, fake + 7)
    assert moved == pytest.approx(found, abs=tolerance)


@settings(deadline=None, max_examples=40)
@given(pair=pairs, seed=st.integers(0, 99))
def test_exact_is_invariant_under_rotation_and_bounds_sliced(
    pair: tuple[Tensor, Tensor], seed: int
) -> None:
    real, fake = pair
    rotation = torch.linalg.qr(normal(real.shape[1], real.shape[1], seed)).Q
    found = wasserstein_squared(real, fake)
    tolerance = 1e-9 * float(real.square().sum() + fake.square().sum()) + 1e-9
    assert wasserstein_squared(real @ rotation, fake @ rotation) == pytest.approx(
        found, abs=tolerance
    )
    assert sliced_wasserstein_squared(real, fake) <= found + tolerance


def test_sees_the_collapse_on_a_ring_that_the_frechet_distance_does_not() -> None:
    centres, n = ring_centres(), 800
    real = centres[torch.arange(n) % 8] + 0.01 * normal(n)
    fake = centres[2 * (torch.arange(n) % 4)] + 0.01 * normal(n, seed=1)  # every second mode
    statistics = gaussian_statistics(real)
    assert statistics.trace == pytest.approx(1, abs=0.01)
    assert frechet_distance(statistics, fake) < 1e-3
    # Half of the mass must move to a neighbouring mode, 2 sin(pi/8) away.
    assert wasserstein_squared(real, fake) == pytest.approx(
        0.5 * (2 * math.sin(math.pi / 8)) ** 2, rel=0.05
    )
    assert sliced_wasserstein_squared(real, fake) > 0.01


def test_total_collapse_costs_the_mean_squared_distance_to_the_point() -> None:
    real = normal(300)
    point = torch.tensor([0.5, -1.0], dtype=torch.float64)
    expected = float((real - point).square().sum(1).mean())
    assert wasserstein_squared(real, point.expand(300, 2)) == pytest.approx(expected)


def test_refuses_what_cannot_be_matched() -> None:
    for distance in (wasserstein_squared, sliced_wasserstein_squared):
        with pytest.raises(ValueError, match="4 real against 5 fake samples"):
            distance(normal(4), normal(5))
        with pytest.raises(ValueError, match="real samples: 0 samples"):
            distance(normal(0), normal(0))
        with pytest.raises(ValueError, match="2 real features against 3"):
            distance(normal(4), normal(4, 3))
        with pytest.raises(NonFiniteSamples, match="fake samples"):
            distance(normal(4), normal(4) / 0)
    with pytest.raises(ValueError, match="0 projections"):
        sliced_wasserstein_squared(normal(4), normal(4), projections=0)
