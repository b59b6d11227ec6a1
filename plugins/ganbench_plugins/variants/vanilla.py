"""The original GAN (Goodfellow et al. 2014, arXiv:1406.2661), with its two objectives.

Discriminator: minimise -log D(x) - log(1 - D(G(z))), with D = sigmoid(logit).
Generator, minimax (eq. 1): minimise log(1 - D(G(z))), which saturates while D is sure.
Generator, non-saturating (§3): minimise -log D(G(z)), the same fixed point with a usable gradient.

Both are written with softplus, the log of a sigmoid that neither overflows nor rounds to log(0).

One thing of it can be changed at a time, as suite `remedies` does: the loss under the same
optimisers, and the depth of either network.

Traps avoided: hidden layers of the generator have ReLUs between them (a popular tutorial's collapse
to one linear map); the generator step draws its own fakes; data is in [-1, 1] for a tanh generator.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from ganbench import (
    DataInfo,
    Loss,
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

if TYPE_CHECKING:
    from torch import Tensor

GANBENCH_API_VERSION = 2

PAPER = "Goodfellow et al. 2014, Generative Adversarial Nets, arXiv:1406.2661"


class NonSaturating:
    """-log D(G(z)) for the generator (§3)."""

    def discriminator_loss(self, step: Step) -> Tensor:
        """-log D(x) - log(1 - D(G(z))): the binary cross-entropy of real against fake."""
        from torch.nn.functional import softplus

        return softplus(-step.real_logits).mean() + softplus(step.fake_logits).mean()

    def generator_loss(self, step: Step) -> Tensor:
        """-log D(G(z))."""
        from torch.nn.functional import softplus

        return softplus(-step.fake_logits).mean()


class Minimax(NonSaturating):
    """log(1 - D(G(z))) for the generator (eq. 1)."""

    def generator_loss(self, step: Step) -> Tensor:
        """log(1 - D(G(z)))."""
        from torch.nn.functional import softplus

        return -softplus(step.fake_logits).mean()


OBJECTIVES = (
    *("non-saturating", "minimax", "hinge", "lsgan", "wasserstein", "rp", "ra"),
    "feature-matching",
)
"""The paper's two losses, and others that may be put in their place."""


def _units(width: int, layers: int) -> str:
    return "-".join([str(width)] * layers)


def on_points(
    data: DataInfo,
    *,
    objective: Annotated[
        str, Parameter(choices=OBJECTIVES, help="the loss; the first two are the paper's")
    ] = "non-saturating",
    lr: Annotated[float, Parameter(minimum=0, help="learning rate of both networks")] = 1e-4,
    width: Annotated[int, Parameter(minimum=1, help="hidden units")] = 128,
    generator_layers: Annotated[
        int, Parameter(minimum=1, maximum=32, help="hidden layers of the generator")
    ] = 3,
    discriminator_layers: Annotated[
        int, Parameter(minimum=1, maximum=32, help="hidden layers of the discriminator")
    ] = 3,
    ema: Annotated[
        float, Parameter(minimum=0, maximum=1, help="decay of the generator's average")
    ] = 0.0,
) -> Recipe:
    """Hidden ReLU layers under Adam, with the constants of PacGAN's experiments."""
    adam = Optimiser(lr=lr, betas=(0.8, 0.999))
    return Recipe(
        model="mlp",
        model_parameters={
            "generator_units": _units(width, generator_layers),
            "discriminator_units": _units(width, discriminator_layers),
            "leak": 0.0,
            "latent": 2,
        },
        loss=objective,
        training=Training(generator=adam, discriminator=adam, batch_size=100, ema=ema),
    )


def on_images(
    data: DataInfo,
    *,
    objective: Annotated[
        str, Parameter(choices=OBJECTIVES, help="the loss; the first two are the paper's")
    ] = "non-saturating",
    lr: Annotated[
        float | None,
        Parameter(minimum=0, help="learning rate of both networks; auto: 2e-4, below 16 px 2e-3"),
    ] = None,
    width: Annotated[int, Parameter(minimum=1, help="hidden units")] = 256,
    generator_layers: Annotated[
        int, Parameter(minimum=1, maximum=32, help="hidden layers of the generator")
    ] = 2,
    discriminator_layers: Annotated[
        int, Parameter(minimum=1, maximum=32, help="hidden layers of the discriminator")
    ] = 2,
    ema: Annotated[
        float, Parameter(minimum=0, maximum=1, help="decay of the generator's average")
    ] = 0.0,
) -> Recipe:
    """Hidden layers under Adam, which go faster where images are tiny and budgets short."""
    if lr is None:
        lr = 2e-3 if shorter(data) < 16 else 2e-4
    adam = Optimiser(lr=lr, betas=(0.5, 0.999))
    return Recipe(
        model="mlp",
        model_parameters={
            "generator_units": _units(width, generator_layers),
            "discriminator_units": _units(width, discriminator_layers),
            "leak": 0.2,
            "latent": 100,
        },
        loss=objective,
        training=Training(generator=adam, discriminator=adam, batch_size=100, ema=ema),
    )


@hookimpl
def ganbench_losses() -> list[LossSpec]:
    """The two objectives of the paper."""
    adam = Optimiser(lr=2e-4, betas=(0.5, 0.999))
    training = Training(generator=adam, discriminator=adam)

    def spec(name: str, description: str, build: type[Loss]) -> LossSpec:
        return LossSpec(
            name=name,
            description=description,
            paper=PAPER,
            build=build,
            training=training,
            deviations=("a pair is trained by Adam 2e-4 (.5, .999) instead of SGD",),
        )

    return [
        spec("non-saturating", "generator minimises -log D(G(z))", NonSaturating),
        spec("minimax", "generator minimises log(1 - D(G(z)))", Minimax),
    ]


@hookimpl
def ganbench_variants() -> list[VariantSpec]:
    """The original GAN."""
    return [
        VariantSpec(
            name="vanilla",
            description="the original GAN: multilayer perceptrons, non-saturating loss",
            paper=PAPER,
            recipes={"points": on_points, "image": on_images},
            deviations=(
                "ReLU and LeakyReLU layers instead of maxout with dropout",
                "Adam instead of SGD with momentum: 2e-4 (.5, .999) on images, 2e-3 below 16 px, "
                "on points 1e-4 (.8, .999) with batch 100 as in PacGAN's experiments",
                "tanh images in [-1, 1] instead of sigmoid images in [0, 1]",
            ),
        )
    ]
