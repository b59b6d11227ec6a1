"""WGAN-GP (Gulrajani et al. 2017, arXiv:1704.00028): a critic kept 1-Lipschitz by a penalty.

Critic (algorithm 1): minimise D(G(z)) - D(x) + lambda (|grad D(x_hat)|_2 - 1)^2 with
x_hat = e x + (1 - e) G(z), one e ~ U(0, 1) per sample. Generator: minimise -D(G(z)).

Images (appendix F): residual networks, Adam 2e-4 (0, .9) decayed linearly to zero, 5 critic steps,
lambda 10, batches of 64 for the critic and of 128 for the generator.
Points (the authors' toy code): three hidden ReLU layers, Adam 1e-4 (.5, .9), lambda .1, batch 256.

The authors train for 100,000 steps. Budgets on points and on images of 8 px are hundreds to
thousands, in which their networks at their rates show nothing: here these are narrower and faster.

Traps avoided: no batch norm in the critic (the penalty is one of single samples); the norm is taken
over all of a sample's coordinates; e is drawn per sample, not per batch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

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
from ganbench_plugins.networks.sizes import shorter
from ganbench_plugins.techniques.gradient_penalty import GradientPenalty

if TYPE_CHECKING:
    from torch import Tensor

GANBENCH_API_VERSION = 2

PAPER = "Gulrajani et al. 2017, Improved Training of Wasserstein GANs, arXiv:1704.00028"


class Wasserstein:
    """The difference of mean logits (Arjovsky et al. 2017, arXiv:1701.07875); nothing in it keeps
    the critic Lipschitz: a penalty or a constraint has to."""

    def discriminator_loss(self, step: Step) -> Tensor:
        """D(G(z)) - D(x)."""
        distance = step.real_logits.mean() - step.fake_logits.mean()
        return -distance

    def generator_loss(self, step: Step) -> Tensor:
        """-D(G(z))."""
        return -step.fake_logits.mean()


class WassersteinGradientPenalty(Wasserstein):
    """The Wasserstein loss with a two-sided gradient penalty.

    Args:
        penalty: lambda, the weight of the penalty.
    """

    def __init__(
        self,
        penalty: Annotated[
            float, Parameter(minimum=0, help="lambda, weight of the penalty")
        ] = 10.0,
    ) -> None:
        self.penalty = GradientPenalty(penalty)

    def discriminator_loss(self, step: Step) -> Tensor:
        """D(G(z)) - D(x) + lambda (|grad D(x_hat)| - 1)^2."""
        return super().discriminator_loss(step) + self.penalty.discriminator_loss(step)


def on_images(
    data: DataInfo,
    *,
    lr: Annotated[
        float | None,
        Parameter(minimum=0, help="learning rate of both networks; auto: 2e-4, below 16 px 2e-3"),
    ] = None,
    penalty: Annotated[float, Parameter(minimum=0, help="lambda, weight of the penalty")] = 10.0,
    critic_steps: Annotated[
        int, Parameter(minimum=1, help="critic steps before each generator step")
    ] = 5,
    width: Annotated[
        int | None, Parameter(minimum=1, help="channels of each block, by size if auto")
    ] = None,
    ema: Annotated[
        float, Parameter(minimum=0, maximum=1, help="decay of the generator's average")
    ] = 0.0,
) -> Recipe:
    """Residual networks, as for CIFAR-10 (appendix F)."""
    tiny = shorter(data) < 16
    if lr is None:
        lr = 2e-3 if tiny else 2e-4
    adam = Optimiser(lr=lr, betas=(0.0, 0.9))
    return Recipe(
        model="resnet",
        model_parameters={"width": width or (16 if tiny else None)},
        loss="wgan-gp",
        loss_parameters={"penalty": penalty},
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


def on_points(
    data: DataInfo,
    *,
    lr: Annotated[float, Parameter(minimum=0, help="learning rate of both networks")] = 3e-4,
    penalty: Annotated[float, Parameter(minimum=0, help="lambda, weight of the penalty")] = 0.1,
    critic_steps: Annotated[
        int, Parameter(minimum=1, help="critic steps before each generator step")
    ] = 5,
    width: Annotated[int | None, Parameter(minimum=1, help="hidden units, 64 if auto")] = None,
    ema: Annotated[
        float, Parameter(minimum=0, maximum=1, help="decay of the generator's average")
    ] = 0.0,
) -> Recipe:
    """Multilayer perceptrons, as in the authors' toy code."""
    adam = Optimiser(lr=lr, betas=(0.5, 0.9))
    return Recipe(
        model="mlp",
        model_parameters={"width": width or 64, "latent": 2},
        loss="wgan-gp",
        loss_parameters={"penalty": penalty},
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
    """The Wasserstein loss, alone and with gradient penalty."""
    adam = Optimiser(lr=1e-4, betas=(0.0, 0.9))
    training = Training(generator=adam, discriminator=adam, critic_steps=5)
    return [
        LossSpec(
            name="wasserstein",
            description="difference of the critic's mean logits; add gp, sn or clip to it",
            paper="Arjovsky et al. 2017, Wasserstein GAN, arXiv:1701.07875",
            build=Wasserstein,
            training=training,
            deviations=(
                "nothing keeps the critic Lipschitz: the paper's clipping is in wgan and clip",
                "a pair is trained by Adam 1e-4 (0, .9) instead of RMSprop 5e-5",
            ),
        ),
        LossSpec(
            name="wgan-gp",
            description="Wasserstein critic loss with a two-sided gradient penalty",
            paper=PAPER,
            build=WassersteinGradientPenalty,
            training=training,
            needs=("interpolated_slopes",),
        ),
    ]


@hookimpl
def ganbench_variants() -> list[VariantSpec]:
    """WGAN-GP."""
    return [
        VariantSpec(
            name="wgan-gp",
            description="Wasserstein GAN with gradient penalty and a residual critic",
            paper=PAPER,
            recipes={"points": on_points, "image": on_images},
            deviations=(
                "the learning rate reaches zero at the end of the budget, not after 100k steps",
                "below 28 px narrower blocks: 64 channels at 16 px, 16 at 8 px",
                "below 16 px ten times the rate, 2e-3, for budgets of hundreds of steps",
                "above 32 px more of the CIFAR-10 blocks, and not the authors' for 64 px",
                "no noise is added to the images' bytes",
                "on points 64 hidden units instead of 512 and three times the rate, 3e-4, for "
                "budgets of thousands of steps; torch's initial weights instead of He's",
            ),
        )
    ]
