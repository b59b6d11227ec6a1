"""WGAN (Arjovsky et al. 2017, arXiv:1701.07875): a critic whose weights are clipped.

Loss, clipping and the rounds of a hundred critic steps are in `losses/wgan.py`. The recipe is that
of the authors' code: RMSprop 5e-5, weights within .01, batches of 64, latents N(0, I_100), DCGAN's
networks with 64 channels next to the image.

Batch norm stays in the critic, as in the authors' code: nothing here looks at slopes of single
samples. Trap avoided: no momentum.
"""

from __future__ import annotations

from typing import Annotated

from ganbench import DataInfo, Optimiser, Parameter, Recipe, Training, VariantSpec, hookimpl

GANBENCH_API_VERSION = 2


def _training(lr: float) -> Training:
    rmsprop = Optimiser(name="rmsprop", lr=lr, alpha=0.99)
    return Training(generator=rmsprop, discriminator=rmsprop, batch_size=64, critic_steps=5)


def on_images(
    data: DataInfo,
    *,
    lr: Annotated[float, Parameter(minimum=0, help="learning rate of both networks")] = 5e-5,
    c: Annotated[float, Parameter(minimum=1e-6, help="largest absolute weight of the critic")] = (
        0.01
    ),
    width: Annotated[
        int | None, Parameter(minimum=1, help="channels next to the image, by size if auto")
    ] = None,
) -> Recipe:
    """DCGAN's convolutions."""
    return Recipe(
        model="dcgan",
        model_parameters={
            "width": width or (64 if min(data.height, data.width) >= 28 else 32),
            "latent": 100,
            "latent_law": "normal",
        },
        loss="wgan",
        loss_parameters={"c": c},
        training=_training(lr),
    )


def on_points(
    data: DataInfo,
    *,
    lr: Annotated[float, Parameter(minimum=0, help="learning rate of both networks")] = 5e-5,
    c: Annotated[float, Parameter(minimum=1e-6, help="largest absolute weight of the critic")] = (
        0.01
    ),
    width: Annotated[int | None, Parameter(minimum=1, help="hidden units, 128 if auto")] = None,
) -> Recipe:
    """Multilayer perceptrons."""
    return Recipe(
        model="mlp",
        model_parameters={"width": width or 128, "latent": 2},
        loss="wgan",
        loss_parameters={"c": c},
        training=_training(lr),
    )


@hookimpl
def ganbench_variants() -> list[VariantSpec]:
    """WGAN."""
    return [
        VariantSpec(
            name="wgan",
            description="Wasserstein GAN: clipped weights, RMSprop, a critic that converges",
            paper="Arjovsky et al. 2017, Wasserstein GAN, arXiv:1701.07875",
            recipes={"points": on_points, "image": on_images},
            deviations=(
                "5x5 convolutions instead of 4x4, and below 28 px 32 channels instead of 64",
                "weights are clipped after each critic step, as in the paper; before it in the "
                "authors' code",
                "a hundred critic steps in each of the first 25 rounds and in every 500th, as in "
                "the authors' code; the paper has five throughout",
                "on points perceptrons of three layers of 128 units and a latent N(0, I_2)",
            ),
        )
    ]
