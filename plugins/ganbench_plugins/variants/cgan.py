"""The first conditional GAN (Mirza & Osindero 2014, arXiv:1411.1784): both are told the class.

The non-saturating loss on perceptrons, with the training of `vanilla`. It needs classes, and is
told more than variants without: compare it to conditional ones.

Trap avoided: the discriminator judges fakes with the classes that they were made for.
"""

from __future__ import annotations

from typing import Annotated

from ganbench import DataInfo, Optimiser, Parameter, Recipe, Training, VariantSpec, hookimpl

GANBENCH_API_VERSION = 2


def on_images(
    data: DataInfo,
    *,
    lr: Annotated[float, Parameter(minimum=0, help="learning rate of both networks")] = 2e-4,
    width: Annotated[int, Parameter(minimum=1, help="hidden units")] = 256,
) -> Recipe:
    """Two hidden layers."""
    adam = Optimiser(lr=lr, betas=(0.5, 0.999))
    return Recipe(
        model="cgan",
        model_parameters={"width": width, "depth": 2, "leak": 0.2, "latent": 100},
        loss="non-saturating",
        training=Training(generator=adam, discriminator=adam, batch_size=100),
    )


def on_points(
    data: DataInfo,
    *,
    lr: Annotated[float, Parameter(minimum=0, help="learning rate of both networks")] = 1e-4,
    width: Annotated[int, Parameter(minimum=1, help="hidden units")] = 128,
) -> Recipe:
    """Three hidden layers."""
    adam = Optimiser(lr=lr, betas=(0.8, 0.999))
    return Recipe(
        model="cgan",
        model_parameters={"width": width, "latent": 2},
        loss="non-saturating",
        training=Training(generator=adam, discriminator=adam, batch_size=100),
    )


@hookimpl
def ganbench_variants() -> list[VariantSpec]:
    """Conditional GAN."""
    return [
        VariantSpec(
            name="cgan",
            description="conditional GAN: perceptrons that are told the class",
            paper="Mirza & Osindero 2014, Conditional Generative Adversarial Nets, arXiv:1411.1784",
            recipes={"points": on_points, "image": on_images},
            deviations=(
                "ReLU and LeakyReLU layers of the same width instead of maxout with dropout, and "
                "class and sample joined before the first layer, not after it",
                "Adam and tanh images as in vanilla instead of SGD and sigmoid images",
            ),
        )
    ]
