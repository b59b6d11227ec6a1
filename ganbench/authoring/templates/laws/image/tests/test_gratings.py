"""Gratings against their spectra."""

import numpy as np
import torch

from __MODULE__.gratings import (
    PERIODS,
    SIDE,
    draw,
)


def test_each_class_has_its_frequency() -> None:
    labels = np.arange(40) % 2  # upright, and lying
    images = draw(labels, 2, np.random.RandomState(0))
    assert images.shape == (40, 1, SIDE, SIDE)
    assert images.dtype == torch.uint8
    spectra = np.abs(np.fft.fft2(images[:, 0].numpy().astype(float) - 128))
    assert (spectra[labels == 0, 0, PERIODS] > 50 * spectra[labels == 0, PERIODS, 0]).all()
    assert (spectra[labels == 1, PERIODS, 0] > 50 * spectra[labels == 1, 0, PERIODS]).all()


def test_phases_cancel() -> None:
    images = draw(np.zeros(2000, dtype=int), 2, np.random.RandomState(0))
    assert (images.float().mean(dim=0) - 127.5).abs().max() < 10
