from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from torch import Tensor
from vendi_score import vendi

from ganbench.api.scores import NonFiniteSamples
from ganbench_plugins.scores.kernels.diversity import (
    bin_divergence,
    real_bins,
    real_diversity,
    vendi_ratio,
    vendi_score,
)


def normal(n: int, d: int = 8, seed: int = 0) -> Tensor:
    return torch.randn(n, d, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@pytest.mark.parametrize(("n", "d"), [(100, 8), (30, 30), (20, 60)])
def test_agrees_with_vendi_score(n: int, d: int) -> None:
    features = normal(n, d) + 2
    centre = features.mean(0)
    expected = vendi.score_dual((features - centre).numpy(), normalize=True)
    assert vendi_score(features, centre) == pytest.approx(float(expected), rel=1e-9)


@pytest.mark.parametrize("n", [4, 40])
def test_orthogonal_samples_all_count_and_equal_ones_count_once(n: int) -> None:
    origin = torch.zeros(n, dtype=torch.float64)
    assert vendi_score(torch.eye(n), origin) == pytest.approx(n)
    assert vendi_score(torch.eye(n).repeat(3, 1), origin) == pytest.approx(n)
    assert vendi_score(torch.ones(7, n), origin) == pytest.approx(1)


def test_samples_at_the_centre_are_alike_and_unlike_the_others() -> None:
    centre = torch.full((3,), 0.1)
    assert vendi_score(centre.expand(5, 3), centre) == pytest.approx(1)
    half = torch.cat([centre.expand(4, 3), centre + torch.tensor([1.0, 0, 0]).expand(4, 3)])
    assert vendi_score(half, centre) == pytest.approx(2)


def test_the_ratio_of_a_total_collapse_is_one_over_the_real_score() -> None:
    real = normal(200)
    reference = real_diversity(real)
    assert 1 < reference.vendi < 200
    for point in (real[3], real.mean(0), 1e6 * torch.ones(8)):
        ratio = vendi_ratio(reference, point.expand(200, 8))
        assert ratio == pytest.approx(1 / reference.vendi, rel=1e-6)
    assert vendi_ratio(reference, real) == pytest.approx(1)
    assert vendi_ratio(reference, normal(200, seed=1)) == pytest.approx(1, abs=0.05)


finite = st.floats(width=32, allow_nan=False, allow_infinity=False)


@settings(deadline=None, max_examples=100)
@given(arrays(np.float32, st.tuples(st.integers(1, 9), st.integers(1, 5)), elements=finite))
def test_in_range_for_any_finite_input(values: np.ndarray) -> None:
    features = torch.from_numpy(values)
    reference = real_diversity(features)
    assert 1 <= reference.vendi <= len(features)
    assert vendi_ratio(reference, features) == 1


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 999), st.floats(0.001, 1000))
def test_invariant_under_rotation_shift_scale_and_order(seed: int, scale: float) -> None:
    features = normal(40, 5, seed) + 1
    rotation = torch.linalg.qr(normal(5, 5, seed + 1)).Q
    moved = scale * features.flip(0) @ rotation - 3
    expected = real_diversity(features).vendi
    assert real_diversity(moved).vendi == pytest.approx(expected, rel=1e-9)


def test_bin_divergence_is_zero_under_the_null_by_simulation() -> None:
    train = normal(2000, 3, seed=12345)
    found = torch.tensor(
        [
            bin_divergence(
                real_bins(train, normal(600, 3, 2 * i), bins=20), normal(400, 3, 2 * i + 1)
            )
            for i in range(40)
        ]
    )
    error = float(found.std()) / math.sqrt(len(found))
    uncorrected = 19 / 8 * (1 / 600 + 1 / 400)
    assert error < 0.1 * uncorrected
    assert abs(float(found.mean())) < 4 * error


def test_bin_divergence_sees_dropped_cells_and_is_bounded() -> None:
    generator = torch.Generator().manual_seed(0)
    modes = torch.eye(10, dtype=torch.float64)
    train, real = (
        10 * modes[torch.randint(10, (1000,), generator=generator)] + 0.1 * normal(1000, 10, seed)
        for seed in (1, 2)
    )
    bins = real_bins(train, real, bins=10, seed=3)
    half = real[real[:, :5].amax(1) > 5]
    # Half of the mass missing: JSD = 3/4 ln(4/3) of that against the whole.
    assert bin_divergence(bins, half) == pytest.approx(0.75 * math.log(4 / 3), abs=0.03)
    collapsed = bin_divergence(bins, real[:1].expand(1000, 10))
    assert bin_divergence(bins, half) < collapsed <= math.log(2)
    again = real_bins(train, real, bins=10, seed=3)
    assert bin_divergence(again, half) == bin_divergence(bins, half)


def test_refuses_what_has_no_score() -> None:
    reference = real_diversity(normal(20))
    with pytest.raises(ValueError, match="30 fakes against 20 real samples"):
        vendi_ratio(reference, normal(30))
    with pytest.raises(ValueError, match="8 real features against 3"):
        vendi_ratio(reference, normal(20, 3))
    with pytest.raises(NonFiniteSamples):
        vendi_ratio(reference, normal(20) / 0)
    with pytest.raises(ValueError, match="features: 0 samples"):
        vendi_score(normal(0), torch.zeros(8))
    with pytest.raises(ValueError, match=r"training features: 20 samples.* at least 100"):
        real_bins(normal(20), normal(20))
    with pytest.raises(NonFiniteSamples):
        bin_divergence(real_bins(normal(20), normal(20), bins=3), normal(20) / 0)
