"""Consistency of images and latents, and the range of the generator's Jacobian, by hand."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from ganbench.training.loop import Eager
from ganbench.training.step import Batch, TrainingStep
from ganbench_plugins.techniques.consistency import (
    BalancedConsistency,
    Consistency,
    LatentConsistency,
)
from ganbench_plugins.techniques.diffaugment import augment
from ganbench_plugins.techniques.jacobian_clamping import JacobianClamping

from ...proof.proofs import advance, catalogue_with, data_of, trainer_of


class Corner(nn.Module):
    """Judges by one pixel, so that a shift changes what it says."""

    def forward(self, samples: Tensor) -> Tensor:
        return samples[:, 0, 0, 0]


def images_step() -> TrainingStep:
    torch.manual_seed(0)
    real, fake = torch.randn(2, 6, 1, 8, 8, dtype=torch.float64)
    return TrainingStep(nn.Identity(), Corner(), {}, Batch(latent=fake, fake=fake, real=real))


def shifted(images: Tensor) -> Tensor:
    return augment(images, ("translation",))[:, 0, 0, 0] - images[:, 0, 0, 0]


def test_images_by_hand() -> None:
    step = images_step()
    for technique, weights in (
        (Consistency(weight=3.0), (3.0, 0.0)),
        (BalancedConsistency(weight=3.0, fake_weight=5.0), (3.0, 5.0)),
    ):
        torch.manual_seed(7)
        found = technique.discriminator_loss(step).item()
        torch.manual_seed(7)
        expected = weights[0] * shifted(step.real).square().mean()
        if weights[1]:
            expected += weights[1] * shifted(step.fake).square().mean()
        assert found == pytest.approx(expected.item())


def test_latents_by_hand() -> None:
    """G(z) = 2z and D(x) = x: neighbours at distance d are 2d apart, in samples and logits."""
    latent = torch.randn(8, 1, dtype=torch.float64)

    class Double(nn.Module):
        def forward(self, inputs: Tensor) -> Tensor:
            return 2 * inputs

    step = TrainingStep(Double(), nn.Identity(), {}, Batch(latent=latent, fake=2 * latent))
    torch.manual_seed(3)
    away = 0.07 * torch.randn_like(latent)
    technique = LatentConsistency()
    torch.manual_seed(3)
    judged = technique.discriminator_loss(step).item()
    torch.manual_seed(3)
    moved = technique.generator_loss(step).item()
    squares = (2 * away).square().mean().item()
    assert judged == pytest.approx(20 * squares)
    assert moved == pytest.approx(-0.5 * squares)


def test_no_gradient_of_the_discriminators_terms_reaches_the_generator() -> None:
    trainer = trainer_of("dcgan+hinge+bcr+zcr[model.width=8]", data_of("digits"), catalogue_with())
    Eager(trainer).discriminator_step()
    assert all(weight.grad is None for weight in trainer.trained["generator"])
    advance(trainer, 2)


@pytest.mark.parametrize(("gain", "term"), [(0.25, 0.75**2), (1.0, 0), (20.0, 0), (23.0, 9.0)])
def test_the_jacobian_of_a_linear_generator_is_exact(gain: float, term: float) -> None:
    class Linear(nn.Module):
        def forward(self, latent: Tensor) -> Tensor:
            return gain * latent

    latent = torch.randn(8, 3, dtype=torch.float64)
    step = TrainingStep(
        Linear(), nn.Identity(), {}, Batch(latent=latent, fake=gain * latent), role="generator"
    )
    for size in (1.0, 1e-3):
        found = JacobianClamping(step_size=size).generator_loss(step).item()
        assert found == pytest.approx(term, abs=1e-6)


def test_clamping_goes_with_any_loss() -> None:
    trainer = trainer_of("vanilla+jacobian-clamping:0.1", data_of("ring8"), catalogue_with())
    advance(trainer, 2)
