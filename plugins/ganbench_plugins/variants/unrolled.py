"""Unrolled GAN (Metz et al. 2017, arXiv:1611.02163): the generator foresees k discriminator steps.

Points (the authors' ring): both networks two tanh layers of 128 units with orthogonal weights of
gain 1.4, latents N(0, I_256), batches of 512, Adam with beta1 = .5, 1e-3 for the generator and 1e-4
for the discriminator, the saddle-point loss (`minimax`), k = 5.
Images (their stacked MNIST, as PacGAN's authors ran it): batches of 128, Adam (.5, .99), 1e-4 for
the generator and 2e-4 for the discriminator, latents N(0, I_256).

The technique is `techniques/unrolled.py`. Traps avoided: the ring has eight modes, not seven twice
counted; the generator's gradient goes through the steps, and so through the discriminator's Adam.
"""

from __future__ import annotations

from typing import Annotated

from ganbench import DataInfo, Optimiser, Parameter, Recipe, Training, VariantSpec, hookimpl

GANBENCH_API_VERSION = 2


def on_points(
    data: DataInfo,
    *,
    k: Annotated[int, Parameter(minimum=0, maximum=50, help="steps to look ahead")] = 5,
    lr: Annotated[
        float,
        Parameter(minimum=0, help="learning rate of the discriminator; the generator's is 10x"),
    ] = 1e-4,
    width: Annotated[int | None, Parameter(minimum=1, help="hidden units, 128 if auto")] = None,
) -> Recipe:
    """Two tanh layers each."""
    return Recipe(
        model="mlp",
        model_parameters={
            "width": width or 128,
            "depth": 2,
            "activation": "tanh",
            "orthogonal_gain": 1.4,
            "latent": 256,
        },
        loss="minimax",
        techniques={"unrolled": {"k": k}},
        training=Training(
            generator=Optimiser(lr=10 * lr, betas=(0.5, 0.999)),
            discriminator=Optimiser(lr=lr, betas=(0.5, 0.999)),
            batch_size=512,
        ),
    )


def on_images(
    data: DataInfo,
    *,
    k: Annotated[int, Parameter(minimum=0, maximum=50, help="steps to look ahead")] = 5,
    lr: Annotated[
        float,
        Parameter(minimum=0, help="learning rate of the discriminator; the generator's is half"),
    ] = 2e-4,
    width: Annotated[
        int | None, Parameter(minimum=1, help="channels next to the image, by size if auto")
    ] = None,
) -> Recipe:
    """DCGAN's convolutions."""
    return Recipe(
        model="dcgan",
        model_parameters={"width": width, "latent": 256, "latent_law": "normal"},
        loss="minimax",
        techniques={"unrolled": {"k": k}},
        training=Training(
            generator=Optimiser(lr=lr / 2, betas=(0.5, 0.99)),
            discriminator=Optimiser(lr=lr, betas=(0.5, 0.99)),
            batch_size=128,
        ),
    )


@hookimpl
def ganbench_variants() -> list[VariantSpec]:
    """Unrolled GAN."""
    return [
        VariantSpec(
            name="unrolled",
            description="the generator plays against the discriminator as it will be in k steps",
            paper="Metz et al. 2017, Unrolled Generative Adversarial Networks, arXiv:1611.02163",
            recipes={"points": on_points, "image": on_images},
            deviations=(
                "the players alternate",
                "on images DCGAN's networks instead of the paper's, whose discriminator was made "
                "weak on purpose",
            ),
        )
    ]
