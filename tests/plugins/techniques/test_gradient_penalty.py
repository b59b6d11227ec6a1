"""The gradient penalty as a technique: two sides and one, and the loss that has it built in."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from ganbench.training.loop import Eager
from ganbench.training.step import Batch, TrainingStep
from ganbench_plugins.techniques.gradient_penalty import GradientPenalty

from ...training.small import image, points, random_data, variant_trainer


def linear_step(slope: float) -> TrainingStep:
    """Between all samples the discriminator's slope is that number in the first coordinate."""
    line = nn.Linear(2, 1)
    with torch.no_grad():
        line.weight.copy_(torch.tensor([[slope, 0.0]]))
    samples = torch.randn(6, 2)
    return TrainingStep(nn.Identity(), line, {}, Batch(latent=samples, fake=samples, real=-samples))


@pytest.mark.parametrize(
    ("slope", "both", "above"), [(3.0, 4.0, 4.0), (0.5, 0.25, 0.0), (1.0, 0.0, 0.0)]
)
def test_one_side_leaves_slopes_below_1_alone(slope: float, both: float, above: float) -> None:
    step = linear_step(slope)
    two = GradientPenalty(weight=1.0, sides=2).discriminator_loss(step)
    one = GradientPenalty(weight=1.0, sides=1).discriminator_loss(step)
    assert (two.item(), one.item()) == pytest.approx((both, above), abs=1e-6)


def test_lp_is_the_penalty_of_one_side() -> None:
    data = random_data(points(), 600)
    trainers = [
        variant_trainer(name, data) for name in ("mlp+hinge+lp:3", "mlp+hinge+gp:3[gp.sides=1]")
    ]
    for trainer in trainers:
        torch.manual_seed(0)
        Eager(trainer).step(0, 0.0)
    ours, theirs = (one.networks.discriminator.state_dict() for one in trainers)
    assert all(map(torch.equal, ours.values(), theirs.values()))
    assert trainers[0].objective.needs("discriminator", 0) == trainers[1].objective.needs(
        "discriminator", 0
    )


def test_a_loss_with_the_technique_is_the_loss_that_has_it_built_in() -> None:
    """Bit by bit: WGAN-GP is the Wasserstein loss and the penalty."""
    data = random_data(points(), 600)
    names = ("mlp+wgan-gp[loss.penalty=7]", "mlp+wasserstein+gp:7")
    trainers = [variant_trainer(name, data) for name in names]
    assert trainers[0].training == trainers[1].training
    for trainer in trainers:
        torch.manual_seed(0)  # mixes are drawn from the global numbers
        Eager(trainer).step(0, 0.0)
    for side in ("generator", "discriminator"):
        ours, theirs = (getattr(one.networks, side).state_dict() for one in trainers)
        assert all(map(torch.equal, ours.values(), theirs.values()))


def test_with_weight_0_the_bits_are_those_without() -> None:
    data = random_data(image(8))
    names = ("mlp+hinge+gp:0", "mlp+hinge")
    trainers = [variant_trainer(name, data) for name in names]
    for trainer in trainers:
        Eager(trainer).step(0, 0.0)
    ours, theirs = (one.networks.discriminator.state_dict() for one in trainers)
    assert all(map(torch.equal, ours.values(), theirs.values()))
