"""Log-mel pictures: what sounds look like to the extractors of sound.

Everything is computed in float64 and rounded to bytes in the end, so that every machine has the
same pictures: differences between Fourier transforms stay near 1e-15 of what is rounded.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from ganbench import DataInfo

RECIPE, PLAIN_RECIPE = 2, 1
"""Change both with anything below: they are part of the extractors' ids. The plain one is of mono
clips with one transform for each moment, which were the same before there were others."""

SIDE = 32
"""Mel bands, and moments in time, of a picture: as few as ten words are told apart by, since the
classifier is trained in float64."""

LOWEST_HERTZ, HIGHEST_OF_RATE = 40.0, 0.49
WINDOW_SECONDS = 0.032
FLOOR = 1e-6
"""Added to a band's energy before its logarithm: about 60 dB below a full-scale sine."""

DEVIATIONS = 3.0
"""Of a band over the train split, from the middle of a picture's grey levels to their ends."""

BATCH = 256
"""Transforms of a moment that are in memory at once, in clips of one transform and channel."""

_LINEAR_HERTZ, _LINEAR_MELS, _STEP = 1000.0, 15.0, math.log(6.4) / 27
"""Slaney's scale: 3/200 mel per hertz up to 1,000 Hz, then 27 mel for a factor of 6.4."""


def to_mel(hertz: Tensor) -> Tensor:
    """Frequencies on Slaney's mel scale (Auditory Toolbox, 1998)."""
    above = _LINEAR_MELS + (hertz.clamp(min=_LINEAR_HERTZ) / _LINEAR_HERTZ).log() / _STEP
    return torch.where(hertz < _LINEAR_HERTZ, hertz * _LINEAR_MELS / _LINEAR_HERTZ, above)


def to_hertz(mel: Tensor) -> Tensor:
    """The inverse of `to_mel`."""
    above = _LINEAR_HERTZ * ((mel.clamp(min=_LINEAR_MELS) - _LINEAR_MELS) * _STEP).exp()
    return torch.where(mel < _LINEAR_MELS, mel * _LINEAR_HERTZ / _LINEAR_MELS, above)


def mel_matrix(rate: int, size: int, bands: int, low: float, high: float) -> Tensor:
    """(bands, size // 2 + 1) float64: triangles on Slaney's scale, each of area 2 per hertz.

    Args:
        rate: samples per second.
        size: of the Fourier transform.
        bands: how many.
        low, high: hertz, where the first band begins and the last one ends.
    """
    lowest, highest = to_mel(torch.tensor([low, high], dtype=torch.float64))
    corners = to_hertz(torch.linspace(lowest, highest, bands + 2, dtype=torch.float64))
    bins = torch.linspace(0, rate / 2, size // 2 + 1, dtype=torch.float64)
    distances = bins - corners[:, None]
    widths = corners.diff()
    rising = distances[:-2] / widths[:-1, None]
    falling = -distances[2:] / widths[1:, None]
    triangles = torch.minimum(rising, falling).clamp(min=0)
    return triangles * (2 / (corners[2:] - corners[:-2]))[:, None]


def log_mel(clips: Tensor, rate: int) -> Tensor:
    """(N, SIDE, SIDE) float64: natural logarithms of the bands' energies, low bands first.

    Energies are means over the channels, so that no part of a sound is lost to another channel's.
    Time is divided into SIDE equal moments, whatever the clips' length; the energies of a moment
    are means over as many windows as overlap by half or more, so that every sample is heard, the
    last quarter of a window apart, which fades.

    Args:
        clips: (N, C, S) int16, on any device.
        rate: samples per second.
    """
    count, channels, samples = clips.shape
    width, hop, parts = _windows(samples, rate)
    frames = SIDE * parts
    sounds = clips.double().flatten(0, 1) / 32_768
    # Twice as many bins as the window tells: else the lowest bands would lie between two of them.
    spectra = torch.stft(
        torch.nn.functional.pad(sounds, (0, hop * frames - samples)),
        n_fft=2 * width,
        win_length=width,
        hop_length=hop,
        window=torch.hann_window(width, dtype=torch.float64, device=clips.device),
        pad_mode="constant",  # a clip may be shorter than the window
        return_complex=True,
    )[..., :frames]
    bands = mel_matrix(rate, 2 * width, SIDE, LOWEST_HERTZ, HIGHEST_OF_RATE * rate)
    energies = bands.to(clips.device) @ spectra.abs().square()
    of_moments = energies.view(count, channels, SIDE, SIDE, parts).mean(dim=(1, 4))
    return (of_moments + FLOOR).log()


def recipe(shape: tuple[int, ...], rate: int) -> int:
    """The number of the recipe by which clips of a shape (C, S) have their pictures."""
    channels, samples = shape
    _, _, parts = _windows(samples, rate)
    return PLAIN_RECIPE if channels == parts == 1 else RECIPE


def _windows(samples: int, rate: int) -> tuple[int, int, int]:
    """Samples of a window, samples from one to the next, and windows of a moment."""
    width = 2 ** round(math.log2(WINDOW_SECONDS * rate))
    moment = math.ceil(samples / SIDE)
    parts = math.ceil(moment / (width // 2))
    return width, math.ceil(moment / parts), parts


def _batches(clips: Tensor, rate: int) -> tuple[Tensor, ...]:
    _, _, parts = _windows(clips.shape[2], rate)
    return torch.split(clips, max(1, BATCH // (clips.shape[1] * parts)))


@dataclass(frozen=True, kw_only=True)
class Pictures:
    """From clips to pictures whose grey levels a train split has set.

    Args:
        rate: of the clips, samples per second.
        means, deviations: (SIDE,) float64, of each band.
    """

    rate: int
    means: Tensor
    deviations: Tensor

    @classmethod
    def of(cls, train: Tensor, info: DataInfo) -> Pictures:
        """Those that suit a train split (N, C, S) int16 on the CPU."""
        assert info.rate is not None
        bands = torch.cat([log_mel(part, info.rate) for part in _batches(train, info.rate)])
        by_band = bands.transpose(0, 1).flatten(1)
        # Of a band in which nothing ever sounds any scale will do.
        deviations = by_band.std(dim=1).clamp(min=1e-3)
        return cls(rate=info.rate, means=by_band.mean(dim=1), deviations=deviations)

    def __call__(self, clips: Tensor) -> Tensor:
        """(N, 1, SIDE, SIDE) uint8 of clips (N, C, S) int16, on their device."""
        return torch.cat([self._few(part) for part in _batches(clips, self.rate)])

    def _few(self, clips: Tensor) -> Tensor:
        means, deviations = (one.to(clips.device)[:, None] for one in (self.means, self.deviations))
        places = (log_mel(clips, self.rate) - means) / (DEVIATIONS * deviations)
        return (places * 127.5 + 128).clamp(0, 255).byte()[:, None]

    def tensors(self) -> dict[str, Tensor]:
        """All that sets the grey levels, by name."""
        return {"means": self.means, "deviations": self.deviations}
