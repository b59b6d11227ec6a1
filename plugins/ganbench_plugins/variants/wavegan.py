"""WaveGAN (Donahue et al. 2019, arXiv:1802.04208): DCGAN for sound, in one dimension.

Appendix D, tables 3 to 5; and the authors' code: Wasserstein critic with gradient penalty 10, Adam
1e-4 (.5, .9), batches of 64, 5 critic steps, latents U(-1, 1)^100, phase shuffle by up to 2.

Traps avoided: phase shuffle is one shift per call and layer, drawn anew for real, for fake and for
interpolated samples, and there is none behind the last convolution; no norm in either network; one
interpolation per sample.
"""

from __future__ import annotations

from typing import Annotated

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
from ganbench_plugins.networks.sizes import fitting, wavegan_layers

GANBENCH_API_VERSION = 2

PAPER = "Donahue et al. 2019, Adversarial Audio Synthesis, arXiv:1802.04208"


def on_audio(
    data: DataInfo,
    *,
    d: Annotated[int, Parameter(minimum=1, help="channels next to the sound; the paper: 64")] = 16,
    shuffle: Annotated[
        int, Parameter(minimum=0, maximum=16, help="samples that phase shuffle moves by, at most")
    ] = 2,
    lr: Annotated[float, Parameter(minimum=0, help="learning rate of both networks")] = 1e-4,
    penalty: Annotated[float, Parameter(minimum=0, help="lambda, weight of the penalty")] = 10.0,
    batch: Annotated[int, Parameter(minimum=1, help="clips of a step; the paper: 64")] = 64,
    critic_steps: Annotated[
        int, Parameter(minimum=1, help="critic steps before each generator step")
    ] = 5,
    ema: Annotated[
        float, Parameter(minimum=0, maximum=1, help="decay of the generator's average")
    ] = 0.0,
) -> Recipe:
    """The paper's recipe, of which the width is a quarter."""
    adam = Optimiser(lr=lr, betas=(0.5, 0.9))
    return Recipe(
        model="wavegan",
        model_parameters={"d": d, "shuffle": shuffle},
        loss="wgan-gp",
        loss_parameters={"penalty": penalty},
        training=Training(
            generator=adam,
            discriminator=adam,
            batch_size=batch,
            critic_steps=critic_steps,
            ema=ema,
        ),
    )


@hookimpl
def ganbench_models() -> list[ModelSpec]:
    """WaveGAN's networks."""
    return [
        ModelSpec(
            name="wavegan",
            description="one-dimensional convolutions of 25 taps with phase shuffle, for sound",
            paper=PAPER,
            build="ganbench_plugins.networks.wavegan:build",
            modalities=("audio",),
            supports=fitting(wavegan_layers),
            parameters={
                "d": Parameter(default=16, minimum=1, help="channels next to the sound"),
                "shuffle": Parameter(
                    default=2, minimum=0, maximum=16, help="samples that phase shuffle moves by"
                ),
            },
        )
    ]


@hookimpl
def ganbench_variants() -> list[VariantSpec]:
    """WaveGAN."""
    return [
        VariantSpec(
            name="wavegan",
            description="one-dimensional DCGAN for sound, with phase shuffle and gradient penalty",
            paper=PAPER,
            recipes={"audio": on_audio},
            deviations=(
                "16 channels next to the sound instead of 64: wavegan[d=64] is the paper's",
                "clips of 4,096 and 1,024 samples take one and two layers fewer, the widest ones",
            ),
        )
    ]
