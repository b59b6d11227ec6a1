"""SpecGAN (Donahue et al. 2019, arXiv:1802.04208): DCGAN on spectrograms of sounds.

Appendix D, and the authors' code: two-dimensional 5x5 convolutions in strides of two, no norm, a
bias everywhere; everything else as WaveGAN has it: Wasserstein critic with gradient penalty 10,
Adam 1e-4 (.5, .9), batches of 64, 5 critic steps, latents U(-1, 1)^100.

Traps avoided: no gradient passes the transform, and what generators emit is never transformed back
in training; no norm in either network; one interpolation per sample.
"""

from __future__ import annotations

from typing import Annotated

from ganbench import DataInfo, Optimiser, Parameter, Recipe, Training, VariantSpec, hookimpl

GANBENCH_API_VERSION = 2


def on_audio(
    data: DataInfo,
    *,
    side: Annotated[
        int, Parameter(minimum=8, maximum=64, help="bins and frames of spectrograms")
    ] = 64,
    d: Annotated[
        int, Parameter(minimum=1, help="channels next to the spectrogram; the paper: 64")
    ] = 16,
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
    """The paper's recipe for clips of a quarter of its length."""
    adam = Optimiser(lr=lr, betas=(0.5, 0.9))
    return Recipe(
        model="dcgan",
        model_parameters={"width": d, "generator_norm": "none", "discriminator_norm": "none"},
        loss="wgan-gp",
        loss_parameters={"penalty": penalty},
        techniques={"spectrogram": {"side": side}},
        training=Training(
            generator=adam,
            discriminator=adam,
            batch_size=batch,
            critic_steps=critic_steps,
            ema=ema,
        ),
    )


@hookimpl
def ganbench_variants() -> list[VariantSpec]:
    """SpecGAN."""
    return [
        VariantSpec(
            name="specgan",
            description="DCGAN on log spectrograms of sounds, with gradient penalty",
            paper="Donahue et al. 2019, Adversarial Audio Synthesis, arXiv:1802.04208",
            recipes={"audio": on_audio},
            deviations=(
                "spectrograms of 64x64 for 4,096 samples instead of 128x128 for 16,384, and so one "
                "convolution less; 16 channels next to them instead of 64",
                "weights start as DCGAN's, N(0, .02), instead of Glorot's",
                "frames are centred at their sample, not begun there; no frame follows the clip",
            ),
        )
    ]
