"""Digits with their names: each name is that of its digit, and splits are those of the digits."""

from __future__ import annotations

import torch

from ganbench import split_pair
from ganbench.modalities.pair import PAIR
from ganbench_plugins.datasets import digits
from ganbench_plugins.datasets.pairs import DIGIT_NAMES, LETTERS, NAMES, load_names


def test_every_digit_has_its_name() -> None:
    data, base = load_names(), digits.load()
    for samples, labels, images in (
        (data.train, data.train_labels, base.train),
        (data.heldout, data.heldout_labels, base.heldout),
    ):
        assert labels is not None
        PAIR.check("it", samples, DIGIT_NAMES)
        first, second = split_pair(samples, DIGIT_NAMES)
        assert torch.equal(first, images)
        assert [LETTERS.text(one) for one in second.tolist()] == [NAMES[one] for one in labels]
    assert data.train_labels is not None
    assert base.train_labels is not None
    assert torch.equal(data.train_labels, base.train_labels)


def test_every_name_ends() -> None:
    _, names = split_pair(load_names().heldout, DIGIT_NAMES)
    assert LETTERS.end is not None
    assert bool((names[:, -1] == LETTERS.end).all())
    assert {*range(len(LETTERS))} == {*names.flatten().tolist()}  # no letter is never used
