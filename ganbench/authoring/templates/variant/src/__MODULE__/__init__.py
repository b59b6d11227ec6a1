"""SN-GAN (Miyato et al. 2018, arXiv:1802.05957): a discriminator of bounded slope, hinge loss.

Every weight of the discriminator is divided by its largest singular value, which one power
iteration per pass estimates (algorithm 1); with slopes of at most 1 between its layers it is
1-Lipschitz, at the cost of one matrix-vector product instead of a gradient penalty.
Discriminator (eq. 16): minimise max(0, 1 - D(x)) + max(0, 1 + D(G(z))).
Generator (eq. 17): minimise -D(G(z)).

Adam 2e-4 (0, .9), five critic steps, batches of 64, the learning rate decayed linearly to zero.

Traps avoided: the hinge is taken per sample, before the mean; no batch norm in the discriminator,
whose gain would undo the bound; the last layer is normalised like the others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from ganbench import (
    DataInfo,
    LossSpec,
    ModelSpec,
    Networks,
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

NAME = "__NAME__"
PAPER = "Miyato et al. 2018, Spectral Normalization for GANs, arXiv:1802.05957"

Width = Annotated[
    int, Parameter(minimum=1, help="channels next to the image; twice that on points")
]


class Hinge:
    """Only samples within the margin, or on its wrong side, teach the discriminator."""

    def discriminator_loss(self, step: Step) -> Tensor:
        """max(0, 1 - D(x)) + max(0, 1 + D(G(z)))."""
        return (1 - step.real_logits).relu().mean() + (1 + step.fake_logits).relu().mean()

    def generator_loss(self, step: Step) -> Tensor:
        """-D(G(z))."""
        return -step.fake_logits.mean()


def training(lr: float = 2e-4, critic_steps: int = 5) -> Training:
    """Adam without momentum for both networks."""
    adam = Optimiser(lr=lr, betas=(0.0, 0.9))
    return Training(
        generator=adam,
        discriminator=adam,
        batch_size=64,
        critic_steps=critic_steps,
        schedule="linear",
    )


def recipe(
    data: DataInfo,
    *,
    lr: Annotated[float, Parameter(minimum=0, help="learning rate of both networks")] = 2e-4,
    critic_steps: Annotated[
        int, Parameter(minimum=1, help="critic steps before each generator step")
    ] = 5,
    width: Width = 64,
) -> Recipe:
    """The same recipe on all data; its signature declares the variant's parameters."""
    return Recipe(
        model=NAME,
        model_parameters={"width": width},
        loss=NAME,
        training=training(lr, critic_steps),
    )


def build(data: DataInfo, *, width: Width = 64) -> Networks:
    """The networks; torch is imported when they are built, not when ganbench starts."""
    from __MODULE__ import networks

    return networks.build(data, width=width)


@hookimpl
def ganbench_models() -> list[ModelSpec]:
    """The networks, also for pairs of them with any loss."""
    return [
        ModelSpec(
            name=NAME,
            description="convolutions or perceptrons with a spectrally normalised discriminator",
            paper=PAPER,
            modalities=__MODALITIES__,
            build=build,
        )
    ]


@hookimpl
def ganbench_losses() -> list[LossSpec]:
    """The hinge loss, also for pairs of any model with it."""
    return [
        LossSpec(
            name=NAME,
            description="hinge loss of the discriminator, its plain output for the generator",
            paper=PAPER,
            build=Hinge,
            training=training(),
        )
    ]


@hookimpl
def ganbench_variants() -> list[VariantSpec]:
    """SN-GAN: what the leaderboard ranks."""
    return [
        VariantSpec(
            name=NAME,
            description="hinge loss, spectral norm in every layer of the discriminator",
            paper=PAPER,
            modalities=__MODALITIES__,
            recipe=recipe,
            deviations=(
                "strided 4x4 convolutions instead of residual blocks",
                "the learning rate reaches zero at the end of the budget",
                "on points multilayer perceptrons and a latent N(0, I_2)",
            ),
        )
    ]
