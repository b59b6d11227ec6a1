"""Words of syllables: a consonant and a vowel each, drawn uniformly; class k has k + 2 of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ganbench import DataInfo, KnownModes, Vocabulary

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

SOURCE = "made for this package, __YEAR__"
USUAL, MOST = 3, 8
CONSONANTS, VOWELS = "bdfgklmnprst", "aeiou"
VOCABULARY = Vocabulary(tokens=("", *CONSONANTS, *VOWELS))
"""The empty token ends a word, and fills it up."""


def describe(name: str, classes: int) -> DataInfo:
    """Words of up to K + 1 syllables and their end."""
    shape = (2 * (classes + 1) + 1, len(VOCABULARY))
    return DataInfo(name=name, modality="text", shape=shape, classes=classes, vocabulary=VOCABULARY)


def draw(labels: NDArray[np.int_], classes: int, random: np.random.RandomState) -> Tensor:
    """(N, 2 (K + 1) + 1) int64 words of as many syllables as the labels say."""
    import numpy as np
    import torch

    size = (len(labels), classes + 1)
    consonants = 1 + random.randint(len(CONSONANTS), size=size)
    vowels = 1 + len(CONSONANTS) + random.randint(len(VOWELS), size=size)
    words = np.zeros((len(labels), 2 * (classes + 1) + 1), dtype=np.int64)
    words[:, 0:-1:2], words[:, 1:-1:2] = consonants, vowels
    words[np.arange(words.shape[1]) >= 2 * (labels[:, None] + 2)] = 0
    return torch.from_numpy(words)


def modes(classes: int) -> KnownModes | None:
    """Centres of Gaussians, for the score `modes`, where the law is a mixture of them."""
    return None
