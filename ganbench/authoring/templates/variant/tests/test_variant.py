"""The loss against numbers worked out by hand, the networks against what the paper promises."""

from types import SimpleNamespace
from typing import cast

import pytest
import torch
from ganbench import DataInfo, Step

from __MODULE__ import (
    Hinge,
)
from __MODULE__.networks import (
    build,
)

POINTS = DataInfo(name="points", modality="points", shape=(2,))
IMAGES = [
    DataInfo(name="im", modality="image", shape=shape)
    for shape in ((1, 8, 8), (3, 28, 28), (1, 16, 24))
]


def step_of(real: torch.Tensor, fake: torch.Tensor) -> Step:
    return cast("Step", SimpleNamespace(real_logits=real, fake_logits=fake))


def test_hinge_in_closed_form() -> None:
    step = step_of(torch.tensor([2.0, 0.0]), torch.tensor([-3.0, 1.0]))
    assert Hinge().discriminator_loss(step).item() == 0.5 + 1.0
    assert Hinge().generator_loss(step).item() == 1.0


def test_samples_beyond_the_margin_have_no_gradient() -> None:
    real = torch.tensor([2.0, 0.0], requires_grad=True)
    loss = Hinge().discriminator_loss(step_of(real, torch.zeros(2)))
    (slope,) = torch.autograd.grad(loss, real)
    torch.testing.assert_close(slope, torch.tensor([0.0, -0.5]))


@pytest.mark.parametrize("data", [POINTS, *IMAGES], ids=str)
def test_shapes(data: DataInfo) -> None:
    networks = build(data, width=4)
    fakes = networks.generator(torch.randn(3, networks.latent.size))
    assert fakes.shape == (3, *data.shape)
    assert networks.discriminator(fakes).shape == (3, 1)


def test_the_discriminator_is_1_lipschitz() -> None:
    torch.manual_seed(0)
    critic = build(POINTS, width=4).discriminator
    with torch.no_grad():
        for parameter in critic.parameters():
            parameter.mul_(100)
    for _ in range(200):  # each pass is one power iteration
        critic(torch.zeros(1, 2))
    critic.eval()
    x = torch.randn(500, 2, requires_grad=True)
    (slopes,) = torch.autograd.grad(critic(x).sum(), x)
    assert slopes.norm(dim=1).max() <= 1.001
