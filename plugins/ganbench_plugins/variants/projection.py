"""Projection cGAN (Miyato & Koyama 2018, arXiv:1802.05637): a class's embedding against features.

SNGAN's recipe with classes: a spectral norm on every layer of the discriminator, the embedding
included, hinge, Adam 2e-4 (0, .9) decayed linearly to zero, 5 discriminator steps, batches of 64
and of 128. It needs classes, and is told more than variants without: compare it to conditional
ones.

Traps avoided: the embedding is normalised too; the generator's norms by class start as plain ones.
"""

from __future__ import annotations

from typing import Annotated

from ganbench import DataInfo, Optimiser, Parameter, Recipe, Training, VariantSpec, hookimpl

GANBENCH_API_VERSION = 2


def _recipe(lr: float, critic_steps: int, width: int | None, latent: int) -> Recipe:
    adam = Optimiser(lr=lr, betas=(0.0, 0.9))
    return Recipe(
        model="projection",
        model_parameters={"width": width, "latent": latent},
        loss="hinge",
        techniques={"sn": {}},
        training=Training(
            generator=adam,
            discriminator=adam,
            batch_size=64,
            generator_batch_size=128,
            critic_steps=critic_steps,
            schedule="linear",
        ),
    )


def on_images(
    data: DataInfo,
    *,
    lr: Annotated[float, Parameter(minimum=0, help="learning rate of both networks")] = 2e-4,
    critic_steps: Annotated[
        int, Parameter(minimum=1, help="discriminator steps before each generator step")
    ] = 5,
    width: Annotated[
        int | None,
        Parameter(minimum=1, help="discriminator's channels next to the image, by size if auto"),
    ] = None,
) -> Recipe:
    """Residual networks."""
    return _recipe(lr, critic_steps, width, latent=128)


def on_points(
    data: DataInfo,
    *,
    lr: Annotated[float, Parameter(minimum=0, help="learning rate of both networks")] = 2e-4,
    critic_steps: Annotated[
        int, Parameter(minimum=1, help="discriminator steps before each generator step")
    ] = 5,
    width: Annotated[int | None, Parameter(minimum=1, help="hidden units, 128 if auto")] = None,
) -> Recipe:
    """Multilayer perceptrons."""
    return _recipe(lr, critic_steps, width, latent=2)


@hookimpl
def ganbench_variants() -> list[VariantSpec]:
    """Projection cGAN."""
    return [
        VariantSpec(
            name="projection",
            description="conditional: norms by class, a class's embedding projected on features",
            paper="Miyato & Koyama 2018, cGANs with Projection Discriminator, arXiv:1802.05637",
            recipes={"points": on_points, "image": on_images},
            deviations=(
                "SNGAN's networks, with its narrower blocks below 28 px; no bias in the last layer",
                "the learning rate reaches zero at the end of the budget",
                "fakes have the classes of the real batch in critic steps, and those of the "
                "task's law (the data's shares, by default) in the generator's, instead of "
                "uniform ones",
                "no noise is added to the images' bytes",
                "on points perceptrons of three layers of 128 units and a latent N(0, I_2)",
            ),
        )
    ]
