"""LSGAN (Mao et al. 2017, arXiv:1611.04076): DCGAN's networks under least squares.

The loss, and the sigmoid that it must not stand behind, are in `losses/least_squares.py`. Constants
are those of Gulrajani et al.'s comparison (2017, their LSGAN baseline): RMSprop 1e-4 with
TensorFlow's decay of .9, batches of 64, one critic step.

Trap avoided: D is a logit, here and in the networks, so the targets 0 and 1 can be reached.
"""

from __future__ import annotations

from typing import Annotated

from ganbench import DataInfo, Optimiser, Parameter, Recipe, Training, VariantSpec, hookimpl

GANBENCH_API_VERSION = 2


def _training(lr: float) -> Training:
    rmsprop = Optimiser(name="rmsprop", lr=lr, alpha=0.9)
    return Training(generator=rmsprop, discriminator=rmsprop, batch_size=64)


def on_images(
    data: DataInfo,
    *,
    lr: Annotated[float, Parameter(minimum=0, help="learning rate of both networks")] = 1e-4,
    width: Annotated[
        int | None, Parameter(minimum=1, help="channels next to the image, by size if auto")
    ] = None,
) -> Recipe:
    """DCGAN's convolutions, batch norm in both networks."""
    return Recipe(
        model="dcgan", model_parameters={"width": width}, loss="lsgan", training=_training(lr)
    )


def on_points(
    data: DataInfo,
    *,
    lr: Annotated[float, Parameter(minimum=0, help="learning rate of both networks")] = 1e-4,
    width: Annotated[int | None, Parameter(minimum=1, help="hidden units, 128 if auto")] = None,
) -> Recipe:
    """Multilayer perceptrons."""
    return Recipe(
        model="mlp",
        model_parameters={"width": width or 128, "latent": 2},
        loss="lsgan",
        training=_training(lr),
    )


@hookimpl
def ganbench_variants() -> list[VariantSpec]:
    """LSGAN."""
    return [
        VariantSpec(
            name="lsgan",
            description="least squares GAN: the discriminator's logit is drawn to 1 and to 0",
            paper="Mao et al. 2017, Least Squares Generative Adversarial Networks, "
            "arXiv:1611.04076",
            recipes={"points": on_points, "image": on_images},
            deviations=(
                "DCGAN's networks instead of the paper's deeper generator",
                "RMSprop 1e-4 as in the comparison of Gulrajani et al. 2017 (arXiv:1704.00028)",
                "on points perceptrons of three layers of 128 units and a latent N(0, I_2)",
            ),
        )
    ]
