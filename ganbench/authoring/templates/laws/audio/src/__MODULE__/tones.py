"""Tones: sines whose class is their pitch, of a random phase and loudness.

Class k of K has the pitch 250 Hz 2^(3 k / K): all of them lie within three octaves, below half of
the rate. Loudness is uniform from a quarter to half of the range.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ganbench import DataInfo, KnownModes

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

SOURCE = "made for this package, __YEAR__"
USUAL, MOST = 4, 24
RATE, SAMPLES = 8_000, 1_024


def pitches(classes: int) -> NDArray[np.float64]:
    """(K,) in hertz."""
    import numpy as np

    return 250 * 2 ** (3 * np.arange(classes) / classes)


def describe(name: str, classes: int) -> DataInfo:
    """Clips of an eighth of a second, in one channel."""
    return DataInfo(name=name, modality="audio", shape=(1, SAMPLES), classes=classes, rate=RATE)


def draw(labels: NDArray[np.int_], classes: int, random: np.random.RandomState) -> Tensor:
    """(N, 1, SAMPLES) int16 tones of the pitches that the labels name."""
    import numpy as np
    import torch

    phases = 2 * np.pi * random.uniform(size=(len(labels), 1))
    loudness = random.uniform(0.25, 0.5, size=(len(labels), 1))
    seconds = np.arange(SAMPLES) / RATE
    waves = np.sin(2 * np.pi * pitches(classes)[labels, None] * seconds + phases)
    return torch.from_numpy((32_767 * loudness * waves).astype(np.int16))[:, None]


def modes(classes: int) -> KnownModes | None:
    """Centres of Gaussians, for the score `modes`, where the law is a mixture of them."""
    return None
