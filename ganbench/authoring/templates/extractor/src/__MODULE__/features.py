"""The frozen layer."""

from __future__ import annotations

import math

import torch
from ganbench import DataInfo, cache, encode
from torch import Tensor

NAME = "__NAME__"
SEED = 2009
BATCH = 500


class RandomFeatures:
    """Stored samples (N, ...) to features (N, width) float32.

    Args:
        info: what a sample is.
        device: where features are computed.
        width: how many there are.
    """

    layer = "relu"

    def __init__(self, info: DataInfo, device: torch.device, width: int) -> None:
        random = torch.Generator().manual_seed(SEED)
        weights = torch.randn(info.features, width, generator=random) * math.sqrt(2 / width)
        # The id tells the weights: another torch may draw others from the same seed.
        self.id = f"{NAME}@{cache.content_hash({'weights': weights})[:8]}"
        self._info, self._weights = info, weights.to(device)

    def __call__(self, samples: Tensor) -> Tensor:
        """Features of each sample alone; batches bound the memory."""
        with torch.no_grad():
            return torch.cat([self._of(batch) for batch in torch.split(samples, BATCH)])

    def _of(self, batch: Tensor) -> Tensor:
        seen = encode(batch.to(self._weights.device), self._info).flatten(1)
        return (seen @ self._weights).relu()
