"""Networks for pairs: perceptrons that know of both halves, and such as know of one each.

After CoGAN (Liu & Tuzel 2016, arXiv:1606.07536), which generates pairs from one latent, and whose
discriminators are alone with their halves. Here the joint one's discriminator sees both.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from ganbench import DataInfo, Latent, Networks, output_layer

LEAK = 0.2


class Heads(nn.Module):
    """(B, n) to (B, m): what several networks make of the same input, side by side."""

    def __init__(self, heads: Sequence[nn.Module]) -> None:
        super().__init__()
        self.heads = nn.ModuleList(heads)

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([head(x) for head in self.heads], dim=1)


class Halves(nn.Module):
    """(B, n) to (B, m): each part of the columns through a network of its own, side by side.

    Args:
        sizes: columns of each part.
        networks: one for each.
    """

    def __init__(self, sizes: Sequence[int], networks: Sequence[nn.Module]) -> None:
        super().__init__()
        self.sizes = list(sizes)
        self.networks = nn.ModuleList(networks)

    def forward(self, x: Tensor) -> Tensor:
        parts = zip(self.networks, torch.split(x, self.sizes, dim=1), strict=True)
        return torch.cat([network(part) for network, part in parts], dim=1)


class Packs(nn.Module):
    """(B, m n) to (B, m n): of packs of m pairs, all first halves and then all second ones.

    Args:
        sizes: columns of each half.
    """

    def __init__(self, sizes: Sequence[int]) -> None:
        super().__init__()
        self.sizes = list(sizes)

    def forward(self, x: Tensor) -> Tensor:
        pairs = x.view(len(x), -1, sum(self.sizes))
        halves = torch.split(pairs, self.sizes, dim=2)
        return torch.cat([half.flatten(1) for half in halves], dim=1)


class Sum(nn.Module):
    """(B, n) to (B, 1)."""

    def forward(self, x: Tensor) -> Tensor:
        return x.sum(dim=1, keepdim=True)


def build_joint(data: DataInfo, *, width: int, latent: int) -> Networks:
    """One latent, a trunk and a head for each half; towers that a common critic looks at."""
    heads = [_perceptron([width, width, size], nn.ReLU()) for size in half_sizes(data)]
    sizes, packs = _judged(data)
    towers = [nn.Sequential(nn.Linear(size, width), nn.LeakyReLU(LEAK)) for size in sizes]
    generator = nn.Sequential(
        _perceptron([latent, width, width], nn.ReLU()), nn.ReLU(), Heads(heads), output_layer(data)
    )
    discriminator = nn.Sequential(
        *packs,
        Halves(sizes, towers),
        _perceptron([2 * width, width, width], nn.LeakyReLU(LEAK)),
        nn.LeakyReLU(LEAK),
        nn.Linear(width, 1),
    )
    return Networks(generator=generator, discriminator=discriminator, latent=Latent(size=latent))


def build_independent(data: DataInfo, *, width: int, latent: int) -> Networks:
    """For each half a generator with a latent of its own, and a discriminator; logits are added up.

    They are as deep as the joint ones, and so much narrower that both have as many weights.
    """
    sizes, inputs = half_sizes(data), [latent - latent // 2, latent // 2]
    # Joint networks have 3 width² weights between their hidden layers, these have 4.
    width = equal_width(width, outside=sum(sizes) + latent)
    generators = [
        _perceptron([own, width, width, width, size], nn.ReLU())
        for own, size in zip(inputs, sizes, strict=True)
    ]
    judged, packs = _judged(data)
    critics = [_perceptron([size, width, width, width, 1], nn.LeakyReLU(LEAK)) for size in judged]
    return Networks(
        generator=nn.Sequential(Halves(inputs, generators), output_layer(data)),
        discriminator=nn.Sequential(*packs, Halves(judged, critics), Sum()),
        latent=Latent(size=latent),
    )


def equal_width(width: int, *, outside: int) -> int:
    """The v for which 4 v² + outside v comes nearest to 3 width² + outside width.

    Args:
        width: of the joint networks.
        outside: latents and numbers of a sample, each of which meets one layer of that width.
    """
    weights = 3 * width**2 + outside * width
    below = max(1, math.floor((math.sqrt(outside**2 + 16 * weights) - outside) / 8))
    return min((below, below + 1), key=lambda v: abs(4 * v**2 + outside * v - weights))


def half_sizes(data: DataInfo) -> list[int]:
    """Numbers in either half of a pair, as networks see it."""
    assert data.halves is not None
    return [half.features for half in data.halves]


def _judged(data: DataInfo) -> tuple[list[int], list[nn.Module]]:
    """Numbers of either half that a discriminator sees at once, and what sorts them where it sees
    several pairs in a pack."""
    sizes = half_sizes(data)
    m = data.features // sum(sizes)
    return [m * size for size in sizes], [Packs(sizes)] if m > 1 else []


def _perceptron(units: Sequence[int], activation: nn.Module) -> nn.Sequential:
    """Linear layers with an activation between them."""
    layers: list[nn.Module] = []
    for place, fan_in in enumerate(units[:-1]):
        layers += [nn.Linear(fan_in, units[place + 1]), activation]
    return nn.Sequential(*layers[:-1])
