"""Sounds of any length and rate to clips of one: what all data sets of sounds share."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SILENT = 0.01
"""Of a sound's peak: what is below it before the beginning and after the end is cut off."""

FADE_SECONDS = 0.008
"""How long the end of a sound takes to vanish where it had to be cut."""


def resampled(sound: NDArray[np.float64], rate: int, wanted: int) -> NDArray[np.float64]:
    """A sound at another rate, through a filter that lets nothing above half of it pass.

    Args:
        sound: (..., samples).
        rate: its samples per second.
        wanted: those of the result.
    """
    from scipy.signal import resample_poly

    if rate == wanted:
        return sound
    common = math.gcd(rate, wanted)
    found: NDArray[np.float64] = resample_poly(sound, wanted // common, rate // common, axis=-1)
    return found


def mixed(sound: NDArray[np.float64], channels: int) -> NDArray[np.float64]:
    """(channels, samples): one channel is the mean of all; of two, a single one is both."""
    import numpy as np

    if channels == 1:
        mono: NDArray[np.float64] = sound.mean(axis=0, keepdims=True)
        return mono
    return np.broadcast_to(sound[:channels], (channels, sound.shape[1]))


def trimmed(sound: NDArray[np.float64]) -> NDArray[np.float64]:
    """(channels, samples) without the silence before and after it; none of a silent one."""
    import numpy as np

    level = np.abs(sound).max(axis=0, initial=0.0)
    heard = np.flatnonzero(level > SILENT * level.max(initial=0.0))
    return sound[:, heard[0] : heard[-1] + 1] if len(heard) else sound[:, :0]


def fitted(sound: NDArray[np.float64], length: int, rate: int) -> NDArray[np.float64]:
    """(channels, samples) brought to a length: silence behind it, or its end faded out."""
    import numpy as np

    channels, samples = sound.shape
    if samples <= length:
        return np.concatenate([sound, np.zeros((channels, length - samples))], axis=1)
    fade = min(length, round(FADE_SECONDS * rate))
    cut = sound[:, :length].copy()
    cut[:, length - fade :] *= np.linspace(1, 0, fade)
    return cut


def pcm(sounds: NDArray[np.float64]) -> NDArray[np.int16]:
    """Sounds in [-1, 1] as 16 bits: rounded, and clipped where they are too loud."""
    import numpy as np

    return np.clip(np.rint(sounds * 32_768), -32_768, 32_767).astype(np.int16)
