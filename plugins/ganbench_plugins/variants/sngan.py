"""SNGAN (Miyato et al. 2018, arXiv:1802.05957): every layer of the discriminator 1-Lipschitz.

Residual networks (appendix B.4), a spectral norm by one power iteration on every layer of the
discriminator, the hinge loss, Adam 2e-4 (0, .9) decayed linearly to zero, 5 discriminator steps,
batches of 64 for the discriminator and of 128 for the generator (the authors' code).

Traps avoided: the first and last layers are normalised as well; pixels are summed, not averaged
(the mean would shrink a 1-Lipschitz discriminator's logits by their number); the last layer has no
bias; nothing is rectified in place before a shortcut.
"""

from __future__ import annotations

from typing import Annotated

from ganbench import DataInfo, Optimiser, Parameter, Recipe, Training, VariantSpec, hookimpl

GANBENCH_API_VERSION = 2


def _training(lr: float, critic_steps: int, ema: float) -> Training:
    adam = Optimiser(lr=lr, betas=(0.0, 0.9))
    return Training(
        generator=adam,
        discriminator=adam,
        batch_size=64,
        generator_batch_size=128,
        critic_steps=critic_steps,
        schedule="linear",
        ema=ema,
    )


def on_images(
    data: DataInfo,
    *,
    lr: Annotated[float, Parameter(minimum=0, help="learning rate of both networks")] = 2e-4,
    critic_steps: Annotated[
        int, Parameter(minimum=1, help="discriminator steps before each generator step")
    ] = 5,
    width: Annotated[
        int | None,
        Parameter(minimum=1, help="discriminator's channels next to the image, by size if auto"),
    ] = None,
    ema: Annotated[
        float, Parameter(minimum=0, maximum=1, help="decay of the generator's average")
    ] = 0.0,
) -> Recipe:
    """Residual networks."""
    return Recipe(
        model="sngan",
        model_parameters={"width": width},
        loss="hinge",
        techniques={"sn": {}},
        training=_training(lr, critic_steps, ema),
    )


def on_points(
    data: DataInfo,
    *,
    lr: Annotated[float, Parameter(minimum=0, help="learning rate of both networks")] = 2e-4,
    critic_steps: Annotated[
        int, Parameter(minimum=1, help="discriminator steps before each generator step")
    ] = 5,
    width: Annotated[int | None, Parameter(minimum=1, help="hidden units, 128 if auto")] = None,
    ema: Annotated[
        float, Parameter(minimum=0, maximum=1, help="decay of the generator's average")
    ] = 0.0,
) -> Recipe:
    """Multilayer perceptrons under the same constraint."""
    return Recipe(
        model="mlp",
        model_parameters={"width": width or 128, "latent": 2},
        loss="hinge",
        techniques={"sn": {}},
        training=_training(lr, critic_steps, ema),
    )


@hookimpl
def ganbench_variants() -> list[VariantSpec]:
    """SNGAN."""
    return [
        VariantSpec(
            name="sngan",
            description="spectrally normalised residual discriminator under the hinge loss",
            paper="Miyato et al. 2018, Spectral Normalization for Generative Adversarial Networks, "
            "arXiv:1802.05957",
            recipes={"points": on_points, "image": on_images},
            deviations=(
                "the learning rate reaches zero at the end of the budget, not after 100k steps",
                "below 28 px narrower blocks: 64 and 128 channels at 16 px, 32 and 64 at 8 px",
                "no noise is added to the images' bytes",
                "on points perceptrons of three layers of 128 units and a latent N(0, I_2)",
            ),
        )
    ]
