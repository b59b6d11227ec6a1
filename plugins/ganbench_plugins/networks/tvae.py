"""The networks of TVAE (Xu et al. 2019, arXiv:1907.00503, section 4.4): two layers of 128 each way.

The decoder tells of a number's place the mean, through a tanh, and of each number the same standard
deviation in all rows, which is learnt between .01 and 1; of modes and categories their logits. A
row is drawn from these laws.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from ganbench import DataInfo, Latent, Networks
from ganbench_plugins.networks.rows import Schema, blocks_of, drawn_rows

LEAST, MOST, FIRST = 0.01, 1.0, 0.1
"""Standard deviation of a place: its bounds, and where it starts."""


class Decoder(nn.Module):
    """Latents (B, latent + 2 features) to rows (B, features).

    Args:
        schema: of the table.
        latent: size of the code, which comes first; then noise of places, N(0, 1), and of draws,
            U(-1, 1).
        width: units of both hidden layers.
    """

    def __init__(self, schema: Schema, latent: int, width: int) -> None:
        super().__init__()
        self.blocks = blocks_of(schema)
        self.latent = latent
        self.features = sum(size for size, _ in self.blocks)
        self.layers = nn.Sequential(
            nn.Linear(latent, width),
            nn.ReLU(),
            nn.Linear(width, width),
            nn.ReLU(),
            nn.Linear(width, self.features),
        )
        start = (FIRST - LEAST) / (MOST - LEAST)
        self.spread = nn.Parameter(torch.full((self.features,), math.log(start / (1 - start))))

    @property
    def deviations(self) -> Tensor:
        """(features,) standard deviation of each place; of other features it means nothing."""
        found: Tensor = LEAST + (MOST - LEAST) * self.spread.sigmoid()
        return found

    def forward(self, latent: Tensor) -> Tensor:
        sizes = [self.latent, self.features, self.features]
        code, noise, uniform = torch.split(latent, sizes, dim=1)
        raw = self.layers(code)
        places = (raw.tanh() + self.deviations * noise).clamp(-1, 1)
        return drawn_rows(raw, places, uniform, self.blocks)

    def surprise(self, rows: Tensor, code: Tensor) -> Tensor:
        """(B,) minus the log-density of rows (B, features) given their codes (B, latent)."""
        raw: Tensor = self.layers(code)
        error = (rows - raw.tanh()) / self.deviations
        of_places = 0.5 * error.square() + self.deviations.log() + 0.5 * math.log(2 * math.pi)
        total: Tensor = raw.new_zeros(len(rows))
        start = 0
        for size, is_place in self.blocks:
            own = slice(start, start + size)
            if is_place:
                total = total + of_places[:, own].sum(dim=1)
            else:
                total = total - (rows[:, own] * raw[:, own].log_softmax(dim=1)).sum(dim=1)
            start += size
        return total


def build(data: DataInfo, *, width: int, latent: int) -> Networks:
    """Decoder, and the encoder that learns with it."""
    assert data.schema is not None
    decoder = Decoder(data.schema, latent, width)
    encoder = nn.Sequential(
        nn.Linear(data.features, width),
        nn.ReLU(),
        nn.Linear(width, width),
        nn.ReLU(),
        nn.Linear(width, 2 * latent),
    )
    return Networks(
        generator=decoder,
        latent=(
            Latent(size=latent),
            Latent(size=data.features),
            Latent(size=data.features, law="uniform"),
        ),
        extra={"encoder": (encoder, "generator")},
    )
