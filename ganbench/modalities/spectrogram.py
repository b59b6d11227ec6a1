"""Sounds that networks see as images: what is stored, scored and played are the sounds.

An image is the logarithm of a sound's short-time magnitudes, bin by bin in deviations from its mean
over the train split, of which three are the range of a tanh (SpecGAN, Donahue et al. 2019). Its
phases are lost: a sound is made of an image by Griffin and Lim's iteration, which keeps magnitudes
and looks for phases that belong together. So real sounds do not come back as they were.

No data set has this modality, and none is asked for by this name: a technique shows sounds so.
"""

from __future__ import annotations

import functools
import math
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from ganbench.api.data import DataInfo
from ganbench.api.schema import Spectrogram
from ganbench.modalities import audio
from ganbench.modalities.image import fault as image_fault

if TYPE_CHECKING:
    import torch
    from torch import Tensor

ITERATIONS: Final = 16
"""Of Griffin and Lim's algorithm, as SpecGAN's."""

DEVIATIONS: Final = 3.0
"""Of a bin, from its mean to the end of what an image can show, as SpecGAN's."""

FLOOR: Final = 1e-6
"""Added to magnitudes before their logarithm, as SpecGAN's."""

SMALLEST_DEVIATION: Final = 1e-3
"""Of a bin in which nothing ever sounds: any scale will do."""

AT_ONCE: Final = 256
"""Sounds whose spectra are computed together."""

SEED: Final = 1983
"""Of the phases that the iteration begins with, which are the same for every sound."""


def fault(info: DataInfo) -> str:
    """The image is of as many bins and frames as the spectrogram has."""
    seen = _of(info)
    if info.shape[1:] != (seen.bins, seen.frames):
        return (
            f"its spectrogram has {seen.bins} bins and {seen.frames} frames, not {info.shape[1:]}"
        )
    return image_fault(info)


def stored_shape(info: DataInfo) -> tuple[int, ...]:
    """That of the sound."""
    return info.shape[0], _of(info).samples


def fit(info: DataInfo, train: Tensor) -> DataInfo:
    """The same with the bins' means and deviations over a train split (N, C, S) int16."""
    import torch

    logs = torch.cat([_logarithms(part, _of(info)) for part in torch.split(train, AT_ONCE)])
    by_bin = logs.double().permute(2, 0, 1, 3).flatten(1)
    deviations = by_bin.std(dim=1, correction=0).clamp(min=SMALLEST_DEVIATION)
    means = tuple(by_bin.mean(dim=1).tolist())
    fitted = replace(_of(info), means=means, deviations=tuple(deviations.tolist()))
    return replace(info, spectrogram=fitted)


def encode(stored: Tensor, info: DataInfo) -> Tensor:
    """(N, C, S) int16 to (N, C, bins, frames) in [-1, 1], low frequencies first."""
    means, scales = _levels(stored, info)
    return ((_logarithms(stored, _of(info)) - means) / scales).clamp_(-1, 1)


def decode(raw: Tensor, info: DataInfo) -> Tensor:
    """(N, C, bins, frames) to sounds (N, C, S) int16."""
    import torch

    means, scales = _levels(raw, info)
    magnitudes = ((raw.clamp(-1, 1) * scales + means).exp() - FLOOR).clamp(min=0)
    sounds = [_sounds(part.flatten(0, 1), _of(info)) for part in torch.split(magnitudes, AT_ONCE)]
    samples = torch.cat(sounds).reshape(*raw.shape[:2], -1)
    return audio.decode(samples, info)


def _logarithms(stored: Tensor, seen: Spectrogram) -> Tensor:
    """(N, C, bins, frames) float32."""
    sounds = stored.flatten(0, 1).float() / audio.FULL_SCALE
    magnitudes = _transform(sounds, seen).abs()[:, : seen.bins, : seen.frames]
    return (magnitudes + FLOOR).log().reshape(*stored.shape[:2], seen.bins, seen.frames)


def _sounds(magnitudes: Tensor, seen: Spectrogram) -> Tensor:
    """(N, samples) of magnitudes (N, bins, frames): Griffin & Lim 1984."""
    import torch
    from torch.nn.functional import pad

    magnitudes = pad(magnitudes, (0, 1, 0, 1))  # the last bin and the last frame are silent
    drawn = torch.Generator().manual_seed(SEED)  # on the CPU: the same for every device
    angles = 2 * math.pi * torch.rand(magnitudes.shape[1:], generator=drawn)
    phases = torch.polar(torch.ones_like(angles), angles).to(magnitudes.device)
    spectra = magnitudes * phases
    for _ in range(ITERATIONS):
        found = _transform(_inverse(spectra, seen), seen)
        spectra = torch.polar(magnitudes, found.angle())
    return _inverse(spectra, seen)


def _transform(sounds: Tensor, seen: Spectrogram) -> Tensor:
    """(N, bins + 1, frames + 1) complex of (N, samples); outside of a sound there is silence."""
    import torch

    return torch.stft(
        sounds,
        n_fft=seen.size,
        hop_length=seen.hop,
        window=torch.hann_window(seen.size, device=sounds.device),
        pad_mode="constant",
        return_complex=True,
    )


def _inverse(spectra: Tensor, seen: Spectrogram) -> Tensor:
    import torch

    window = torch.hann_window(seen.size, device=spectra.device)
    return torch.istft(
        spectra, n_fft=seen.size, hop_length=seen.hop, window=window, length=seen.samples
    )


def _levels(like: Tensor, info: DataInfo) -> tuple[Tensor, Tensor]:
    """Middle and half range of each bin's logarithms: (bins, 1) each, on a tensor's device."""
    seen = _of(info)
    assert seen.means, "a view is fitted to a train split before anything is encoded"
    # Of a file they are lists.
    return _levels_on(tuple(seen.means), tuple(seen.deviations), like.device)


@functools.lru_cache(maxsize=8)
def _levels_on(
    means: tuple[float, ...], deviations: tuple[float, ...], device: torch.device
) -> tuple[Tensor, Tensor]:
    """Kept on the device: to bring them there is to wait for it, at each batch."""
    import torch

    levels = torch.tensor([means, deviations], device=device)[..., None]
    return levels[0], DEVIATIONS * levels[1]


def _of(info: DataInfo) -> Spectrogram:
    assert info.spectrogram is not None
    return info.spectrogram


SPECTROGRAM = replace(
    audio.AUDIO,
    name="image",
    axes=("channels", "height", "width"),
    has="spectrogram",
    examples=(),
    fault=fault,
    stored_shape=stored_shape,
    fit=fit,
    encode=encode,
    decode=decode,
    emitted="logarithms of magnitudes, three deviations of each bin's mean as [-1, 1]: as sound by "
    f"{ITERATIONS} iterations of Griffin and Lim, 16 bits",
)
