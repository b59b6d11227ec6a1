"""Digits with their names: each name is that of its digit, and splits are those of the digits."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from ganbench import split_pair
from ganbench.modalities.pair import PAIR
from ganbench_plugins.datasets import digits, spoken
from ganbench_plugins.datasets.pairs import (
    DIGIT_NAMES,
    DIGIT_VOICES,
    LETTERS,
    NAMES,
    load_names,
    load_voices,
    pairing,
)
from ganbench_plugins.extractors import halves
from ganbench_plugins.scores.agreement import agreeing, by_chance, joint_shares


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


CLASSES = st.lists(st.integers(0, 3), min_size=1, max_size=30)


@given(CLASSES, CLASSES, st.integers(1, 4))
def test_partners_are_of_one_class_and_used_alike(
    firsts: list[int], seconds: list[int], each: int
) -> None:
    first, second = np.array(firsts), np.array([*seconds, 0, 1, 2, 3])  # none is without
    places, partners = pairing(first, second, each)
    assert np.array_equal(first[places], second[partners])
    assert np.array_equal(np.bincount(places), np.full(len(first), each))
    for one in np.unique(first):
        used = np.bincount(partners, minlength=len(second))[second == one]
        assert used.max() - used.min() <= 1
        if len(used) >= each:
            own = first[places] == one
            pairs = {*zip(places[own].tolist(), partners[own].tolist(), strict=True)}
            assert len(pairs) == own.sum()


def test_every_digit_is_spoken_in_its_own_split() -> None:
    pytest.importorskip("espeakng_loader", reason="needs: pip install 'ganbench[speech]'")
    data, voices, images = load_voices(2), spoken.load(), digits.load()
    assert data.train.shape[0] == 2 * len(images.train)
    for samples, labels, sounds, said in (
        (data.train, data.train_labels, voices.train, voices.train_labels),
        (data.heldout, data.heldout_labels, voices.heldout, voices.heldout_labels),
    ):
        assert labels is not None
        assert said is not None
        PAIR.check("it", samples, DIGIT_VOICES)
        _, heard = split_pair(samples, DIGIT_VOICES)
        known = {one.numpy().tobytes(): int(label) for one, label in zip(sounds, said, strict=True)}
        assert [known[one.numpy().tobytes()] for one in heard] == labels.tolist()


def test_both_halves_of_voices_are_told() -> None:
    pytest.importorskip("espeakng_loader", reason="needs: pip install 'ganbench[speech]'")
    data, cpu = load_voices(1), torch.device("cpu")
    both = halves.build(data, cpu, of="both")
    shares = joint_shares(both, both(data.heldout))
    assert agreeing(shares) > 0.7
    assert by_chance(shares) < 0.12
