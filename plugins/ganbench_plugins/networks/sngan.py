"""SNGAN's residual networks (Miyato et al. 2018, appendix B.4), for sides from 8 to 128 px.

Up to 32 px (table 4): all blocks of one width, 256 in the generator and 128 in the discriminator;
one or two down blocks, then two at the last size. Larger images (tables 5 and 6): widths double
with every halving, from 64 next to the image up to 1,024, and one block follows at the last size.

Blocks are WGAN-GP's, but the discriminator sums over pixels where WGAN-GP's takes the mean, and its
last layer has no bias. The spectral norm is not in here: it is the technique `sn`, which takes in
every layer of a discriminator.
"""

from __future__ import annotations

import itertools
import math

from torch import Tensor, nn

from ganbench import DataInfo, Latent, Networks
from ganbench_plugins.networks.layers import Reshape
from ganbench_plugins.networks.resnet import FirstCriticBlock, ResidualBlock, initialise
from ganbench_plugins.networks.sizes import shorter, sngan_levels

DEEPEST = 16
"""Times the width next to the image: the most channels in larger networks."""


class SumPool(nn.Module):
    """(B, C, H, W) to (B, C): the sum over all pixels."""

    def forward(self, x: Tensor) -> Tensor:
        return x.sum(dim=(2, 3))


def build(data: DataInfo, *, width: int | None, latent: int) -> Networks:
    """Up-sampling residual generator with batch norm, down-sampling discriminator without."""
    up_widths, down_widths = widths(data, width)
    base = (data.height >> len(up_widths) - 1, data.width >> len(up_widths) - 1)
    generator = nn.Sequential(
        nn.Linear(latent, up_widths[0] * math.prod(base)),
        Reshape(up_widths[0], *base),
        *[
            ResidualBlock(fan_in, fan_out, norm="batch", resample="up")
            for fan_in, fan_out in itertools.pairwise(up_widths)
        ],
        nn.BatchNorm2d(up_widths[-1]),
        nn.ReLU(),
        nn.Conv2d(up_widths[-1], data.channels, 3, padding=1),
        nn.Tanh(),
    )
    downs = sngan_levels(data)[1]
    discriminator = nn.Sequential(
        FirstCriticBlock(data.channels, down_widths[0]),
        *[
            ResidualBlock(
                fan_in, fan_out, norm="none", resample="down" if level < downs else "none"
            )
            for level, (fan_in, fan_out) in enumerate(itertools.pairwise(down_widths), start=1)
        ],
        nn.ReLU(),
        SumPool(),
        nn.Linear(down_widths[-1], 1, bias=False),
    )
    initialise(generator)
    initialise(discriminator)
    return Networks(generator=generator, discriminator=discriminator, latent=Latent(size=latent))


def widths(data: DataInfo, width: int | None = None) -> tuple[list[int], list[int]]:
    """Channels before each generator block and after the last; after each discriminator block.

    Args:
        data: of images.
        width: the discriminator's channels next to the image; None: by the images' size.

    Raises:
        UsageError: the networks do not fit these images.
    """
    ups, downs = sngan_levels(data)
    width = width or default_width(shorter(data))
    if shorter(data) <= 32:
        return [2 * width] * (ups + 1), [width] * (downs + 2)
    generator = [width * min(DEEPEST, 2**level) for level in reversed(range(ups))]
    start = width * min(DEEPEST, 2**ups)
    return [start, *generator], [width * min(DEEPEST, 2**level) for level in range(downs + 1)]


def default_width(side: int) -> int:
    """The paper's 64 above 32 px and 128 from 28 px on; 64 at 16 px, 32 at 8 px."""
    return 64 if side > 32 else 128 if side >= 28 else 64 if side >= 16 else 32
