"""BigGAN (Brock et al. 2019, arXiv:1809.11096), in small: one embedding of the class for all norms.

Hinge, a spectral norm on both players, orthogonal weights, an average of the generator; Adam with
beta1 = 0, 5e-5 for the generator and 2e-4 for the discriminator, two discriminator steps (§3).
It needs classes: compare it to conditional variants.

Traps avoided: what is evaluated is the average, with its batch norm's statistics; the embedding of
the discriminator is normalised as its other layers are.
"""

from __future__ import annotations

from typing import Annotated

from ganbench import DataInfo, Optimiser, Parameter, Recipe, Training, VariantSpec, hookimpl

GANBENCH_API_VERSION = 2


def recipe(
    data: DataInfo,
    *,
    lr: Annotated[
        float, Parameter(minimum=0, help="the generator's rate; the discriminator's is 4x")
    ] = 5e-5,
    width: Annotated[
        int | None,
        Parameter(minimum=1, help="discriminator's channels next to the image, by size if auto"),
    ] = None,
    ema: Annotated[
        float, Parameter(minimum=0, maximum=1, help="decay of the generator's average")
    ] = 0.99,
) -> Recipe:
    """Residual networks that are told the class."""
    return Recipe(
        model="biggan",
        model_parameters={"width": width},
        loss="hinge",
        techniques={"sn": {}},
        training=Training(
            generator=Optimiser(lr=lr, betas=(0.0, 0.999)),
            discriminator=Optimiser(lr=4 * lr, betas=(0.0, 0.999)),
            batch_size=64,
            critic_steps=2,
            ema=ema,
        ),
    )


@hookimpl
def ganbench_variants() -> list[VariantSpec]:
    """BigGAN."""
    return [
        VariantSpec(
            name="biggan",
            description="conditional: a shared embedding and parts of the latent steer all norms",
            paper="Brock et al. 2019, Large Scale GAN Training for High Fidelity Natural Image "
            "Synthesis, arXiv:1809.11096",
            modalities=("image",),
            recipe=recipe,
            deviations=(
                "SNGAN's widths instead of 96 channels next to the image, batches of 64 instead of "
                "2,048",
                "the average decays by .99 a step instead of .9999, and from the first step on: "
                "runs of hundreds of steps would be judged by the weights that they began with",
                "no orthogonal regularisation and no truncation of latents",
                "attention on maps of half the image",
                "fakes have the classes of the real batch in critic steps, and those of the "
                "task's law (the data's shares, by default) in the generator's",
            ),
        )
    ]
