"""Which images the convolutional networks fit: how often these can be halved. Without torch."""

from __future__ import annotations

import math
from collections.abc import Callable

from ganbench import DataInfo, UsageError

SMALLEST, LARGEST = 8, 64
"""Pixels on a side."""


def halvings(data: DataInfo, smallest: int, least: int = 1) -> int:
    """How often an image can be halved while its shorter side stays at least `smallest` pixels.

    Args:
        data: of images.
        smallest: the side at which to stop.
        least: the number of halvings wanted at the least.

    Raises:
        UsageError: a side is not divisible often enough, or outside 8 to 64 px.
    """
    sides, count = (data.height, data.width), 0
    while shorter(data) >> (count + 1) >= smallest:
        count += 1
    count = max(count, least)
    if any(not SMALLEST <= side <= LARGEST or side % 2**count for side in sides):
        size = "x".join(map(str, dict.fromkeys(sides)))
        raise UsageError(
            f"{data.name}: {size} px images do not fit this architecture",
            "use a side of 8, 12, 16, 20, 24, 28, 32, 40, 48, 56 or 64 px",
        )
    return count


def shorter(data: DataInfo) -> int:
    """The shorter side of an image, which decides how deep its networks are."""
    return min(data.height, data.width)


def dcgan_levels(data: DataInfo) -> int:
    """Halvings of DCGAN's networks: down to 4 to 7 px, and two at the least.

    Raises:
        UsageError: they do not fit these images.
    """
    return halvings(data, smallest=4, least=2)


def resnet_levels(data: DataInfo) -> tuple[int, int]:
    """Up blocks of the residual generator, from 4 to 7 px; down blocks of the critic, to 8 px.

    Raises:
        UsageError: they do not fit these images.
    """
    ups = halvings(data, smallest=4)
    downs = max(1, math.ceil(math.log2(shorter(data) / 8)))
    return ups, halvings(data, smallest=shorter(data) >> downs)


def fitting(levels: Callable[[DataInfo], object]) -> Callable[[DataInfo], bool]:
    """Whether such a function finds that the networks fit: a model's `supports`."""

    def supports(data: DataInfo) -> bool:
        try:
            levels(data)
        except UsageError:
            return False
        return True

    return supports
