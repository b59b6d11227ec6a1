"""BigGAN's networks in small (Brock et al. 2019, arXiv:1809.11096), for sides from 8 to 128 px.

SNGAN's residual blocks, told the class: every norm of the generator has a gain and a bias that are
linear in one embedding of the class, shared by all of them, beside a part of the latent of its own
(§3.1). The discriminator projects an embedding of the class on its features. Attention is SAGAN's.
All weights start orthogonal. The generator's have a spectral norm; the discriminator's is the
technique `sn`.

Traps avoided: the embedding's gains are around one, and not around zero, so that the generator
starts as one that is told nothing; the generator's embedding has no spectral norm, as in the
authors' code (BigGAN-PyTorch, BigGAN.py: with one the generator would now and then be crippled),
while the maps from it to gains and biases do.
"""

from __future__ import annotations

import itertools
import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ganbench import DataInfo, Latent, Networks
from ganbench_plugins.networks import sagan, sngan
from ganbench_plugins.networks.projection import Projection
from ganbench_plugins.techniques.spectral_norm import normalise

SHARED = 128
"""Size of the class's embedding."""

CHUNK = 20
"""Numbers of the latent that each block has to itself, and the first layer."""


class ToldNorm(nn.Module):
    """Batch norm of (B, C, H, W) whose gain and bias are linear in what it is told, (B, told)."""

    def __init__(self, channels: int, told: int) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(channels, affine=False)
        self.gain, self.bias = (nn.Linear(told, channels, bias=False) for _ in range(2))

    def forward(self, x: Tensor, told: Tensor) -> Tensor:
        gain, bias = (one(told)[:, :, None, None] for one in (self.gain, self.bias))
        result: Tensor = (1 + gain) * self.norm(x) + bias
        return result


class UpBlock(nn.Module):
    """SNGAN's up block with norms that are told class and latent."""

    def __init__(self, fan_in: int, fan_out: int, told: int) -> None:
        super().__init__()
        self.norm1, self.norm2 = ToldNorm(fan_in, told), ToldNorm(fan_out, told)
        self.conv1 = nn.Conv2d(fan_in, fan_out, 3, padding=1)
        self.conv2 = nn.Conv2d(fan_out, fan_out, 3, padding=1)
        self.shortcut = nn.Conv2d(fan_in, fan_out, 1)

    def steering(self) -> Tensor:
        """(outputs, told): the maps to gains and biases of both norms, one below the other."""
        norms = (self.norm1, self.norm2)
        return torch.cat([one.weight for norm in norms for one in (norm.gain, norm.bias)])

    def forward(self, x: Tensor, told: Tensor) -> Tensor:
        h = self.conv1(F.interpolate(F.relu(self.norm1(x, told)), scale_factor=2))
        h = self.conv2(F.relu(self.norm2(h, told)))
        result: Tensor = h + self.shortcut(F.interpolate(x, scale_factor=2))
        return result


class Generator(nn.Module):
    """Latents (B, CHUNK (1 + blocks)) and classes (B,) to images.

    Args:
        data: of the images.
        widths: channels before each block and after the last.
    """

    def __init__(self, data: DataInfo, widths: list[int]) -> None:
        super().__init__()
        ups = len(widths) - 1
        self.base = (data.height >> ups, data.width >> ups)
        self.embedding = nn.Embedding(data.classes or 1, SHARED)
        self.start = nn.Linear(CHUNK, widths[0] * math.prod(self.base))
        self.blocks = nn.ModuleList(
            UpBlock(*pair, SHARED + CHUNK) for pair in itertools.pairwise(widths)
        )
        self.attention = sagan.SelfAttention(widths[ups - 1])
        self.norm = nn.BatchNorm2d(widths[-1])
        self.end = nn.Conv2d(widths[-1], data.channels, 3, padding=1)

    def first_weight(self) -> Tensor:
        """(outputs, latent): of the first layer for its part of the latent; for every block's part
        of the maps to gains and biases, without what acts on the embedding. Parts of the latent do
        not mix, so the weights are zero elsewhere."""
        blocks = [one for one in self.modules() if isinstance(one, UpBlock)]
        maps = [block.steering()[:, SHARED:] for block in blocks]
        found: Tensor = torch.block_diag(self.start.weight, *maps)  # type: ignore[no-untyped-call]
        return found

    def forward(self, z: Tensor, classes: Tensor) -> Tensor:
        first, *chunks = torch.split(z, CHUNK, dim=1)
        shared = self.embedding(classes)
        x = self.start(first).unflatten(1, (-1, *self.base))
        for place, (block, chunk) in enumerate(zip(self.blocks, chunks, strict=True), start=1):
            if place == len(self.blocks):  # maps of half the image
                x = self.attention(x)
            x = block(x, torch.cat([shared, chunk], dim=1))
        return torch.tanh(self.end(F.relu(self.norm(x))))


def build(data: DataInfo, *, width: int | None) -> Networks:
    """Both networks; the latent has a part for each of the generator's blocks."""
    up_widths, down_widths = sngan.widths(data, width)
    generator = Generator(data, up_widths)
    judge = sngan.build(data, width=width, latent=CHUNK).discriminator
    assert isinstance(judge, nn.Sequential)
    head = judge[-1]
    assert isinstance(head, nn.Linear)
    attention = sagan.SelfAttention(down_widths[0])
    body = nn.Sequential(judge[0], attention, *judge[1:-1])
    discriminator = Projection(body, head, data.classes or 1)
    for network in (generator, discriminator):
        orthogonal(network)
    normalise(generator, spared=(generator.embedding,))
    return Networks(
        generator=generator,
        discriminator=discriminator,
        latent=Latent(size=CHUNK * len(up_widths)),
        conditional=True,
    )


def orthogonal(network: nn.Module) -> None:
    """Orthogonal weights (Saxe et al. 2014), biases zero."""
    for layer in network.modules():
        if isinstance(layer, nn.Linear | nn.Conv2d | nn.Embedding):
            nn.init.orthogonal_(layer.weight)
            if getattr(layer, "bias", None) is not None:
                nn.init.zeros_(layer.bias)  # type: ignore[arg-type]
