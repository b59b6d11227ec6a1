"""The spiral against the law that it is said to have."""

import numpy as np
import pytest

from __MODULE__.spiral import (
    SIGMA,
    centres,
    draw,
)


@pytest.mark.parametrize("classes", [2, 30, 100])
def test_modes_cannot_be_confused(classes: int) -> None:
    middle = centres(classes)
    gaps = np.linalg.norm(middle[:, None] - middle, axis=2) + 10 * np.eye(classes)
    assert gaps.min() > 6 * SIGMA  # a sample within three is of high quality: of one mode only
    assert np.linalg.norm(middle, axis=1).max() < 1


def test_samples_lie_around_their_modes() -> None:
    labels = np.arange(20_000) % 5
    offsets = draw(labels, 5, np.random.RandomState(0)).numpy() - centres(5)[labels]
    assert offsets.std() == pytest.approx(SIGMA, rel=0.02)
