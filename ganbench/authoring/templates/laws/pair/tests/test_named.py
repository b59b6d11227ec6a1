"""Pairs against their halves."""

import numpy as np
from ganbench import split_pair

from __MODULE__ import (
    gratings,
    named,
    syllables,
)


def test_halves_are_of_one_class() -> None:
    labels = np.arange(100) % 3
    pairs = named.draw(labels, 3, np.random.RandomState(0))
    first, second = split_pair(pairs, named.describe("pairs", 3))
    assert first.equal(gratings.draw(labels, 3, np.random.RandomState(0)))
    assert second.shape == (100, syllables.describe("words", 3).shape[0])
    assert ((second > 0).sum(dim=1).numpy() == 2 * (labels + 2)).all()
