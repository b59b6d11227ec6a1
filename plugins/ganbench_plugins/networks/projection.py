"""The projection discriminator (Miyato & Koyama 2018, arXiv:1802.05637) and its generator.

D(x, y) = psi(phi(x)) + <v_y, phi(x)>, v an embedding of classes. In the generator batch norms have
a gain and a bias for each class. Images: SNGAN's residual networks. Other samples: perceptrons.
"""

from __future__ import annotations

import itertools
import math

import torch.nn.functional as F
from torch import Tensor, nn

from ganbench import DataInfo, Latent, Networks, output_layer
from ganbench_plugins.networks import sngan
from ganbench_plugins.networks.layers import Reshape
from ganbench_plugins.networks.resnet import initialise

DEPTH = 3
"""Hidden layers of perceptrons."""


class ClassNorm(nn.Module):
    """Batch norm of (B, C, ...) with a gain and a bias for each class, which start at 1 and 0."""

    def __init__(self, norm: nn.Module, channels: int, classes: int) -> None:
        super().__init__()
        self.norm = norm
        self.gain, self.bias = nn.Embedding(classes, channels), nn.Embedding(classes, channels)
        nn.init.ones_(self.gain.weight)
        nn.init.zeros_(self.bias.weight)

    def forward(self, x: Tensor, classes: Tensor) -> Tensor:
        shape = (*x.shape[:2], *[1] * (x.dim() - 2))
        gain, bias = self.gain(classes).view(shape), self.bias(classes).view(shape)
        result: Tensor = gain * self.norm(x) + bias
        return result


class UpBlock(nn.Module):
    """SNGAN's up block with norms by class."""

    def __init__(self, fan_in: int, fan_out: int, classes: int) -> None:
        super().__init__()
        self.norm1 = ClassNorm(nn.BatchNorm2d(fan_in, affine=False), fan_in, classes)
        self.norm2 = ClassNorm(nn.BatchNorm2d(fan_out, affine=False), fan_out, classes)
        self.conv1 = nn.Conv2d(fan_in, fan_out, 3, padding=1)
        self.conv2 = nn.Conv2d(fan_out, fan_out, 3, padding=1)
        self.shortcut = nn.Conv2d(fan_in, fan_out, 1)

    def forward(self, x: Tensor, classes: Tensor) -> Tensor:
        h = self.conv1(F.interpolate(F.relu(self.norm1(x, classes)), scale_factor=2))
        h = self.conv2(F.relu(self.norm2(h, classes)))
        result: Tensor = h + self.shortcut(F.interpolate(x, scale_factor=2))
        return result


class Layer(nn.Module):
    """linear-norm by class-ReLU."""

    def __init__(self, fan_in: int, fan_out: int, classes: int) -> None:
        super().__init__()
        self.linear = nn.Linear(fan_in, fan_out)
        self.norm = ClassNorm(nn.BatchNorm1d(fan_out, affine=False), fan_out, classes)

    def forward(self, x: Tensor, classes: Tensor) -> Tensor:
        return F.relu(self.norm(self.linear(x), classes))


class Generator(nn.Module):
    """start(z), then blocks that are told the class, then end."""

    def __init__(self, start: nn.Module, blocks: list[nn.Module], end: nn.Module) -> None:
        super().__init__()
        self.start, self.blocks, self.end = start, nn.ModuleList(blocks), end

    def forward(self, z: Tensor, classes: Tensor) -> Tensor:
        x = self.start(z)
        for block in self.blocks:
            x = block(x, classes)
        result: Tensor = self.end(x)
        return result


class Projection(nn.Module):
    """(B,) logits: head(phi(x)) + <v_y, phi(x)>."""

    def __init__(self, body: nn.Module, head: nn.Linear, classes: int) -> None:
        super().__init__()
        self.body, self.head = body, head
        self.classes = nn.Embedding(classes, head.in_features)
        nn.init.xavier_uniform_(self.classes.weight)

    def forward(self, x: Tensor, classes: Tensor) -> Tensor:
        features = self.body(x)
        told = (self.classes(classes) * features).sum(dim=1)
        result: Tensor = self.head(features).view(-1) + told
        return result


def build(data: DataInfo, *, width: int | None, latent: int) -> Networks:
    """Residual networks for images, perceptrons for anything else."""
    classes = data.classes or 0  # who plans for data without classes is refused before
    make = _residual if data.modality == "image" else _perceptrons
    generator, body, head = make(data, classes, width, latent)
    return Networks(
        generator=generator,
        discriminator=Projection(body, head, classes),
        latent=Latent(size=latent),
        conditional=True,
    )


def _residual(
    data: DataInfo, classes: int, width: int | None, latent: int
) -> tuple[nn.Module, nn.Module, nn.Linear]:
    widths = sngan.widths(data, width)[0]
    ups = len(widths) - 1
    base = (data.height >> ups, data.width >> ups)
    linear = nn.Linear(latent, widths[0] * math.prod(base))
    start = nn.Sequential(linear, Reshape(widths[0], *base))
    blocks = [UpBlock(*pair, classes) for pair in itertools.pairwise(widths)]
    end = nn.Sequential(
        nn.BatchNorm2d(widths[-1]),
        nn.ReLU(),
        nn.Conv2d(widths[-1], data.channels, 3, padding=1),
        nn.Tanh(),
    )
    initialise(nn.Sequential(*start, *blocks, *end))
    plain = sngan.build(data, width=width, latent=latent).discriminator
    assert isinstance(plain, nn.Sequential)
    head = plain[-1]
    assert isinstance(head, nn.Linear)
    return Generator(start, [*blocks], end), plain[:-1], head


def _perceptrons(
    data: DataInfo, classes: int, width: int | None, latent: int
) -> tuple[nn.Module, nn.Module, nn.Linear]:
    units = [width or 128] * DEPTH
    layers: list[nn.Module] = [
        Layer(fan_in, fan_out, classes) for fan_in, fan_out in itertools.pairwise([latent, *units])
    ]
    end = nn.Sequential(
        nn.Linear(units[-1], data.features), Reshape(*data.shape), output_layer(data)
    )
    body: list[nn.Module] = [nn.Flatten()]
    for fan_in, fan_out in itertools.pairwise([data.features, *units]):
        body += [nn.Linear(fan_in, fan_out), nn.ReLU()]
    return Generator(nn.Identity(), layers, end), nn.Sequential(*body), nn.Linear(units[-1], 1)
