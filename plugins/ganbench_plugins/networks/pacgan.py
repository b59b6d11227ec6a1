"""The networks of PacGAN's ring and grid (Lin et al. 2018, arXiv:1712.04086, and their code).

Generator: four hidden layers with batch norm and ReLU, no biases but the last layer's.
Discriminator: three maxout layers of five pieces, half as wide, without normalisation. Weights are
N(0, .02^2), biases 0.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ganbench import DataInfo, Latent, Networks
from ganbench_plugins.networks.layers import Reshape, init_normal

PIECES = 5


class Largest(nn.Module):
    """(B, PIECES O) to (B, O): the largest of `PIECES` numbers that are O apart.

    Equals share its gradient.
    """

    def forward(self, x: Tensor) -> Tensor:
        # Not `max` or `amax`, whose indices and comparisons are a sixth of a step.
        pieces = x.view(len(x), PIECES, -1)
        with torch.no_grad():
            largest = (pieces - pieces.amax(dim=1, keepdim=True)).sign_().add_(1)
            largest /= largest.sum(dim=1, keepdim=True)
        found: Tensor = (pieces * largest).sum(dim=1)
        return found


def maxout(fan_in: int, fan_out: int) -> nn.Sequential:
    """(B, I) to (B, O): the largest of `PIECES` linear maps each (Goodfellow et al. 2013)."""
    return nn.Sequential(nn.Linear(fan_in, fan_out * PIECES), Largest())


def build(data: DataInfo, *, width: int, latent: int) -> Networks:
    """Generator latent -> 4 x width -> sample; discriminator sample -> 3 x width / 2 -> logit."""
    layers: list[nn.Module] = []
    for fan_in in (latent, width, width, width):
        layers += [nn.Linear(fan_in, width, bias=False), nn.BatchNorm1d(width), nn.ReLU()]
    generator = nn.Sequential(*layers, nn.Linear(width, data.features), Reshape(*data.shape))
    half = max(1, width // 2)
    discriminator = nn.Sequential(
        nn.Flatten(),
        *[maxout(fan_in, half) for fan_in in (data.features, half, half)],
        nn.Linear(half, 1),
    )
    init_normal(generator, 0.02)
    init_normal(discriminator, 0.02)
    for layer in generator:
        if isinstance(layer, nn.BatchNorm1d):
            nn.init.ones_(layer.weight)
    return Networks(generator=generator, discriminator=discriminator, latent=Latent(size=latent))
