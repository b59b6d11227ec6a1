"""R3GAN (Huang et al. 2024, arXiv:2501.05441): a loss that converges, and a network without tricks.

Relativistic pairs with R1 and R2, each gamma/2 E |grad D|^2, in every step; no normalisation, no
momentum in Adam, 2e-4 (0, .99).

Traps avoided: both penalties act at every step (done lazily, every eighth, the authors saw stacked
MNIST and points fail altogether), and at real and fake samples alike (R1 alone fails there too);
the generator's step has real samples of its own; beta2 is not .999, with which training is
unstable; the zero-initialised last layer of a block adds to the block's input, which no activation
has changed in place.
"""

from __future__ import annotations

from typing import Annotated

from ganbench import DataInfo, Optimiser, Parameter, Recipe, Training, VariantSpec, hookimpl

GANBENCH_API_VERSION = 2


def _training(lr: float, batch_size: int, ema: float) -> Training:
    adam = Optimiser(lr=lr, betas=(0.0, 0.99))
    return Training(generator=adam, discriminator=adam, batch_size=batch_size, ema=ema)


def on_images(
    data: DataInfo,
    *,
    lr: Annotated[float, Parameter(minimum=0, help="learning rate of both networks")] = 2e-4,
    gamma: Annotated[float, Parameter(minimum=0, help="each penalty weighs gamma/2")] = 1.0,
    batch_size: Annotated[int, Parameter(minimum=1, help="real samples in a step")] = 64,
    width: Annotated[
        int | None, Parameter(minimum=1, help="channels of each block, by size if auto")
    ] = None,
    ema: Annotated[
        float, Parameter(minimum=0, maximum=1, help="decay of the generator's average")
    ] = 0.0,
) -> Recipe:
    """The paper's networks."""
    return Recipe(
        model="r3gan",
        model_parameters={"width": width},
        loss="rp",
        techniques={"r1": {"gamma": gamma}, "r2": {"gamma": gamma}},
        training=_training(lr, batch_size, ema),
    )


def on_points(
    data: DataInfo,
    *,
    lr: Annotated[float, Parameter(minimum=0, help="learning rate of both networks")] = 2e-4,
    gamma: Annotated[float, Parameter(minimum=0, help="each penalty weighs gamma/2")] = 0.1,
    batch_size: Annotated[int, Parameter(minimum=1, help="real samples in a step")] = 256,
    width: Annotated[int | None, Parameter(minimum=1, help="hidden units, 128 if auto")] = None,
    ema: Annotated[
        float, Parameter(minimum=0, maximum=1, help="decay of the generator's average")
    ] = 0.0,
) -> Recipe:
    """Multilayer perceptrons under the same loss."""
    return Recipe(
        model="mlp",
        model_parameters={"width": width or 128, "leak": 0.2, "latent": 2},
        loss="rp",
        techniques={"r1": {"gamma": gamma}, "r2": {"gamma": gamma}},
        training=_training(lr, batch_size, ema),
    )


@hookimpl
def ganbench_variants() -> list[VariantSpec]:
    """R3GAN."""
    return [
        VariantSpec(
            name="r3gan",
            description="relativistic pairs with R1 and R2, residual networks without norms",
            paper="Huang et al. 2024, The GAN is dead; long live the GAN!, arXiv:2501.05441",
            recipes={"points": on_points, "image": on_images},
            deviations=(
                "16 to 64 channels instead of 768, and batches of 64 instead of 512, so that small "
                "budgets have steps enough",
                "gamma, beta2 and the learning rate are constant: gamma begins where the authors' "
                "does on stacked MNIST (1, then .1), beta2 is where theirs ends (.9, then .99)",
                "no average of the generator unless ema is set",
                "a tanh at the generator's end, which keeps images in range",
                "on points perceptrons of three layers of 128 units, gamma .1 and batches of 256",
            ),
        )
    ]
