from __future__ import annotations

import numpy as np
import torch
from sklearn.datasets import load_digits

from ganbench_plugins.datasets.digits import INFO, load


def test_every_digit_is_there_once_at_the_exact_grey_level() -> None:
    pixels, digits = load_digits(return_X_y=True)
    levels = np.array([round(v * 255 / 16) for v in range(17)])
    levels = levels[pixels.astype(int)].tolist()
    wanted = sorted(zip(levels, digits.tolist(), strict=True))
    data = load()
    assert data.train_labels is not None
    assert data.heldout_labels is not None
    images = torch.cat([data.train, data.heldout]).flatten(1)
    labels = torch.cat([data.train_labels, data.heldout_labels])
    assert sorted(zip(images.tolist(), labels.tolist(), strict=True)) == wanted


def test_split_is_fixed_and_stratified() -> None:
    data, again = load(), load()
    assert data.info is INFO
    assert data.train.dtype == torch.uint8
    assert (data.train.shape, data.heldout.shape) == ((797, 1, 8, 8), (1000, 1, 8, 8))
    assert data.heldout_labels is not None
    assert torch.equal(data.heldout, again.heldout)
    _, digits = load_digits(return_X_y=True)
    expected = np.bincount(digits) * 1000 / 1797
    held = torch.bincount(data.heldout_labels).numpy()
    assert np.abs(held - expected).max() <= 1
