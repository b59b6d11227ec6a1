from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor
from torch_fidelity.metric_kid import kid_features_to_metric

from ganbench.api.scores import NonFiniteSamples
from ganbench_plugins.scores.kernels import mmd
from ganbench_plugins.scores.kernels.mmd import (
    distance_cap,
    kernel_distance,
    real_kernel,
    spread_by_counts,
)


def normal(n: int, d: int = 24, seed: int = 0) -> Tensor:
    return torch.randn(n, d, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@pytest.mark.parametrize("shift", [0, 0.5])
def test_agrees_with_torch_fidelity_on_one_subset_of_full_size(shift: float) -> None:
    real, fake = normal(150), normal(150, seed=1) + shift
    reference = kid_features_to_metric(
        real, fake, kid_subsets=1, kid_subset_size=150, verbose=False
    )["kernel_inception_distance_mean"]
    assert kernel_distance(real_kernel(real), fake) == pytest.approx(reference, rel=1e-9)


def test_tiles_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    real, fake = normal(53), normal(37, seed=1)
    whole = kernel_distance(real_kernel(real), fake)
    monkeypatch.setattr(mmd, "TILE", 10)
    assert kernel_distance(real_kernel(real), fake) == pytest.approx(whole, rel=1e-12)


def test_unbiased_also_at_unequal_sizes() -> None:
    found = torch.tensor(
        [
            kernel_distance(real_kernel(normal(40, 4, 2 * i)), normal(15, 4, 2 * i + 1))
            for i in range(400)
        ]
    )
    assert abs(float(found.mean())) < 4 * float(found.std()) / math.sqrt(len(found))
    assert float(found.min()) < 0 < float(found.max())


def test_identical_sets_are_below_zero_by_the_diagonal_alone() -> None:
    # The unbiased estimator leaves k(x, x) out within the sets and not between them.
    real = normal(30)
    own = (real.square().sum(1) / 24 + 1) ** 3
    values = (real @ real.T / 24 + 1) ** 3
    expected = 2 * (values.sum() - own.sum()) / (30 * 29) - 2 * values.mean()
    assert kernel_distance(real_kernel(real), real) == pytest.approx(float(expected))
    assert float(expected) < 0


def test_constant_and_extreme_sets_stay_finite() -> None:
    real = normal(30)
    for fake in (torch.zeros(5, 24), 3e38 * torch.ones(5, 24), real[:1].expand(9, 24)):
        assert math.isfinite(kernel_distance(real_kernel(real), fake))


def test_refuses_what_has_no_distance() -> None:
    real = real_kernel(normal(30))
    with pytest.raises(ValueError, match=r"fake features: 1 samples"):
        kernel_distance(real, normal(1))
    with pytest.raises(ValueError, match=r"24 real features against 3"):
        kernel_distance(real, normal(9, 3))
    with pytest.raises(NonFiniteSamples):
        kernel_distance(real, normal(9) / 0)


def test_the_cap_is_the_distance_of_the_mean_from_all_pairs() -> None:
    real = normal(30) + 0.5
    mean = real.mean(dim=0, keepdim=True)

    def kernel(one: Tensor, other: Tensor) -> Tensor:
        return (one @ other.T / 24 + 1) ** 3

    expected = kernel(real, real).mean() + kernel(mean, mean) - 2 * kernel(real, mean).mean()
    assert distance_cap(real_kernel(real)) == pytest.approx(float(expected.squeeze()))


def test_the_cap_of_a_few_samples_is_nearly_that_of_their_law() -> None:
    """What the unbiased distance has for the mean of ten samples is not: it is mostly below 0."""
    law = distance_cap(real_kernel(normal(8000, 4, 99) + 1))
    for n, error in ((40, 0.2), (400, 0.05)):
        caps = [distance_cap(real_kernel(normal(n, 4, seed) + 1)) for seed in range(200)]
        assert sum(caps) / 200 == pytest.approx(law, rel=error)
    few = [real_kernel(normal(10, 4, seed) + 1) for seed in range(200)]
    alone = [kernel_distance(one, one.features.mean(dim=0).expand(2, 4)) for one in few]
    assert sum(alone) / 200 < 0 < min(map(distance_cap, few))


@given(st.integers(2, 9), st.integers(1, 5), st.floats(-50, 50), st.integers(0, 99))
def test_no_cap_is_below_zero(n: int, d: int, shift: float, seed: int) -> None:
    assert distance_cap(real_kernel(normal(n, d, seed) + shift)) >= 0


def test_samples_that_do_not_vary_have_no_cap() -> None:
    scale = (3.0 * 3 + 1) ** 3
    assert distance_cap(real_kernel(torch.full((7, 3), 3.0))) == pytest.approx(0, abs=1e-9 * scale)


@pytest.mark.parametrize("counts", [(40, 40), (80, 20), (15, 60)])
def test_the_spread_falls_with_the_counts_as_is_said(counts: tuple[int, int]) -> None:
    def spread(n: int, m: int) -> float:
        found = [
            kernel_distance(real_kernel(normal(n, 4, 2 * i)), normal(m, 4, 2 * i + 1))
            for i in range(1500)
        ]
        return float(torch.tensor(found).std())

    expected = spread_by_counts(*counts) / spread_by_counts(20, 20)
    assert spread(*counts) / spread(20, 20) == pytest.approx(expected, rel=0.15)
