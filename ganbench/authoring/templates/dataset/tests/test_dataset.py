"""The samples against the law that they are said to have."""

import numpy as np
import pytest
import torch

from __MODULE__ import (
    N_HELDOUT,
    N_TRAIN,
    SIGMA,
    centres,
    load,
)


@pytest.mark.parametrize("modes", [2, 30, 100])
def test_modes_cannot_be_confused(modes: int) -> None:
    middle = centres(modes)
    gaps = np.linalg.norm(middle[:, None] - middle, axis=2) + 10 * np.eye(modes)
    assert gaps.min() > 6 * SIGMA  # a sample within three is of high quality: of one mode only
    assert np.linalg.norm(middle, axis=1).max() < 1


def test_samples_follow_the_mixture() -> None:
    data = load(5)
    assert (len(data.train), len(data.heldout)) == (N_TRAIN, N_HELDOUT)
    assert data.modes is not None
    assert data.train_labels is not None
    offsets = data.train - data.modes.centres[data.train_labels]
    assert offsets.std().item() == pytest.approx(SIGMA, rel=0.01)
    shares = torch.bincount(data.train_labels) / N_TRAIN
    assert (shares - 1 / 5).abs().max() < 0.01


def test_the_same_samples_every_time() -> None:
    assert torch.equal(load(7).train, load(7).train)
