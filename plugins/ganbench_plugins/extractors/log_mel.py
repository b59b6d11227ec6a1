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

RECIPE = 1
"""Change it with anything below: it is part of the extractors' ids."""

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

    Channels are mixed down; time is divided into SIDE equal parts, whatever the clips' length.

    Args:
        clips: (N, C, S) int16, on any device.
        rate: samples per second.
    """
    mono = clips.double().mean(dim=1) / 32_768
    hop = math.ceil(mono.shape[1] / SIDE)
    width = 2 ** round(math.log2(WINDOW_SECONDS * rate))
    # Twice as many bins as the window tells: else the lowest bands would lie between two of them.
    spectra = torch.stft(
        torch.nn.functional.pad(mono, (0, hop * SIDE - mono.shape[1])),
        n_fft=2 * width,
        win_length=width,
        hop_length=hop,
        window=torch.hann_window(width, dtype=torch.float64, device=mono.device),
        pad_mode="constant",  # a clip may be shorter than the window
        return_complex=True,
    )[..., :SIDE]
    bands = mel_matrix(rate, 2 * width, SIDE, LOWEST_HERTZ, HIGHEST_OF_RATE * rate)
    return (bands.to(mono.device) @ spectra.abs().square() + FLOOR).log()


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
        bands = torch.cat([log_mel(part, info.rate) for part in torch.split(train, BATCH)])
        by_band = bands.transpose(0, 1).flatten(1)
        # Of a band in which nothing ever sounds any scale will do.
        deviations = by_band.std(dim=1).clamp(min=1e-3)
        return cls(rate=info.rate, means=by_band.mean(dim=1), deviations=deviations)

    def __call__(self, clips: Tensor) -> Tensor:
        """(N, 1, SIDE, SIDE) uint8 of clips (N, C, S) int16, on their device."""
        return torch.cat([self._few(part) for part in torch.split(clips, BATCH)])

    def _few(self, clips: Tensor) -> Tensor:
        means, deviations = (one.to(clips.device)[:, None] for one in (self.means, self.deviations))
        places = (log_mel(clips, self.rate) - means) / (DEVIATIONS * deviations)
        return (places * 127.5 + 128).clamp(0, 255).byte()[:, None]

    def tensors(self) -> dict[str, Tensor]:
        """All that sets the grey levels, by name."""
        return {"means": self.means, "deviations": self.deviations}
