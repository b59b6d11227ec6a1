"""Gratings, each with a word of as many syllables as its class has: either half tells the class.

Given the class, the halves are independent. What each of them is stands in `gratings` and
`syllables`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ganbench import DataInfo, KnownModes, join_pair

from __MODULE__ import (
    gratings,
    syllables,
)

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

SOURCE = "made for this package, __YEAR__"
USUAL, MOST = 3, min(gratings.MOST, syllables.MOST)


def describe(name: str, classes: int) -> DataInfo:
    """An image and a text."""
    halves = gratings.describe("gratings", classes), syllables.describe("syllables", classes)
    features = sum(half.features for half in halves)
    return DataInfo(name=name, modality="pair", shape=(features,), classes=classes, halves=halves)


def draw(labels: NDArray[np.int_], classes: int, random: np.random.RandomState) -> Tensor:
    """(N, values) float32 pairs of the classes that the labels name."""
    first, second = (half.draw(labels, classes, random) for half in (gratings, syllables))
    return join_pair(first, second)


def modes(classes: int) -> KnownModes | None:
    """Centres of Gaussians, for the score `modes`, where the law is a mixture of them."""
    return None
