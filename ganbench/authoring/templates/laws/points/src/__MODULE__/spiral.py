"""Gaussians on a sunflower's spiral (Vogel 1979, A better way to construct the sunflower head).

Mode k of K is centred at radius sqrt((k + 1/2) / K) and angle k pi (3 - sqrt 5), the golden angle:
the modes fill the unit disc evenly, and no straight line or ring holds many of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ganbench import DataInfo, KnownModes

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

SOURCE = "Vogel 1979, https://doi.org/10.1016/0025-5564(79)90080-4"
USUAL, MOST = 30, 100
SIGMA = 0.02


def centres(classes: int) -> NDArray[np.float64]:
    """(K, 2) centres of the modes, from the middle outwards."""
    import numpy as np

    k = np.arange(classes)
    radius, angle = np.sqrt((k + 0.5) / classes), k * np.pi * (3 - np.sqrt(5))
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)


def describe(name: str, classes: int) -> DataInfo:
    """Points in the plane."""
    return DataInfo(name=name, modality="points", shape=(2,), classes=classes)


def draw(labels: NDArray[np.int_], classes: int, random: np.random.RandomState) -> Tensor:
    """(N, 2) float32 points around the modes that the labels name."""
    import numpy as np
    import torch

    noise = SIGMA * random.standard_normal((len(labels), 2))
    return torch.from_numpy((centres(classes)[labels] + noise).astype(np.float32))


def modes(classes: int) -> KnownModes | None:
    """Centres of Gaussians, for the score `modes`."""
    import numpy as np
    import torch

    middle = torch.from_numpy(centres(classes).astype(np.float32))
    return KnownModes(centres=middle, sigma=SIGMA)
