from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
import torch

from ganbench import Data
from ganbench_plugins.datasets.points import (
    grid_centres,
    high_centres,
    load_grid,
    load_high,
    load_ring,
    ring_centres,
)
from ganbench_plugins.scores.kernels.modes import high_quality_floor, known_modes


def test_ring_has_eight_distinct_modes() -> None:
    distances = np.linalg.norm(ring_centres()[:, None] - ring_centres()[None], axis=-1)
    steps = np.abs(np.arange(8)[:, None] - np.arange(8)[None])
    np.testing.assert_allclose(distances, 2 * np.sin(np.pi * steps / 8), atol=1e-12)
    np.testing.assert_allclose(np.linalg.norm(ring_centres(), axis=1), 1)


def test_grid_is_every_pair_of_even_numbers_up_to_four() -> None:
    wanted = {(x, y) for x in (-4, -2, 0, 2, 4) for y in (-4, -2, 0, 2, 4)}
    assert {(x, y) for x, y in grid_centres().tolist()} == wanted
    assert len(grid_centres()) == 25


@pytest.mark.parametrize(("load", "k", "sigma"), [(load_ring, 8, 0.01), (load_grid, 25, 0.05)])
def test_samples_follow_the_mixture(load: Callable[[], Data], k: int, sigma: float) -> None:
    data = load()
    assert data.modes is not None
    assert data.train_labels is not None
    assert (data.modes.sigma, data.modes.centres.shape) == (sigma, (k, 2))
    assert (data.train.shape, data.heldout.shape) == ((100_000, 2), (10_000, 2))
    assert data.train.dtype == data.modes.centres.dtype == torch.float32
    assert data.info.shape == (2,)
    assert data.info.classes == k

    assert torch.equal(torch.cdist(data.train, data.modes.centres).argmin(1), data.train_labels)
    residual = (data.train - data.modes.centres[data.train_labels]).double()
    n = residual.numel()
    assert abs(residual.mean()) < 5 * sigma / math.sqrt(n)
    assert abs(residual.std() / sigma - 1) < 5 / math.sqrt(2 * n)
    within = (residual.norm(dim=1) < 3 * sigma).double().mean()  # 1 - exp(-9/2) in two dimensions
    assert float(within) == pytest.approx(1 - math.exp(-4.5), abs=5 * 0.105 / math.sqrt(100_000))
    counts = torch.bincount(data.train_labels, minlength=k).double()
    chi2 = float(((counts - 100_000 / k) ** 2 / (100_000 / k)).sum())
    assert chi2 < (k - 1) + 5 * math.sqrt(2 * (k - 1))


def test_splits_differ_and_loads_agree() -> None:
    first, second = load_ring(), load_ring()
    assert torch.equal(first.train, second.train)
    assert torch.equal(first.heldout, second.heldout)
    train = {(x, y) for x, y in first.train.tolist()}
    assert len({(x, y) for x, y in first.heldout.tolist()} & train) < 10  # equal only by rounding


def test_global_random_state_is_left_alone() -> None:
    before, torch_before = np.random.get_state()[1].copy(), torch.get_rng_state()
    load_ring()
    np.testing.assert_array_equal(np.random.get_state()[1], before)
    assert torch.equal(torch.get_rng_state(), torch_before)


def test_the_modes_in_1200_dimensions_are_apart_and_their_samples_of_high_quality() -> None:
    data = load_high()
    centres = high_centres()
    assert data.modes is not None
    assert data.train_labels is not None
    apart = np.linalg.norm(centres[:, None] - centres[None], axis=-1)[~np.eye(10, dtype=bool)]
    assert 25 < apart.min() < apart.max() < 31
    assert (data.train.shape, data.heldout.shape) == ((10_000, 1200), (2_500, 1200))
    panel = known_modes(data.heldout, data.modes.centres, data.modes.sigma)
    assert panel["modes"] == panel["modes10"] == 10
    share = high_quality_floor(1200)
    assert share == pytest.approx(1 - math.exp(-4.5), rel=1e-12)
    error = math.sqrt(share * (1 - share) / 2_500)
    assert panel["high_quality"] == pytest.approx(share, abs=4 * error)
    noise = torch.randn(500, 1200, generator=torch.Generator().manual_seed(0))
    wide = data.modes.centres[:1] + 0.12 * noise  # a fifth too wide: six standard deviations off
    assert known_modes(wide, data.modes.centres, data.modes.sigma)["high_quality"] < 0.01
