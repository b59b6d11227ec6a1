"""The textbook's first GAN in Keras: dense layers of 256 and 128 units, and a critic of 128.

The generator is Dense 256 - 128 - pixels (784 of a 28 px image), the discriminator Dense 128 - 1.

Traps avoided: no sigmoid at the discriminator's end, since losses take logits; images are in
[-1, 1] for a generator that ends in a tanh; each network has its own optimiser, so that nothing has
to be switched off while the other one learns.
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING, Annotated

from ganbench import (
    DataInfo,
    ModelSpec,
    Optimiser,
    Parameter,
    Recipe,
    Training,
    VariantSpec,
    hookimpl,
)

if TYPE_CHECKING:
    from ganbench import Networks

GANBENCH_API_VERSION = 2

PAPER = "Goodfellow et al. 2014, Generative Adversarial Nets, arXiv:1406.2661, as textbooks have it"
INSTALLED = find_spec("keras") is not None


def build(
    data: DataInfo,
    *,
    latent: Annotated[int, Parameter(minimum=1, help="size of the latent")] = 100,
) -> Networks:
    """Dense 256 - 128 - pixels, and Dense 128 - 1."""
    from ganbench import Latent
    from ganbench_plugins.keras.wrap import networks, use_keras

    keras = use_keras()
    layers = keras.layers
    generator = keras.Sequential(
        [
            keras.Input((latent,)),
            layers.Dense(256, activation="relu"),
            layers.Dense(128, activation="relu"),
            layers.Dense(data.features),
        ]
    )
    discriminator = keras.Sequential(
        [
            keras.Input((data.features,)),
            layers.Dense(128, activation="relu"),
            layers.Dense(1),
        ]
    )
    return networks(generator, discriminator, Latent(size=latent), data)


def recipe(
    data: DataInfo,
    *,
    lr: Annotated[float, Parameter(minimum=0, help="learning rate of both networks")] = 2e-4,
    latent: Annotated[int, Parameter(minimum=1, help="size of the latent")] = 100,
) -> Recipe:
    """The original loss under Adam, batches of 128."""
    adam = Optimiser(lr=lr, betas=(0.5, 0.999))
    return Recipe(
        model="keras-dense",
        model_parameters={"latent": latent},
        loss="non-saturating",
        training=Training(generator=adam, discriminator=adam, batch_size=128),
    )


@hookimpl
def ganbench_models() -> list[ModelSpec]:
    """The networks, where Keras is installed."""
    model = ModelSpec(
        name="keras-dense",
        description="a textbook's dense layers in Keras: 256-128-pixels, and 128-1",
        paper=PAPER,
        build=build,
        modalities=("image",),
    )
    return [model] if INSTALLED else []


@hookimpl
def ganbench_variants() -> list[VariantSpec]:
    """The textbook's GAN, where Keras is installed."""
    variant = VariantSpec(
        name="keras-dense",
        description="the textbook's GAN of dense layers, in Keras 3",
        paper=PAPER,
        modalities=("image",),
        recipe=recipe,
        deviations=(
            "no sigmoid at the end of the discriminator: losses take logits",
            "Adam 2e-4 (.5, .999) for both networks",
        ),
    )
    return [variant] if INSTALLED else []
