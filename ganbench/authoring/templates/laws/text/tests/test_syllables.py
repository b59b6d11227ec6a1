"""Words against the law that they are said to have."""

import re

import numpy as np

from __MODULE__.syllables import (
    CONSONANTS,
    VOCABULARY,
    VOWELS,
    draw,
)


def test_each_class_has_its_number_of_syllables() -> None:
    labels = np.arange(300) % 3
    words = draw(labels, 3, np.random.RandomState(0))
    for word, label in zip(words.tolist(), labels, strict=True):
        text = VOCABULARY.text(word)
        assert re.fullmatch(f"([{CONSONANTS}][{VOWELS}]){{{label + 2}}}", text), text


def test_letters_come_equally_often() -> None:
    words = draw(np.zeros(12_000, dtype=int), 3, np.random.RandomState(0))
    shares = np.bincount(words[:, 0], minlength=13)[1:13] / 12_000
    assert np.abs(shares - 1 / 12).max() < 0.01
