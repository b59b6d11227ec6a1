"""WGAN-GP (Gulrajani et al. 2017, arXiv:1704.00028): a critic kept 1-Lipschitz by a penalty.

Critic (algorithm 1): minimise D(G(z)) - D(x) + lambda (|grad D(x_hat)|_2 - 1)^2 with
x_hat = e x + (1 - e) G(z), one e ~ U(0, 1) per sample. Generator: minimise -D(G(z)).

Images (appendix F): residual networks, Adam 2e-4 (0, .9) decayed linearly to zero, 5 critic steps,
lambda 10, batches of 64 for the critic and of 128 for the generator.
Points (the authors' toy code): three hidden ReLU layers, Adam 1e-4 (.5, .9), lambda .1, batch 256.

Traps avoided: no batch norm in the critic (the penalty is one of single samples); the norm is taken
over all of a sample's coordinates; e is drawn per sample, not per batch.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ganbench import (
    DataInfo,
    LossSpec,
    Optimiser,
    Parameter,
    Recipe,
    Step,
    Training,
    VariantSpec,
    hookimpl,
)

if TYPE_CHECKING:
    from torch import Tensor

GANBENCH_API_VERSION = 1

PAPER = "Gulrajani et al. 2017, Improved Training of Wasserstein GANs, arXiv:1704.00028"


@dataclass(frozen=True)
class WassersteinGradientPenalty:
    """Wasserstein loss with a two-sided gradient penalty.

    Args:
        penalty: lambda, the weight of the penalty.
    """

    penalty: float

    def discriminator_loss(self, step: Step) -> Tensor:
        """D(G(z)) - D(x) + lambda (|grad D(x_hat)| - 1)^2."""
        distance = step.real_logits.mean() - step.fake_logits.mean()
        return self.penalty * gradient_penalty(step) - distance

    def generator_loss(self, step: Step) -> Tensor:
        """-D(G(z))."""
        return -step.fake_logits.mean()


def gradient_penalty(step: Step) -> Tensor:
    """Mean over the batch of (|grad D(x_hat)|_2 - 1)^2, the norm over all of a sample's numbers."""
    import torch

    real, fake = step.real, step.fake
    mix = torch.rand(len(real), *[1] * (real.dim() - 1), dtype=real.dtype, device=real.device)
    between = torch.lerp(fake, real, mix).requires_grad_()
    logits = step.discriminator(between)
    (gradient,) = torch.autograd.grad(logits.sum(), between, create_graph=True)
    norms: Tensor = gradient.flatten(1).norm(dim=1)
    return (norms - 1).square().mean()


def recipe(
    data: DataInfo, *, lr: float, penalty: float, critic_steps: int, width: int, ema: float
) -> Recipe:
    """Residual networks on images, multilayer perceptrons on points."""
    if data.modality == "image":
        adam = Optimiser(lr=lr or 2e-4, betas=(0.0, 0.9))
        return Recipe(
            model="resnet",
            model_parameters={"width": width},
            loss="wgan-gp",
            loss_parameters={"penalty": penalty or 10.0},
            training=Training(
                generator=adam,
                discriminator=adam,
                batch_size=64,
                generator_batch_size=128,
                critic_steps=critic_steps,
                schedule="linear",
                ema=ema,
            ),
        )
    adam = Optimiser(lr=lr or 1e-4, betas=(0.5, 0.9))
    return Recipe(
        model="mlp",
        model_parameters={"width": width or 128, "latent": 2},
        loss="wgan-gp",
        loss_parameters={"penalty": penalty or 0.1},
        training=Training(
            generator=adam,
            discriminator=adam,
            batch_size=256,
            critic_steps=critic_steps,
            ema=ema,
        ),
    )


@hookimpl
def ganbench_losses() -> list[LossSpec]:
    """The Wasserstein loss with gradient penalty."""
    adam = Optimiser(lr=1e-4, betas=(0.0, 0.9))
    return [
        LossSpec(
            name="wgan-gp",
            description="Wasserstein critic loss with a two-sided gradient penalty",
            paper=PAPER,
            build=WassersteinGradientPenalty,
            training=Training(generator=adam, discriminator=adam, critic_steps=5),
            per_sample=True,
            parameters={
                "penalty": Parameter(default=10.0, minimum=0, help="lambda, weight of the penalty")
            },
        )
    ]


@hookimpl
def ganbench_variants() -> list[VariantSpec]:
    """WGAN-GP."""
    return [
        VariantSpec(
            name="wgan-gp",
            description="Wasserstein GAN with gradient penalty and a residual critic",
            paper=PAPER,
            modalities=("points", "image"),
            recipe=recipe,
            deviations=(
                "the learning rate reaches zero at the end of the budget, not after 100k steps",
                "below 28 px narrower blocks: 64 channels at 16 px, 32 at 8 px",
                "on points 128 hidden units instead of 512, so that equal budgets stay affordable",
            ),
            parameters={
                "lr": Parameter(
                    default=0.0, minimum=0, help="learning rate; 0: 1e-4 on points, 2e-4 on images"
                ),
                "penalty": Parameter(
                    default=0.0, minimum=0, help="lambda; 0: 0.1 on points, 10 on images"
                ),
                "critic_steps": Parameter(
                    default=5, minimum=1, help="critic steps before each generator step"
                ),
                "width": Parameter(
                    default=0, minimum=0, help="channels of each block, or units; 0: by size"
                ),
                "ema": Parameter(
                    default=0.0, minimum=0, maximum=1, help="decay of the generator's average"
                ),
            },
        )
    ]
