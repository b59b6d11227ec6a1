"""RaGAN (Jolicoeur-Martineau 2018, arXiv:1807.00734): more real than the others are on average.

The loss `ra` of `losses/relativistic.py` in the paper's stable setting: convolutions with a
spectrally normalised discriminator, Adam 2e-4 (.5, .999), batches of 32, one critic step.

Trap avoided: each step of the generator has real samples and fakes of its own; nothing is stale.
"""

from __future__ import annotations

from typing import Annotated

from ganbench import DataInfo, Optimiser, Parameter, Recipe, Training, VariantSpec, hookimpl

GANBENCH_API_VERSION = 2


def _training(lr: float) -> Training:
    adam = Optimiser(lr=lr, betas=(0.5, 0.999))
    return Training(generator=adam, discriminator=adam, batch_size=32)


def on_images(
    data: DataInfo,
    *,
    lr: Annotated[float, Parameter(minimum=0, help="learning rate of both networks")] = 2e-4,
    width: Annotated[
        int | None, Parameter(minimum=1, help="channels next to the image, by size if auto")
    ] = None,
) -> Recipe:
    """DCGAN's convolutions, in the discriminator a spectral norm instead of batch norm."""
    return Recipe(
        model="dcgan",
        model_parameters={"width": width, "discriminator_norm": "none", "latent_law": "normal"},
        loss="ra",
        techniques={"sn": {}},
        training=_training(lr),
    )


def on_points(
    data: DataInfo,
    *,
    lr: Annotated[float, Parameter(minimum=0, help="learning rate of both networks")] = 2e-4,
    width: Annotated[int | None, Parameter(minimum=1, help="hidden units, 128 if auto")] = None,
) -> Recipe:
    """Multilayer perceptrons."""
    return Recipe(
        model="mlp",
        model_parameters={"width": width or 128, "latent": 2},
        loss="ra",
        training=_training(lr),
    )


@hookimpl
def ganbench_variants() -> list[VariantSpec]:
    """RaGAN."""
    return [
        VariantSpec(
            name="ragan",
            description="relativistic average GAN, with a spectral norm on images",
            paper="Jolicoeur-Martineau 2018, The relativistic discriminator, arXiv:1807.00734",
            recipes={"points": on_points, "image": on_images},
            deviations=(
                "DCGAN's networks instead of the convolutions of the spectral norm paper, "
                "narrower below 64 px",
                "on points perceptrons of three layers of 128 units without a spectral norm",
            ),
        )
    ]
