"""DRAGAN (Kodali et al. 2017, arXiv:1705.07215): the original GAN, its slopes held near the data.

The non-saturating loss with the penalty of `techniques/dragan.py`: lambda 10, perturbations of half
of the batch's standard deviation. Adam 1e-4 (.5, .9), one critic step, batches of 128: the authors'
code.

Trap avoided: no batch norm in the discriminator, whose slopes are those of single samples; popular
collections keep it, or pair the penalty with the Wasserstein loss.
"""

from __future__ import annotations

from typing import Annotated

from ganbench import DataInfo, Optimiser, Parameter, Recipe, Training, VariantSpec, hookimpl

GANBENCH_API_VERSION = 2


def _training(lr: float) -> Training:
    adam = Optimiser(lr=lr, betas=(0.5, 0.9))
    return Training(generator=adam, discriminator=adam, batch_size=128)


def on_images(
    data: DataInfo,
    *,
    lr: Annotated[float, Parameter(minimum=0, help="learning rate of both networks")] = 1e-4,
    penalty: Annotated[float, Parameter(minimum=0, help="lambda, weight of the penalty")] = 10.0,
    width: Annotated[
        int | None, Parameter(minimum=1, help="channels next to the image, by size if auto")
    ] = None,
) -> Recipe:
    """DCGAN's convolutions, the discriminator's without batch norm."""
    return Recipe(
        model="dcgan",
        model_parameters={"width": width, "discriminator_norm": "none"},
        loss="non-saturating",
        techniques={"dragan": {"weight": penalty}},
        training=_training(lr),
    )


def on_points(
    data: DataInfo,
    *,
    lr: Annotated[float, Parameter(minimum=0, help="learning rate of both networks")] = 1e-4,
    penalty: Annotated[float, Parameter(minimum=0, help="lambda, weight of the penalty")] = 10.0,
    width: Annotated[int | None, Parameter(minimum=1, help="hidden units, 128 if auto")] = None,
) -> Recipe:
    """Multilayer perceptrons."""
    return Recipe(
        model="mlp",
        model_parameters={"width": width or 128, "latent": 2},
        loss="non-saturating",
        techniques={"dragan": {"weight": penalty}},
        training=_training(lr),
    )


@hookimpl
def ganbench_variants() -> list[VariantSpec]:
    """DRAGAN."""
    return [
        VariantSpec(
            name="dragan",
            description="the original loss with a penalty on slopes around the data",
            paper="Kodali et al. 2017, On Convergence and Stability of GANs, arXiv:1705.07215",
            recipes={"points": on_points, "image": on_images},
            deviations=(
                "DCGAN's networks on images, narrower below 64 px; the authors' code for digits "
                "has perceptrons",
                "on points perceptrons of three layers of 128 units and a latent N(0, I_2)",
            ),
        )
    ]
