"""SAGAN (Zhang et al. 2019, arXiv:1805.08318): places of an image that attend to each other.

SNGAN with self-attention, a spectral norm on both players, and two time scales in the place of more
discriminator steps: Adam (0, .9), 1e-4 for the generator and 4e-4 for the discriminator, one step
each, under the hinge loss.

Traps avoided: the attention's weight starts at zero, so that networks start as they are without;
the attention sums to one over the places that are looked at, not over those that look; its 1x1
convolutions are normalised as all other layers are.
"""

from __future__ import annotations

from typing import Annotated

from ganbench import DataInfo, Optimiser, Parameter, Recipe, Training, VariantSpec, hookimpl

GANBENCH_API_VERSION = 2


def _training(lr: float, ema: float) -> Training:
    return Training(
        generator=Optimiser(lr=lr, betas=(0.0, 0.9)),
        discriminator=Optimiser(lr=4 * lr, betas=(0.0, 0.9)),
        batch_size=64,
        ema=ema,
    )


def on_images(
    data: DataInfo,
    *,
    lr: Annotated[
        float, Parameter(minimum=0, help="the generator's rate; the discriminator's is 4x")
    ] = 1e-4,
    width: Annotated[
        int | None,
        Parameter(minimum=1, help="discriminator's channels next to the image, by size if auto"),
    ] = None,
    ema: Annotated[
        float, Parameter(minimum=0, maximum=1, help="decay of the generator's average")
    ] = 0.0,
) -> Recipe:
    """Residual networks with attention."""
    return Recipe(
        model="sagan",
        model_parameters={"width": width},
        loss="hinge",
        techniques={"sn": {}},
        training=_training(lr, ema),
    )


def on_points(
    data: DataInfo,
    *,
    lr: Annotated[
        float, Parameter(minimum=0, help="the generator's rate; the discriminator's is 4x")
    ] = 1e-4,
    width: Annotated[int | None, Parameter(minimum=1, help="hidden units, 128 if auto")] = None,
    ema: Annotated[
        float, Parameter(minimum=0, maximum=1, help="decay of the generator's average")
    ] = 0.0,
) -> Recipe:
    """Multilayer perceptrons under the same loss, constraint and rates."""
    return Recipe(
        model="mlp",
        model_parameters={"width": width or 128, "latent": 2},
        loss="hinge",
        techniques={"sn": {}},
        training=_training(lr, ema),
    )


@hookimpl
def ganbench_variants() -> list[VariantSpec]:
    """SAGAN."""
    return [
        VariantSpec(
            name="sagan",
            description="self-attention in both players, a spectral norm, two time scales",
            paper="Zhang et al. 2019, Self-Attention Generative Adversarial Networks, "
            "arXiv:1805.08318",
            recipes={"points": on_points, "image": on_images},
            deviations=(
                "without classes: neither conditional batch norm nor a projection",
                "batches of 64 instead of 256, so that small budgets have steps enough",
                "below 64 px attention on maps of half the image, and SNGAN's narrower blocks",
                "no average of the generator unless ema is set",
                "on points perceptrons, without attention and with a plain generator",
            ),
        )
    ]
