"""DCGAN's convolutional networks (Radford et al. 2016, figure 1), for sides from 8 to 128 px.

At 64 px this is the paper's network: 4x4x1024 - 512 - 256 - 128 - image. Smaller images take fewer
of the same layers. Pixels below 4x4 carry no shape, yet at 8 px two levels are needed for the
discriminator to be a hierarchy at all: it then starts from 2x2. Of oblong images the shorter side
decides.

The paper ends at 64 px. At 128 px there is one more level at the image, as in the extension of
dcgan.torch (its issue 2): 4x4x1024 - 512 - 256 - 128 - 64 - image. Channels double with every
halving up to the paper's 1,024, which is why they begin at 64: from the paper's 128 they would end
at 2,048, and that level alone would have nearly three times the weights of the whole 64 px network.
"""

from __future__ import annotations

import itertools
import math

from torch import nn

from ganbench import DataInfo, Latent, Networks
from ganbench_plugins.networks.layers import Reshape, init_normal, norm2d
from ganbench_plugins.networks.sizes import dcgan_levels, shorter

Base = tuple[int, int]
"""Height and width of the smallest map."""


def build(
    data: DataInfo,
    *,
    width: int | None,
    generator_norm: str,
    discriminator_norm: str,
    latent: int,
    latent_law: str,
) -> Networks:
    """Transposed 5x5 convolutions up from the latent, strided 5x5 convolutions down to a logit."""
    levels = dcgan_levels(data)
    width = width or default_width(shorter(data))
    base = (data.height >> levels, data.width >> levels)
    widths = [width << level for level in reversed(range(levels))]
    generator = _generator(data, latent, base, widths, generator_norm)
    discriminator = _discriminator(data, base, widths[::-1], discriminator_norm)
    init_normal(generator, 0.02)
    init_normal(discriminator, 0.02)
    law = Latent(size=latent, law="uniform" if latent_law == "uniform" else "normal")
    return Networks(generator=generator, discriminator=discriminator, latent=law)


def default_width(side: int) -> int:
    """Channels next to the image: the paper's 128 from 64 px on, 64 from 28 px on, 32 below.

    At 128 px 64 again, which the levels double up to the paper's 1,024.
    """
    return 128 if 64 <= side < 128 else 64 if side >= 28 else 32


def _generator(
    data: DataInfo, latent: int, base: Base, widths: list[int], norm: str
) -> nn.Sequential:
    """No biases, as in the authors' code; without normalisation every layer has one."""
    bias = norm == "none"
    layers: list[nn.Module] = [
        nn.Linear(latent, widths[0] * math.prod(base), bias=bias),
        Reshape(widths[0], *base),
        *norm2d(norm, widths[0]),
        nn.ReLU(),
    ]
    for fan_in, fan_out in itertools.pairwise(widths):
        layers += [_up(fan_in, fan_out, bias), *norm2d(norm, fan_out), nn.ReLU()]
    return nn.Sequential(*layers, _up(widths[-1], data.channels, bias), nn.Tanh())


def _discriminator(data: DataInfo, base: Base, widths: list[int], norm: str) -> nn.Sequential:
    bias = norm == "none"
    layers: list[nn.Module] = [_down(data.channels, widths[0], bias), nn.LeakyReLU(0.2)]
    for fan_in, fan_out in itertools.pairwise(widths):
        layers += [_down(fan_in, fan_out, bias), *norm2d(norm, fan_out), nn.LeakyReLU(0.2)]
    fan_in = widths[-1] * math.prod(base)
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(fan_in, 1, bias=bias))


def _up(fan_in: int, fan_out: int, bias: bool) -> nn.Module:
    return nn.ConvTranspose2d(fan_in, fan_out, 5, 2, padding=2, output_padding=1, bias=bias)


def _down(fan_in: int, fan_out: int, bias: bool) -> nn.Module:
    return nn.Conv2d(fan_in, fan_out, 5, 2, padding=2, bias=bias)
