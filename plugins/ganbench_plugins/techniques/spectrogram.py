"""Sounds seen as images of their spectrograms: with it, networks and losses for images make sounds.

Short-time magnitudes, their logarithms in three deviations of each bin, as SpecGAN has them
(Donahue et al. 2019, section 3.1); back to sound by 16 iterations of Griffin and Lim. The transform
stands before the training: no gradient passes it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from ganbench import DataInfo, Parameter, Spectrogram, TechniqueSpec, UsageError, hookimpl

GANBENCH_API_VERSION = 2


def view(
    data: DataInfo,
    *,
    side: Annotated[
        int, Parameter(minimum=8, maximum=256, help="bins and frames of the images")
    ] = 64,
) -> DataInfo:
    """x -> (log(|STFT(x)| + 1e-6) - m) / (3 s), cut at -1 and 1, m and s of each bin.

    Square images, of frames that overlap by half or more.

    Raises:
        UsageError: clips of that length have no such images.
    """
    channels, samples = data.shape
    if samples % side or side**2 < samples:
        raise UsageError(
            f"clips of {samples:,} samples make no images of {side}x{side}: {side} frames must "
            "divide them, and overlap by half or more",
            f"set a side that divides {samples:,}, of {int(samples**0.5)} or more",
        )
    seen = Spectrogram(samples=samples, size=2 * side, hop=samples // side)
    return replace(
        data, modality="image", shape=(channels, side, side), rate=None, spectrogram=seen
    )


@hookimpl
def ganbench_techniques() -> list[TechniqueSpec]:
    """The spectrogram."""
    return [
        TechniqueSpec(
            name="spectrogram",
            description="networks see sounds as images: log magnitudes, back by Griffin-Lim",
            paper="Donahue et al. 2019, Adversarial Audio Synthesis, arXiv:1802.04208",
            view=view,
            modalities=("audio",),
            argument="side",
            exclusive="a view of sounds",
            deviations=("images of 64x64 unless told otherwise, instead of 128x128",),
        )
    ]
