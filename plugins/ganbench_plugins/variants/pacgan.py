"""PacGAN (Lin et al. 2018, arXiv:1712.04086): a discriminator that judges m samples at once.

Points (the authors' ring and grid): their networks (`networks/pacgan.py`), the original loss,
non-saturating, simultaneous updates, Adam 1e-4 (.8, .999), 100 packs in a batch. `pacgan[m=1]` is
their baseline, the GAN that finds 6.3 of the ring's 8 modes.
Images (their stacked MNIST as in VEEGAN's experiment): DCGAN with 64 channels next to the image,
Adam 2e-4 (.5, .999), 64 packs in a batch, two generator steps to each discriminator step.

Traps avoided: a batch is of packs, as in the authors' code, so that there are as many judgements
for every m; packs are of independent samples, and real ones are in the range of the generator's
tanh (in the authors' stacked MNIST neither is so).
"""

from __future__ import annotations

from typing import Annotated

from ganbench import DataInfo, Optimiser, Parameter, Recipe, Training, VariantSpec, hookimpl

GANBENCH_API_VERSION = 2


def on_points(
    data: DataInfo,
    *,
    m: Annotated[int, Parameter(minimum=1, maximum=64, help="samples in a pack")] = 2,
    lr: Annotated[float, Parameter(minimum=0, help="learning rate of both networks")] = 1e-4,
    width: Annotated[int | None, Parameter(minimum=2, help="generator's units, 400 if auto")] = (
        None
    ),
) -> Recipe:
    """Batch-normalised generator, maxout discriminator of half its width."""
    adam = Optimiser(lr=lr, betas=(0.8, 0.999))
    return Recipe(
        model="pacgan",
        model_parameters={"width": width or 400},
        loss="non-saturating",
        techniques={"pac": {"m": m}},
        training=Training(
            generator=adam, discriminator=adam, batch_size=100 * m, updates="simultaneous"
        ),
    )


def on_images(
    data: DataInfo,
    *,
    m: Annotated[int, Parameter(minimum=1, maximum=64, help="samples in a pack")] = 2,
    lr: Annotated[float, Parameter(minimum=0, help="learning rate of both networks")] = 2e-4,
    width: Annotated[
        int | None, Parameter(minimum=1, help="channels next to the image, by size if auto")
    ] = None,
) -> Recipe:
    """PacDCGAN."""
    adam = Optimiser(lr=lr, betas=(0.5, 0.999))
    return Recipe(
        model="dcgan",
        model_parameters={
            "width": width or (64 if min(data.height, data.width) >= 28 else 32),
        },
        loss="non-saturating",
        techniques={"pac": {"m": m}},
        training=Training(generator=adam, discriminator=adam, batch_size=64 * m, critic_every=2),
    )


@hookimpl
def ganbench_variants() -> list[VariantSpec]:
    """PacGAN."""
    return [
        VariantSpec(
            name="pacgan",
            description="the discriminator judges packs of m samples, in the authors' networks",
            paper="Lin et al. 2018, PacGAN: The power of two samples in GANs, arXiv:1712.04086",
            recipes={"points": on_points, "image": on_images},
            deviations=(
                "below 28 px 32 channels next to the image instead of 64",
                "running statistics of batch norm move by .1 a step, in the authors' code by .05",
            ),
        )
    ]
