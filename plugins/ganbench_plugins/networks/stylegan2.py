"""StyleGAN2's networks in small (Karras et al. 2020, arXiv:1912.04958), from 8 to 128 px.

A mapping network turns the latent into a style w. The synthesis network starts from a learned map
of 4 to 7 px; its convolutions are modulated: inputs are scaled by a linear map of w, outputs are
divided by the norm that this gives them (eq. 3). At each size an image is added to the one of the
size below, made larger. The discriminator is a plain one of the same widths (the authors' for
CIFAR-10), both resample with the bilinear filter, and no layer is normalised by its statistics.

Weights are N(0, 1) and scaled when they are used, by 1 / sqrt(fan in) (Karras et al. 2018), and in
the mapping network by a hundredth of that, so that it learns a hundred times more slowly.

Traps avoided: demodulation comes of the scaled weights of each sample, not of the batch; images of
two sizes are added before the tanh, not after; styles start at one, not at zero; every LeakyReLU,
that of the discriminator's dense layer too, is multiplied by the root of two; the discriminator
filters before its convolution that halves the size, whose activation follows at half the size.
"""

from __future__ import annotations

import itertools
import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ganbench import DataInfo, Latent, Networks
from ganbench_plugins.networks.r3gan import Resample
from ganbench_plugins.networks.sizes import r3gan_levels, shorter

LEAK, GAIN = 0.2, math.sqrt(2)
"""Slope of the activations, and what they are multiplied by to keep the variance."""

MAPPING_RATE = 0.01
LAYERS = 2
"""Of the mapping network, as the authors' for CIFAR-10."""


class Linear(nn.Module):
    """(B, fan in) to (B, fan out), scaled when it is used.

    Args:
        fan_in, fan_out: sizes.
        bias: what the bias starts at.
        rate: of learning, beside that of other layers.
    """

    def __init__(self, fan_in: int, fan_out: int, bias: float = 0.0, rate: float = 1.0) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(fan_out, fan_in) / rate)
        self.bias = nn.Parameter(torch.full((fan_out,), bias / rate))
        self.scale, self.rate = rate / math.sqrt(fan_in), rate

    def forward(self, x: Tensor) -> Tensor:
        return F.linear(x, self.weight * self.scale, self.bias * self.rate)


class Conv(nn.Module):
    """A convolution, scaled when it is used, with bias and activation.

    Args:
        fan_in, fan_out: channels.
        size: of the kernel.
        down: whether it halves the size: of the filtered image, before bias and activation.
    """

    def __init__(self, fan_in: int, fan_out: int, size: int, *, down: bool = False) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(fan_out, fan_in, size, size))
        self.bias = nn.Parameter(torch.zeros(fan_out))
        self.scale = 1 / math.sqrt(fan_in * size**2)
        self.filter = Resample("smooth") if down else None

    def forward(self, x: Tensor) -> Tensor:
        weight = self.weight * self.scale
        if self.filter is not None:  # which has padded it
            found = F.conv2d(self.filter(x), weight, self.bias, stride=2)
        else:
            found = F.conv2d(x, weight, self.bias, padding=weight.shape[-1] // 2)
        return activated(found)


class Modulated(nn.Module):
    """A convolution whose inputs w scales, and whose outputs are brought back to variance one.

    Args:
        fan_in, fan_out: channels.
        size: of the kernel.
        latent: size of w.
        demodulate: whether outputs are divided by the norm of their weights.
    """

    def __init__(
        self, fan_in: int, fan_out: int, size: int, latent: int, *, demodulate: bool = True
    ) -> None:
        super().__init__()
        self.style = Linear(latent, fan_in, bias=1.0)
        self.weight = nn.Parameter(torch.randn(fan_out, fan_in, size, size))
        self.bias = nn.Parameter(torch.zeros(fan_out))
        self.scale, self.demodulate = 1 / math.sqrt(fan_in * size**2), demodulate

    def forward(self, x: Tensor, w: Tensor) -> Tensor:
        style, weight = self.style(w), self.weight * self.scale
        found = F.conv2d(x * style[:, :, None, None], weight, padding=weight.shape[-1] // 2)
        if self.demodulate:  # of scaled weights, sample by sample
            norms = style.square() @ weight.square().sum(dim=(2, 3)).T
            found = found * (norms + 1e-8).rsqrt()[:, :, None, None]
        return found + self.bias[:, None, None]


class Level(nn.Module):
    """Two modulated convolutions at one size."""

    def __init__(self, fan_in: int, fan_out: int, latent: int) -> None:
        super().__init__()
        self.one = Modulated(fan_in, fan_out, 3, latent)
        self.two = Modulated(fan_out, fan_out, 3, latent)

    def forward(self, x: Tensor, w: Tensor) -> Tensor:
        return activated(self.two(activated(self.one(x, w)), w))


class Generator(nn.Module):
    """Latents (B, latent) to images (B, C, H, W)."""

    def __init__(self, data: DataInfo, widths: list[int], latent: int) -> None:
        super().__init__()
        levels = len(widths) - 1
        self.mapping = nn.ModuleList(
            Linear(latent, latent, rate=MAPPING_RATE) for _ in range(LAYERS)
        )
        base = (data.height >> levels, data.width >> levels)
        self.constant = nn.Parameter(torch.randn(widths[0], *base))
        self.first = Modulated(widths[0], widths[0], 3, latent)
        self.levels = nn.ModuleList(Level(*pair, latent) for pair in itertools.pairwise(widths))
        self.images = nn.ModuleList(
            Modulated(width, data.channels, 1, latent, demodulate=False) for width in widths
        )
        self.up = Resample("up")

    def style(self, z: Tensor) -> Tensor:
        """(B, latent) styles w of latents."""
        w = z * (z.square().mean(dim=1, keepdim=True) + 1e-8).rsqrt()
        for layer in self.mapping:
            w = activated(layer(w))
        return w

    def first_weight(self) -> Tensor:
        """(channels of all modulated layers, latent): their maps of w, one below the other."""
        layers = [one for one in self.modules() if isinstance(one, Modulated)]
        return torch.cat([one.style.weight * one.style.scale for one in layers])

    def forward(self, z: Tensor) -> Tensor:
        return self.synthesis(self.style(z))

    def synthesis(self, w: Tensor) -> Tensor:
        """(B, C, H, W) images of styles w (B, latent)."""
        x = activated(self.first(self.constant.expand(len(w), -1, -1, -1), w))
        image: Tensor = self.images[0](x, w)
        for level, to_image in zip(self.levels, self.images[1:], strict=True):
            x = level(self.up(x), w)
            image = self.up(image) + to_image(x, w)
        return torch.tanh(image)


def activated(x: Tensor) -> Tensor:
    """LeakyReLU that keeps the second moment: of N(0, 1) it makes 1 + LEAK²."""
    return GAIN * F.leaky_relu(x, LEAK)


class Activation(nn.Module):
    """`activated` as a layer."""

    def forward(self, x: Tensor) -> Tensor:
        return activated(x)


def build(data: DataInfo, *, width: int | None, latent: int) -> Networks:
    """The generator and a plain discriminator of the same widths."""
    levels = r3gan_levels(data)
    width = width or default_width(shorter(data))
    widths = [width * min(8, 2**level) for level in reversed(range(levels + 1))]
    judge: list[nn.Module] = [Conv(data.channels, width, 1)]
    for level in reversed(range(levels)):
        judge += [
            Conv(widths[level + 1], widths[level + 1], 3),
            Conv(widths[level + 1], widths[level], 3, down=True),
        ]
    base = (data.height >> levels) * (data.width >> levels)
    judge += [
        Conv(widths[0], widths[0], 3),
        nn.Flatten(),
        Linear(widths[0] * base, widths[0]),
        Activation(),
        Linear(widths[0], 1),
    ]
    return Networks(
        generator=Generator(data, widths, latent),
        discriminator=nn.Sequential(*judge),
        latent=Latent(size=latent),
    )


def default_width(side: int) -> int:
    """Channels next to the image, doubled with each halving up to eightfold."""
    return 16 if side >= 28 else 8
