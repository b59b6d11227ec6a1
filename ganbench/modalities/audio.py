"""Sounds: 16-bit linear PCM, which networks see and emit between -1 and 1.

Shown as clips to listen to, one after another, and as the spectrograms of the same clips.
"""

from __future__ import annotations

import io
import math
import wave
from typing import TYPE_CHECKING

from ganbench.api.data import DataInfo
from ganbench.api.errors import UsageError
from ganbench.modalities.media import Media, stem_of
from ganbench.modalities.modality import Modality, no_fault, shape_of, tanh, tanh_range

if TYPE_CHECKING:
    from torch import Tensor

MOST_CHANNELS = 8
FULL_SCALE = 32_768
QUIETEST = 2
"""Sounds whose largest number is below this were floats in [-1, 1] once."""

SHEET_CLIPS, FRAME_CLIPS = 16, 4
SHEET_SAMPLES, FRAME_SAMPLES = 2**19, 2**15
"""All that is played, at most: the first clips that fit, or the beginning of the first one."""

PAUSE_SECONDS = 0.1
"""Silence between two clips."""

BINS, COLUMNS = 64, 64
"""Of a spectrogram: frequencies up to half the rate, and points in time, about."""

ALIKE = "give both the same rate and length; for a folder of sounds: audio:PATH[rate=N,length=N]"

DECIBELS = 80.0
"""Of a spectrogram, from black to white, which is as loud as the real clips ever are."""


def fault(info: DataInfo) -> str:
    """Channels come first, and are few; the rate is one."""
    channels, samples = info.shape
    if info.rate is not None and info.rate < 1:
        return f"its rate must be at least one sample per second, it is {info.rate}"
    if channels <= MOST_CHANNELS:
        return ""
    if samples <= MOST_CHANNELS:
        return f"channels come first, its shape is (channels, samples), not {info.shape}"
    return f"it must have 1 to {MOST_CHANNELS} channels, it has {channels}: {info.shape}"


def doubt(stored: Tensor, info: DataInfo) -> str:
    """Next to silence."""
    largest = int(stored.int().abs().max()) if len(stored) else FULL_SCALE
    return (
        ""
        if largest >= QUIETEST
        else f"lie in -{largest}..{largest}, not in -{FULL_SCALE:,}..{FULL_SCALE - 1:,}"
    )


def apart(one: DataInfo, other: DataInfo) -> str:
    """A number lasts as long as the rate says."""
    if one.rate == other.rate:
        return ""
    return f"{one.rate:,} and {other.rate:,} samples per second"


def translate(stored: Tensor, own: DataInfo, info: DataInfo) -> Tensor:
    """Sounds of the same rate as they are; to resample any would change what is scored."""
    if said := apart(own, info):
        raise UsageError(f"{own.name} and {info.name} have {said}", ALIKE)
    return stored


def encode(stored: Tensor, info: DataInfo) -> Tensor:
    """16 bits to float32 in [-1, 1)."""
    return stored.float().mul_(1 / FULL_SCALE)


def decode(raw: Tensor, info: DataInfo) -> Tensor:
    """Sounds in [-1, 1] to 16 bits: x * 32768, rounded; clipped where it is too loud."""
    return raw.mul(FULL_SCALE).round().clamp(-FULL_SCALE, FULL_SCALE - 1).short()


def sheet(fakes: Tensor, real: Tensor, title: str, info: DataInfo) -> tuple[Media, ...]:
    """Spectrograms of sixteen clips, and the clips, in 16 bits."""
    from ganbench.modalities.pictures import sheet_of

    clips = _clips(fakes[:SHEET_CLIPS], SHEET_SAMPLES)
    return sheet_of(spectrograms(clips, real[:SHEET_CLIPS])), _wav(clips, info, bits=16)


def frame(fakes: Tensor, real: Tensor, info: DataInfo) -> tuple[Media, ...]:
    """Spectrograms of four clips or fewer, and the clips, in 8 bits."""
    from ganbench.modalities.pictures import frame_of

    clips = _clips(fakes[:FRAME_CLIPS], FRAME_SAMPLES)
    return frame_of(spectrograms(clips, real[:SHEET_CLIPS])), _wav(clips, info, bits=8)


def spectrograms(clips: Tensor, real: Tensor) -> Tensor:
    """Short-time spectra of the channels' mean, low frequencies below.

    Args:
        clips: (N, C, S) int16.
        real: (M, C, S) int16: how loud is white.

    Returns:
        (N, 1, BINS, about COLUMNS) uint8.
    """
    loudest = _spectra(real).amax().clamp(min=1e-9)
    decibels = 20 * (_spectra(clips) / loudest).clamp(min=1e-9).log10()
    return (255 * (1 + decibels / DECIBELS)).clamp(0, 255).byte()[:, None].flip(2)


def _spectra(clips: Tensor) -> Tensor:
    """(N, BINS, T) magnitudes; the bin at half the rate is left out."""
    import torch

    size = 2 * BINS
    mono = clips.cpu().float().mean(dim=1) / FULL_SCALE
    spectra = torch.stft(
        mono,
        n_fft=size,
        hop_length=max(1, math.ceil(mono.shape[1] / COLUMNS)),
        window=torch.hann_window(size),
        pad_mode="constant",  # a clip may be shorter than the window
        return_complex=True,
    )
    return spectra.abs()[:, :BINS]


def _clips(fakes: Tensor, most: int) -> Tensor:
    """(N, C, S) the first clips that fit, or the beginning of the first one."""
    samples = fakes.shape[2]
    return fakes[: max(1, most // samples), :, :most].cpu()


def _wav(clips: Tensor, info: DataInfo, *, bits: int) -> Media:
    """The clips one after another."""
    import torch

    assert info.rate is not None
    _, channels, _ = clips.shape
    pause = torch.zeros(channels, round(PAUSE_SECONDS * info.rate), dtype=torch.int16)
    played = torch.cat([part for clip in clips for part in (clip, pause)][:-1], dim=1).T.numpy()
    stream = io.BytesIO()
    with wave.open(stream, "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(bits // 8)
        file.setframerate(info.rate)
        # WAV has 16 bits signed and lowest byte first, and 8 bits unsigned.
        eight = ((played >> 8) + 128).astype("u1")
        file.writeframes((eight if bits == 8 else played.astype("<i2")).tobytes())
    return Media(stream.getvalue(), ".wav")


def files(samples: Tensor, info: DataInfo) -> dict[str, Media]:
    """A WAV of 16 bits each."""
    clips = enumerate(samples.cpu())
    return {stem_of(place): _wav(clip[None], info, bits=16) for place, clip in clips}


def _example(samples: int, rate: int, channels: int = 1) -> DataInfo:
    name = f"{samples / rate:.2g} s of sound at {rate:,} Hz"
    return DataInfo(name=name, modality="audio", shape=(channels, samples), rate=rate)


AUDIO = Modality(
    name="audio",
    stored="int16",
    axes=("channels", "samples"),
    stored_axes=("channels", "samples"),
    has="rate",
    examples=(_example(4096, 8_000), _example(1024, 8_000), _example(16_384, 16_000)),
    partner="mlp",
    fault=fault,
    stored_shape=shape_of,
    value_fault=no_fault,
    doubt=doubt,
    apart=apart,
    alike=ALIKE,
    translate=translate,
    encode=encode,
    decode=decode,
    range_fault=tanh_range,
    output_layer=tanh,
    sheet=sheet,
    frame=frame,
    files=files,
    emitted="samples in [-1, 1]: as 16 bits, x * 32768, rounded and clipped",
)
