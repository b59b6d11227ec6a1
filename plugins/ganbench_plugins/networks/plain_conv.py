"""Plain convolutional networks of any depth and nonlinearity, for sides from 8 to 32 px.

What Gulrajani et al. 2017 (arXiv:1704.00028, table 1) draw 200 architectures from: 3x3
convolutions, 4, 8, 12 or 20 of them, without a shortcut, with or without norms, under one of four
nonlinearities; generator and discriminator apart. The paper says no more, so the rest is as in its
other networks: sizes change by nearest neighbours and by means, widths double where sizes halve,
and weights start uniform with He's variance. Convolutions are dealt out evenly among the sizes, the
smallest first: at the paper's 32 px, which has four sizes, each depth of its table is the same
number at each.
"""

from __future__ import annotations

import math

import torch.nn.functional as F
from torch import Tensor, nn

from ganbench import DataInfo, Latent, Networks, UsageError
from ganbench_plugins.networks.layers import Reshape, norm2d
from ganbench_plugins.networks.sizes import plain_conv_levels


def build(
    data: DataInfo,
    *,
    generator_depth: int,
    discriminator_depth: int,
    generator_width: int,
    discriminator_width: int,
    generator_activation: str,
    discriminator_activation: str,
    generator_norm: str,
    discriminator_norm: str,
    latent: int,
) -> Networks:
    """Convolutions up from the latent, and down to a logit.

    Raises:
        UsageError: a network has fewer convolutions than there are sizes.
    """
    levels = plain_conv_levels(data)
    base = (data.height >> levels, data.width >> levels)
    up = [generator_width << level for level in reversed(range(levels + 1))]
    down = [discriminator_width << level for level in range(levels + 1)]
    generator = nn.Sequential(
        nn.Linear(latent, up[0] * math.prod(base)),
        Reshape(up[0], *base),
        *norm2d(generator_norm, up[0]),
        activation(generator_activation),
        *_hidden(
            [up[0], *up],
            _dealt(generator_depth, levels + 1),
            nn.Upsample(scale_factor=2, mode="nearest"),
            generator_activation,
            norms=(generator_norm, generator_norm),
        ),
        nn.Conv2d(up[-1], data.channels, 3, padding=1),
        nn.Tanh(),
    )
    discriminator = nn.Sequential(
        *_hidden(
            [data.channels, *down],
            _dealt(discriminator_depth, levels + 1)[::-1],
            nn.AvgPool2d(2),
            discriminator_activation,
            # On the first layer a norm would hide what the images' brightness and contrast are.
            norms=("none", discriminator_norm),
        ),
        nn.Flatten(),
        nn.Linear(down[-1] * math.prod(base), 1),
    )
    _initialise(generator)
    _initialise(discriminator)
    return Networks(generator=generator, discriminator=discriminator, latent=Latent(size=latent))


class ShiftedSoftplus(nn.Module):
    """softplus(2x + 2) / 2 - 1, a smooth ReLU that is near -1 far below."""

    def forward(self, x: Tensor) -> Tensor:
        return F.softplus(2 * x + 2) / 2 - 1


def activation(name: str) -> nn.Module:
    """The nonlinearity of that name."""
    layers = {
        "relu": nn.ReLU(),
        "leaky-relu": nn.LeakyReLU(0.2),
        "softplus": ShiftedSoftplus(),
        "tanh": nn.Tanh(),
    }
    return layers[name]


def _dealt(depth: int, sizes: int) -> list[int]:
    """Convolutions at each size, the smallest size first.

    Raises:
        UsageError: they are too few.
    """
    if depth < sizes:
        raise UsageError(
            f"plain-conv has {sizes} sizes from 4 px to these images and {depth} convolutions",
            f"set a depth of {sizes} or more",
        )
    return [(depth + sizes - 1 - place) // sizes for place in range(sizes)]


def _hidden(
    widths: list[int],
    counts: list[int],
    resample: nn.Module,
    nonlinearity: str,
    *,
    norms: tuple[str, str],
) -> list[nn.Module]:
    """Convolutions at one size after the other, resampled in between.

    Args:
        widths: channels of what comes in, then at each size.
        counts: convolutions at each size.
        resample: from one size to the next.
        nonlinearity: behind each convolution and its norm.
        norms: of the first convolution, and of all others.
    """
    layers: list[nn.Module] = []
    fan_in, *others = widths
    norm, rest = norms
    for place, (width, count) in enumerate(zip(others, counts, strict=True)):
        layers += [resample] if place else []
        for _ in range(count):
            layers += [nn.Conv2d(fan_in, width, 3, padding=1), *norm2d(norm, width)]
            layers.append(activation(nonlinearity))
            fan_in, norm = width, rest
    return layers


def _initialise(network: nn.Module) -> None:
    """Uniform weights of He's variance over the mean of both fans, as the authors' layers have."""
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d | nn.Linear):
            nn.init.xavier_uniform_(layer.weight, math.sqrt(2))
            assert layer.bias is not None
            nn.init.zeros_(layer.bias)
