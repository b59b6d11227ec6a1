"""The loss against numbers worked out by hand."""

from types import SimpleNamespace
from typing import cast

import pytest
import torch
from ganbench import Step

from __MODULE__ import (
    LeastSquares,
)


def step_of(real: torch.Tensor, fake: torch.Tensor) -> Step:
    return cast("Step", SimpleNamespace(real_logits=real, fake_logits=fake))


@pytest.mark.parametrize(
    ("coding", "discriminator", "generator"), [("binary", 5.0, 2.0), ("pearson", 6.5, 2.5)]
)
def test_closed_form(coding: str, discriminator: float, generator: float) -> None:
    step = step_of(torch.tensor([0.0, 4.0]), torch.tensor([-1.0, 3.0]))
    loss = LeastSquares(coding)
    assert loss.discriminator_loss(step).item() == discriminator
    assert loss.generator_loss(step).item() == generator


@pytest.mark.parametrize(("coding", "target"), [("binary", 1.0), ("pearson", 0.0)])
def test_gradient_points_to_the_generators_target(coding: str, target: float) -> None:
    fake = torch.tensor([-1.0, 3.0], requires_grad=True)
    loss = LeastSquares(coding).generator_loss(step_of(fake, fake))
    (slope,) = torch.autograd.grad(loss, fake)
    torch.testing.assert_close(slope, (fake.detach() - target) / 2)
