"""WGAN-GP's residual networks (Gulrajani et al. 2017, appendix F), for sides from 8 to 128 px.

At 32 px this is the paper's CIFAR-10 network: three up blocks from 4x4; a first critic block and
one down block to 8x8, then two blocks at that size. Other sides take as many up blocks as lead from
4..7 px to the image, and as many down blocks as lead to at most 8 px, counted by the shorter side:
at 128 px five up blocks, a first block and three down blocks. All keep the width of 128.

That is ours. The authors' code has two more families, both at 64 px alone and both with layer norm
in the critic (gan_64x64.py: 512 channels at 4x4 down to 64 at the image, and one of 101 layers); it
has none at 128 px. Blocks whose widths double are SNGAN's, the model `sngan`.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch.nn.functional as F
from torch import Tensor, nn

from ganbench import DataInfo, Latent, Networks
from ganbench_plugins.networks.layers import Reshape, norm2d
from ganbench_plugins.networks.sizes import resnet_levels, shorter


def build(
    data: DataInfo, *, width: int | None, discriminator_norm: str, latent: int, latent_law: str
) -> Networks:
    """Up-sampling residual generator with batch norm, down-sampling critic without."""
    width = width or default_width(shorter(data))
    ups, downs = resnet_levels(data)
    base = (data.height >> ups, data.width >> ups)
    generator = nn.Sequential(
        nn.Linear(latent, width * math.prod(base)),
        Reshape(width, *base),
        *[ResidualBlock(width, width, norm="batch", resample="up") for _ in range(ups)],
        nn.BatchNorm2d(width),
        nn.ReLU(),
        nn.Conv2d(width, data.channels, 3, padding=1),
        nn.Tanh(),
    )
    norm = discriminator_norm
    discriminator = nn.Sequential(
        FirstCriticBlock(data.channels, width),
        *[ResidualBlock(width, width, norm=norm, resample="down") for _ in range(downs - 1)],
        *[ResidualBlock(width, width, norm=norm) for _ in range(2)],
        nn.ReLU(),
        MeanPool(),
        nn.Linear(width, 1),
    )
    initialise(generator)
    initialise(discriminator)
    law = Latent(size=latent, law="uniform" if latent_law == "uniform" else "normal")
    return Networks(generator=generator, discriminator=discriminator, latent=law)


def default_width(side: int) -> int:
    """Channels of every block: the paper's 128 from 28 px on, 64 at 16 px, 32 at 8 px."""
    return 128 if side >= 28 else 64 if side >= 16 else 32


def _keep(x: Tensor) -> Tensor:
    return x


def _up(x: Tensor) -> Tensor:
    return F.interpolate(x, scale_factor=2, mode="nearest")


def _down(x: Tensor) -> Tensor:
    return F.avg_pool2d(x, 2)


_RESAMPLE: dict[str, Callable[[Tensor], Tensor]] = {"none": _keep, "up": _up, "down": _down}


class ResidualBlock(nn.Module):
    """norm-ReLU-3x3-norm-ReLU-3x3 beside a shortcut, resampled on both ways.

    An up block has its output's channels between its convolutions, any other its input's. The
    shortcut is a 1x1 where shapes differ. The ReLUs are not in place: an in-place one would rectify
    the shortcut as well.
    """

    def __init__(self, fan_in: int, fan_out: int, *, norm: str, resample: str = "none") -> None:
        super().__init__()
        middle = fan_out if resample == "up" else fan_in
        self.norm1 = nn.Sequential(*norm2d(norm, fan_in))
        self.norm2 = nn.Sequential(*norm2d(norm, middle))
        self.conv1 = nn.Conv2d(fan_in, middle, 3, padding=1)
        self.conv2 = nn.Conv2d(middle, fan_out, 3, padding=1)
        # Up blocks widen the map before their first convolution, down blocks shrink it after
        # their second one.
        self.before = _RESAMPLE[resample if resample == "up" else "none"]
        self.after = _RESAMPLE[resample if resample == "down" else "none"]
        same = resample == "none" and fan_in == fan_out
        self.shortcut = nn.Identity() if same else nn.Conv2d(fan_in, fan_out, 1)

    def forward(self, x: Tensor) -> Tensor:
        h = self.conv1(self.before(F.relu(self.norm1(x))))
        h = self.after(self.conv2(F.relu(self.norm2(h))))
        result: Tensor = h + self.after(self.shortcut(self.before(x)))
        return result


class FirstCriticBlock(nn.Module):
    """3x3-ReLU-3x3-mean pool beside mean pool-1x1: no ReLU on the image itself."""

    def __init__(self, channels: int, width: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, width, 3, padding=1)
        self.conv2 = nn.Conv2d(width, width, 3, padding=1)
        self.shortcut = nn.Conv2d(channels, width, 1)

    def forward(self, x: Tensor) -> Tensor:
        result: Tensor = _down(self.conv2(F.relu(self.conv1(x)))) + self.shortcut(_down(x))
        return result


class MeanPool(nn.Module):
    """(B, C, H, W) to (B, C): the mean over all pixels."""

    def forward(self, x: Tensor) -> Tensor:
        return x.mean(dim=(2, 3))


def initialise(network: nn.Sequential) -> None:
    """Uniform weights with the authors' variances: He's for a block's 3x3, Glorot's elsewhere."""
    for part in network:
        for layer in part.modules():
            if isinstance(layer, nn.Conv2d | nn.Linear):
                he = layer is not part and layer.weight.shape[-1] == 3
                nn.init.xavier_uniform_(layer.weight, math.sqrt(2) if he else 1.0)
                if layer.bias is not None:
                    nn.init.zeros_(layer.bias)
