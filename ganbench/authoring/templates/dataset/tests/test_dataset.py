"""The splits; the law has tests of its own."""

import torch

from __MODULE__ import (
    N_HELDOUT,
    N_TRAIN,
    load,
)


def test_classes_come_equally_often() -> None:
    data = load(2)
    assert (len(data.train), len(data.heldout)) == (N_TRAIN, N_HELDOUT)
    assert data.train_labels is not None
    shares = torch.bincount(data.train_labels, minlength=2) / N_TRAIN
    assert (shares - 1 / 2).abs().max() < 0.02


def test_the_same_samples_every_time() -> None:
    assert torch.equal(load(2).train, load(2).train)
