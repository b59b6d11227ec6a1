"""R3GAN's networks (Huang et al. 2024, arXiv:2501.05441), for sides from 8 to 128 px.

ResNeXt blocks without any normalisation: x + 1x1(act(3x3 in groups(act(1x1(x))))), the middle twice
as wide, act a bias and a LeakyReLU of slope .2. Each block's last 1x1 starts at zero, so a network
starts as its skeleton of resampling. Other weights are N(0, g^2 / fan in) with
g = sqrt(2 / 1.04) L^(-1/4), L the number of blocks: the activation's gain, and after Fixup (Zhang
et al. 2019) one for the depth.

The generator starts from a learned map of 4 to 7 px, scaled channel by channel by a linear map of
the latent; the discriminator mirrors it, with a depthwise convolution over its last map. Both
resample with the filter of bilinear interpolation and have two blocks at each size, all of one
width, as the authors' for stacked MNIST.
"""

from __future__ import annotations

import math
from typing import TypeVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ganbench import DataInfo, Latent, Networks, output_layer
from ganbench_plugins.networks.sizes import r3gan_levels, shorter

Layer = TypeVar("Layer", nn.Conv2d, nn.Linear)

BLOCKS = 2
"""At each size."""

EXPANSION, GROUP, LEAK = 2, 16, 0.2
"""Of a block's middle; channels in one of its groups; slope of its activations."""


def build(data: DataInfo, *, width: int | None, latent: int) -> Networks:
    """A generator and its mirror image."""
    levels = r3gan_levels(data)
    width = width or default_width(shorter(data))
    base = (data.height >> levels, data.width >> levels)
    count = BLOCKS * (levels + 1)

    def blocks() -> list[nn.Module]:
        return [Block(width, count) for _ in range(BLOCKS)]

    generator: list[nn.Module] = [Basis(latent, width, base), *blocks()]
    discriminator: list[nn.Module] = [_linear(nn.Conv2d(data.channels, width, 1, bias=False))]
    for _ in range(levels):
        generator += [Resample("up"), *blocks()]
        discriminator += [*blocks(), Resample("down")]
    generator += [_linear(nn.Conv2d(width, data.channels, 1, bias=False)), output_layer(data)]
    discriminator += [
        *blocks(),
        _linear(nn.Conv2d(width, width, base, groups=width, bias=False)),
        nn.Flatten(),
        _linear(nn.Linear(width, 1, bias=False)),
    ]
    return Networks(
        generator=nn.Sequential(*generator),
        discriminator=nn.Sequential(*discriminator),
        latent=Latent(size=latent),
    )


def default_width(side: int) -> int:
    """Channels of every block: 64 from 28 px on, 32 at 16 px, 16 at 8 px; the paper has 768."""
    return 64 if side >= 28 else 32 if side >= 16 else 16


class Block(nn.Module):
    """x + f(x), f zero at the start.

    Args:
        width: channels of x.
        count: blocks in the whole network, by which the start is scaled.
    """

    def __init__(self, width: int, count: int) -> None:
        super().__init__()
        middle = EXPANSION * width
        # 16 channels to a group; of widths that are no multiple of 8 as near to it as divides.
        groups = math.gcd(middle, max(1, middle // GROUP))
        gain = math.sqrt(2 / (1 + LEAK**2)) * count**-0.25
        self.expand = _linear(nn.Conv2d(width, middle, 1, bias=False), gain)
        self.bias1 = nn.Parameter(torch.zeros(1, middle, 1, 1))
        grouped = nn.Conv2d(middle, middle, 3, padding=1, groups=groups, bias=False)
        self.grouped = _linear(grouped, gain)
        self.bias2 = nn.Parameter(torch.zeros(1, middle, 1, 1))
        self.project = _linear(nn.Conv2d(middle, width, 1, bias=False), 0.0)

    def forward(self, x: Tensor) -> Tensor:
        h = F.leaky_relu(self.expand(x) + self.bias1, LEAK)
        h = F.leaky_relu(self.grouped(h) + self.bias2, LEAK)
        result: Tensor = x + self.project(h)
        return result


class Basis(nn.Module):
    """(B, latent) to (B, width, *base): a learned map, of which the latent scales each channel."""

    def __init__(self, latent: int, width: int, base: tuple[int, int]) -> None:
        super().__init__()
        self.basis = nn.Parameter(torch.randn(width, *base))
        self.linear = _linear(nn.Linear(latent, width, bias=False))

    def forward(self, z: Tensor) -> Tensor:
        result: Tensor = self.basis * self.linear(z)[:, :, None, None]
        return result


class Resample(nn.Module):
    """Twice or half the size through the filter [1, 3, 3, 1] / 8 both ways, which is [1, 2, 1]
    convolved with the box of a pixel: bilinear interpolation between the centres of pixels.

    Args:
        way: `up`, `down`, or `smooth`: filtered only, for a convolution of 3 with a stride of 2 and
            no padding, which makes half the size of it.
    """

    kernel: Tensor

    def __init__(self, way: str) -> None:
        super().__init__()
        self.way = way
        line = torch.tensor([1.0, 3.0, 3.0, 1.0]) / 8
        self.register_buffer("kernel", torch.outer(line, line)[None, None], persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        channels = x.shape[1]
        kernel = self.kernel.expand(channels, 1, 4, 4)
        if self.way == "up":
            return F.conv_transpose2d(x, 4 * kernel, stride=2, padding=1, groups=channels)
        if self.way == "smooth":
            return F.conv2d(x, kernel, padding=2, groups=channels)
        return F.conv2d(x, kernel, stride=2, padding=1, groups=channels)


def _linear(layer: Layer, gain: float = 1.0) -> Layer:
    """The same with weights ~ N(0, gain^2 / fan in)."""
    nn.init.normal_(layer.weight, 0.0, gain / math.sqrt(layer.weight[0].numel()))
    return layer
