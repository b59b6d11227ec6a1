"""Which images the convolutional networks fit: how often these can be halved. Without torch."""

from __future__ import annotations

import math
from collections.abc import Callable

from ganbench import DataInfo, UsageError

SMALLEST, LARGEST = 8, 128
"""Pixels on a side, where a network says nothing else."""

SIDES = (8, 12, 16, 20, 24, 28, 32, 40, 48, 56, 64, 80, 96, 112, 128)
"""That can be halved down to 4 to 7 px."""


def halvings(data: DataInfo, smallest: int, least: int = 1, largest: int = LARGEST) -> int:
    """How often an image can be halved while its shorter side stays at least `smallest` pixels.

    Args:
        data: of images.
        smallest: the side at which to stop.
        least: the number of halvings wanted at the least.
        largest: the longest side that is allowed.

    Raises:
        UsageError: a side is not divisible often enough, or outside 8 to `largest` px.
    """
    sides, count = (data.height, data.width), 0
    while shorter(data) >> (count + 1) >= smallest:
        count += 1
    count = max(count, least)
    if any(not SMALLEST <= side <= largest or side % 2**count for side in sides):
        size = "x".join(map(str, dict.fromkeys(sides)))
        *others, last = [side for side in SIDES if side <= largest]
        raise UsageError(
            f"{data.name}: {size} px images do not fit this architecture",
            f"use a side of {', '.join(map(str, others))} or {last} px",
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


def sngan_levels(data: DataInfo) -> tuple[int, int]:
    """Up blocks of SNGAN's generator, from 4 to 7 px; down blocks of its discriminator.

    The discriminator halves even sides, up to 32 px until 8 px or less are left, as in the paper's
    table 4, and in larger images until 4 px or less are, as in tables 5 and 6.

    Raises:
        UsageError: they do not fit these images.
    """
    ups = halvings(data, smallest=4)
    last, downs = 8 if shorter(data) <= 32 else 4, 1
    while shorter(data) >> downs > last and not (data.height | data.width) >> downs & 1:
        downs += 1
    return ups, downs


def r3gan_levels(data: DataInfo) -> int:
    """Halvings of R3GAN's networks: down to 4 to 7 px.

    Raises:
        UsageError: they do not fit these images.
    """
    return halvings(data, smallest=4)


def plain_conv_levels(data: DataInfo) -> int:
    """Halvings of plain convolutional networks: down to 4 to 7 px.

    Raises:
        UsageError: they do not fit these images.
    """
    return halvings(data, smallest=4, largest=32)


def fitting(levels: Callable[[DataInfo], object]) -> Callable[[DataInfo], bool]:
    """Whether such a function finds that the networks fit: a model's `supports`."""

    def supports(data: DataInfo) -> bool:
        try:
            levels(data)
        except UsageError:
            return False
        return True

    return supports


def wavegan_layers(data: DataInfo) -> int:
    """Convolutions of WaveGAN's networks, each of which quarters a clip: down to 16 samples.

    Raises:
        UsageError: they do not fit clips of that length.
    """
    _, samples = data.shape
    layers = {16 * 4**count: count for count in range(3, 7)}
    if samples not in layers:
        *others, last = [f"{length:,}" for length in layers]
        raise UsageError(
            f"{data.name}: clips of {samples:,} samples do not fit this architecture",
            f"use a length of {', '.join(others)} or {last} samples",
        )
    return layers[samples]
