"""The score against closed forms."""

import math

import pytest
import torch

from __MODULE__.energy import (
    energy_distance,
    within,
)


def distance(real: torch.Tensor, fake: torch.Tensor) -> float:
    return energy_distance(real, fake, within(real))


def test_by_hand() -> None:
    real, fake = torch.tensor([[0.0], [2.0]]), torch.tensor([[5.0], [9.0]])
    assert distance(real, fake) == 2 * 6 - 2 - 4


def test_two_gaussians() -> None:
    """E|N(m, 2)| = 2 exp(-m^2/4)/sqrt(pi) + m erf(m/2), and 2/sqrt(pi) at m = 0."""
    torch.manual_seed(0)
    m = 1.5
    found = distance(torch.randn(3000, 1), torch.randn(3000, 1) + m)
    between = 2 * math.exp(-m * m / 4) / math.sqrt(math.pi) + m * math.erf(m / 2)
    assert found == pytest.approx(2 * between - 4 / math.sqrt(math.pi), rel=0.1)


def test_its_null_is_zero_at_few_samples() -> None:
    torch.manual_seed(0)
    values = [distance(torch.randn(5, 2), torch.randn(5, 2)) for _ in range(2000)]
    mean, spread = torch.tensor(values).mean().item(), torch.tensor(values).std().item()
    assert abs(mean) < 4 * spread / math.sqrt(len(values))
