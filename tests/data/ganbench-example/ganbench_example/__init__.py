"""LSGAN (Mao et al. 2017, arXiv:1611.04076): least squares instead of cross-entropy.

Discriminator: minimise 1/2 (D(x) - 1)^2 + 1/2 D(G(z))^2. Generator: minimise 1/2 (D(G(z)) - 1)^2.
D is the discriminator's plain output, without a sigmoid (equation 9, with a = 0 and b = c = 1).
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

if TYPE_CHECKING:
    from torch import Tensor

GANBENCH_API_VERSION = 2

PAPER = "Mao et al. 2017, Least Squares Generative Adversarial Networks, arXiv:1611.04076"


class LeastSquares:
    """Real samples are drawn to 1 and fakes to 0; the generator draws its fakes to 1."""

    def discriminator_loss(self, step: Step) -> Tensor:
        """1/2 (D(x) - 1)^2 + 1/2 D(G(z))^2."""
        return 0.5 * ((step.real_logits - 1).square().mean() + step.fake_logits.square().mean())

    def generator_loss(self, step: Step) -> Tensor:
        """1/2 (D(G(z)) - 1)^2."""
        return 0.5 * (step.fake_logits - 1).square().mean()


def training(lr: float) -> Training:
    """Adam with beta1 = 0.5 for both networks."""
    adam = Optimiser(lr=lr, betas=(0.5, 0.999))
    return Training(generator=adam, discriminator=adam, batch_size=64)


LearningRate = Annotated[float, Parameter(minimum=0, help="learning rate of both networks")]


def on_points(data: DataInfo, *, lr: LearningRate = 2e-4) -> Recipe:
    """Multilayer perceptrons."""
    return Recipe(
        model="mlp",
        model_parameters={"latent": 2},
        loss="least-squares-example",
        training=training(lr),
    )


def on_images(data: DataInfo, *, lr: LearningRate = 2e-4) -> Recipe:
    """DCGAN's networks."""
    return Recipe(model="dcgan", loss="least-squares-example", training=training(lr))


@hookimpl
def ganbench_losses() -> list[LossSpec]:
    """The least-squares loss, also for pairs such as `dcgan+least-squares-example`."""
    return [
        LossSpec(
            name="least-squares-example",
            description="squared distance of the discriminator's output to 1 (real) and 0 (fake)",
            paper=PAPER,
            build=LeastSquares,
            training=training(2e-4),
        )
    ]


@hookimpl
def ganbench_variants() -> list[VariantSpec]:
    """LSGAN."""
    return [
        VariantSpec(
            name="lsgan-example",
            description="least-squares GAN on DCGAN's networks",
            paper=PAPER,
            recipes={"points": on_points, "image": on_images},
            deviations=("the networks are DCGAN's; on points, multilayer perceptrons",),
        )
    ]
