"""StyleGAN2 (Karras et al. 2020, arXiv:1912.04958), in small, as its authors train CIFAR-10.

Non-saturating loss, R1 every 16th step, Adam 2.5e-3 (0, .99), an average of the generator with a
half-life in images; mapping network of two layers, no path-length penalty and no style mixing (the
settings for CIFAR-10 in Karras et al. 2020, Training GANs with limited data, arXiv:2006.06676).

Traps avoided: R1 that acts every 16th step weighs 16 times as much then; gamma/2, not gamma; the
average's half-life is given in images, so that it does not depend on the batch.
"""

from __future__ import annotations

from typing import Annotated

from ganbench import DataInfo, Optimiser, Parameter, Recipe, Training, VariantSpec, hookimpl

GANBENCH_API_VERSION = 2


def recipe(
    data: DataInfo,
    *,
    lr: Annotated[float, Parameter(minimum=0, help="learning rate of both networks")] = 2.5e-3,
    gamma: Annotated[float, Parameter(minimum=0, help="R1 weighs gamma/2")] = 0.01,
    width: Annotated[
        int | None, Parameter(minimum=1, help="channels next to the image, by size if auto")
    ] = None,
    half_life: Annotated[
        float, Parameter(minimum=1, help="of the generator's average, in images")
    ] = 10_000.0,
) -> Recipe:
    """Styles and modulated convolutions."""
    adam = Optimiser(lr=lr, betas=(0.0, 0.99))
    return Recipe(
        model="stylegan2",
        model_parameters={"width": width},
        loss="non-saturating",
        techniques={"r1": {"gamma": gamma, "every": 16}},
        training=Training(
            generator=adam, discriminator=adam, batch_size=64, ema_half_life=half_life
        ),
    )


@hookimpl
def ganbench_variants() -> list[VariantSpec]:
    """StyleGAN2."""
    return [
        VariantSpec(
            name="stylegan2",
            description="a mapping network, modulated convolutions, R1 every 16th step",
            paper="Karras et al. 2020, Analyzing and Improving the Image Quality of StyleGAN, "
            "arXiv:1912.04958",
            modalities=("image",),
            recipe=recipe,
            deviations=(
                "8 or 16 channels next to the image and at most 128, instead of 512 throughout",
                "latents and styles of 64 dimensions instead of 512",
                "no noise inputs: a latent has one image, which evaluations rely on",
                "no minibatch deviation, since R1 is one of single samples here; add mbstd to a "
                "variant without penalties to see what it does",
                "rates are not adapted to the penalty's pace (the paper's factor is 16/17)",
                "the average's half-life is 10,000 images instead of 500,000, as runs are shorter, "
                "and does not rise with the images seen, as it does over the authors' first ones",
                "a tanh at the generator's end, which keeps images in range",
            ),
        )
    ]
