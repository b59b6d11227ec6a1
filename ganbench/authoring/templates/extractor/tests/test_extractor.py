"""The features against the kernel that they approximate."""

import math

import pytest
import torch
from ganbench import DataInfo

from __MODULE__.features import (
    RandomFeatures,
)

POINTS = DataInfo(name="points", modality="points", shape=(2,))
CPU = torch.device("cpu")


@pytest.mark.parametrize("angle", [0.0, 1.0, math.pi / 2, 2.0])
def test_inner_products_are_the_kernel(angle: float) -> None:
    """|x| |y| (sin t + (pi - t) cos t) / pi."""
    samples = torch.tensor([[3.0, 0.0], [2 * math.cos(angle), 2 * math.sin(angle)]])
    first, second = RandomFeatures(POINTS, CPU, width=100_000)(samples)
    kernel = 6 * (math.sin(angle) + (math.pi - angle) * math.cos(angle)) / math.pi
    assert float(first @ second) == pytest.approx(kernel, abs=0.1)


def test_the_id_tells_the_weights() -> None:
    one, other = (RandomFeatures(POINTS, CPU, width) for width in (8, 9))
    assert one.id == RandomFeatures(POINTS, CPU, 8).id
    assert one.id != other.id
