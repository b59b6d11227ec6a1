"""Rows against the law that they are said to have."""

import numpy as np
import pytest

from __MODULE__.measures import (
    TRIES,
    draw,
)


@pytest.mark.parametrize("label", [0, 1, 2])
def test_measures_go_by_the_class(label: int) -> None:
    rows = draw(np.full(20_000, label), 3, np.random.RandomState(0)).numpy()
    assert rows[:, 0].mean() == pytest.approx(label, abs=0.02)
    assert rows[:, 1].mean() == pytest.approx(TRIES * (label + 1) / 4, abs=0.05)
    assert (rows[:, 2] == label).all()
    assert abs(np.corrcoef(rows[:, 0], rows[:, 1])[0, 1]) < 0.02
