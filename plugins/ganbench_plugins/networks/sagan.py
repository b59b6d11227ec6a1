"""SAGAN's networks (Zhang et al. 2019, arXiv:1805.08318): SNGAN's, with self-attention in both.

Attention is on maps of 32 px, as in the paper, or of half of the image where that is smaller. The
generator's weights have a spectral norm too; the discriminator's is the technique `sn`.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ganbench import DataInfo, Networks
from ganbench_plugins.networks import sngan
from ganbench_plugins.networks.sizes import shorter, sngan_levels
from ganbench_plugins.techniques.spectral_norm import normalise

LARGEST_MAP = 32
"""Pixels on the shorter side of a map that is attended to."""

SQUEEZE = 8
"""Channels of a map to each channel of its keys, queries and values."""


class SelfAttention(nn.Module):
    """x + gamma o(x): each place looks at all others; gamma is learned and starts at zero (eq. 3).

    All four maps are 1x1 convolutions without bias; keys, queries and values have an eighth of the
    channels.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        inner = max(1, channels // SQUEEZE)
        self.key, self.query, self.value = (
            nn.Conv2d(channels, inner, 1, bias=False) for _ in range(3)
        )
        self.out = nn.Conv2d(inner, channels, 1, bias=False)
        for layer in (self.key, self.query, self.value, self.out):
            nn.init.xavier_uniform_(layer.weight)
        self.gamma = nn.Parameter(torch.zeros(()))

    def forward(self, x: Tensor) -> Tensor:
        keys, queries, values = (one(x).flatten(2) for one in (self.key, self.query, self.value))
        attended = values @ self.attention(keys, queries)
        result: Tensor = x + self.gamma * self.out(attended.unflatten(2, x.shape[2:]))
        return result

    def attention(self, keys: Tensor, queries: Tensor) -> Tensor:
        """(B, N, N) of (B, C, N) keys and queries: how much place j takes from i, 1 over all i."""
        return (keys.transpose(1, 2) @ queries).softmax(dim=1)


def build(data: DataInfo, *, width: int | None, latent: int) -> Networks:
    """SNGAN's networks with one attention each."""
    networks = sngan.build(data, width=width, latent=latent)
    generator, discriminator = networks.generator, networks.discriminator
    assert isinstance(generator, nn.Sequential)
    assert isinstance(discriminator, nn.Sequential)
    up_widths, down_widths = sngan.widths(data, width)
    ups, largest = sngan_levels(data)[0], min(LARGEST_MAP, shorter(data) // 2)
    base = shorter(data) >> ups
    level = max(level for level in range(ups) if base << level <= largest)
    generator.insert(2 + level, SelfAttention(up_widths[level]))  # behind Linear and Reshape
    level = min(one for one in range(len(down_widths)) if shorter(data) >> (one + 1) <= largest)
    discriminator.insert(1 + level, SelfAttention(down_widths[level]))
    normalise(generator)
    return networks
