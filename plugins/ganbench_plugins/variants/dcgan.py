"""DCGAN (Radford et al. 2016, arXiv:1511.06434): the architecture guidelines that made GANs train.

§3: strided convolutions instead of pooling; batch norm in both networks, except at the generator's
output and the discriminator's input; ReLU in the generator with a tanh at its end; LeakyReLU in the
discriminator. §4: Adam 2e-4 with beta1 = .5, batches of 128, weights ~ N(0, .02), slope .2,
latents U(-1, 1)^100. The loss is the original GAN's, non-saturating.

On points the same guidelines hold for fully connected layers.

Traps avoided: no bias before a batch norm; real and fake batches go through the discriminator's
batch norm apart, as in the authors' code.
"""

from __future__ import annotations

from typing import Annotated

from ganbench import DataInfo, Optimiser, Parameter, Recipe, Training, VariantSpec, hookimpl
from ganbench_plugins.networks.sizes import shorter

GANBENCH_API_VERSION = 2


def _training(lr: float, ema: float) -> Training:
    adam = Optimiser(lr=lr, betas=(0.5, 0.999))
    return Training(generator=adam, discriminator=adam, batch_size=128, ema=ema)


def on_images(
    data: DataInfo,
    *,
    lr: Annotated[
        float | None,
        Parameter(minimum=0, help="learning rate of both networks; auto: 2e-4, below 16 px 1e-3"),
    ] = None,
    width: Annotated[
        int | None, Parameter(minimum=1, help="channels next to the image, by size if auto")
    ] = None,
    ema: Annotated[
        float, Parameter(minimum=0, maximum=1, help="decay of the generator's average")
    ] = 0.0,
) -> Recipe:
    """The paper's convolutions, which go faster where images are tiny and budgets short."""
    if lr is None:
        lr = 1e-3 if shorter(data) < 16 else 2e-4
    return Recipe(
        model="dcgan",
        model_parameters={"width": width},
        loss="non-saturating",
        training=_training(lr, ema),
    )


def on_points(
    data: DataInfo,
    *,
    lr: Annotated[float, Parameter(minimum=0, help="learning rate of both networks")] = 2e-4,
    width: Annotated[int | None, Parameter(minimum=1, help="hidden units, 128 if auto")] = None,
    ema: Annotated[
        float, Parameter(minimum=0, maximum=1, help="decay of the generator's average")
    ] = 0.0,
) -> Recipe:
    """Fully connected layers with the same constants."""
    return Recipe(
        model="mlp",
        model_parameters={
            "width": width or 128,
            "generator_norm": "batch",
            "discriminator_norm": "batch",
            "leak": 0.2,
            "init_std": 0.02,
            "latent": 2,
        },
        loss="non-saturating",
        training=_training(lr, ema),
    )


@hookimpl
def ganbench_variants() -> list[VariantSpec]:
    """DCGAN."""
    return [
        VariantSpec(
            name="dcgan",
            description="deep convolutional GAN: strided convolutions, batch norm in both networks",
            paper="Radford et al. 2016, Unsupervised Representation Learning with DCGANs, "
            "arXiv:1511.06434",
            recipes={"points": on_points, "image": on_images},
            deviations=(
                "below 64 px fewer levels and channels: 64 next to the image from 28 px, 32 below",
                "below 16 px a rate of 1e-3 instead of 2e-4",
                "at 128 px one level more, and 64 channels next to the image, as in dcgan.torch",
                "no L2 penalty, which the authors' code has (1e-5) and the paper has not",
                "on points fully connected layers of 128 units and a latent N(0, I_2)",
            ),
        )
    ]
