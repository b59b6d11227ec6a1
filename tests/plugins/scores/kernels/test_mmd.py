from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor
from torch_fidelity.metric_kid import kid_features_to_metric

from ganbench.api.scores import NonFiniteSamples
from ganbench_plugins.scores.kernels import mmd
from ganbench_plugins.scores.kernels.mmd import kernel_distance, real_kernel


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
