"""Gratings: waves of grey, four periods across, whose class is their orientation.

A pixel is sin(8 pi (x cos a + y sin a) + p) and noise, where a = k pi / K in class k of K, and the
phase p is uniform. So the mean image of every class is grey, and a pixel alone tells nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ganbench import DataInfo, KnownModes

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

SOURCE = "made for this package, __YEAR__"
USUAL, MOST = 4, 16
SIDE, PERIODS, CONTRAST, NOISE = 16, 4, 0.7, 0.05


def describe(name: str, classes: int) -> DataInfo:
    """Grey images."""
    return DataInfo(name=name, modality="image", shape=(1, SIDE, SIDE), classes=classes)


def draw(labels: NDArray[np.int_], classes: int, random: np.random.RandomState) -> Tensor:
    """(N, 1, SIDE, SIDE) uint8 gratings of the orientations that the labels name."""
    import numpy as np
    import torch

    angles = (np.pi * labels / classes)[:, None, None]
    phases = 2 * np.pi * random.uniform(size=(len(labels), 1, 1))
    x, y = np.meshgrid(*2 * [np.arange(SIDE) / SIDE])
    waves = np.sin(2 * np.pi * PERIODS * (x * np.cos(angles) + y * np.sin(angles)) + phases)
    grey = CONTRAST * waves + NOISE * random.standard_normal(waves.shape)
    return torch.from_numpy((grey * 127.5 + 128).clip(0, 255).astype(np.uint8))[:, None]


def modes(classes: int) -> KnownModes | None:
    """Centres of Gaussians, for the score `modes`, where the law is a mixture of them."""
    return None
