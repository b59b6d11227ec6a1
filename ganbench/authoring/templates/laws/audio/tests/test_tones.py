"""Tones against their spectra."""

import numpy as np
import pytest
import torch

from __MODULE__.tones import (
    MOST,
    RATE,
    SAMPLES,
    draw,
    pitches,
)


@pytest.mark.parametrize("classes", [2, 4])
def test_each_class_has_its_pitch(classes: int) -> None:
    labels = np.arange(40) % classes
    clips = draw(labels, classes, np.random.RandomState(0))
    assert clips.shape == (40, 1, SAMPLES)
    assert clips.dtype == torch.int16
    loudest = np.abs(np.fft.rfft(clips[:, 0].numpy())).argmax(axis=1) * RATE / SAMPLES
    assert np.abs(loudest - pitches(classes)[labels]).max() <= RATE / SAMPLES


def test_pitches_can_be_sampled() -> None:
    assert pitches(MOST).max() < RATE / 2
