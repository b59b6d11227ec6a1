"""An output layer for vectors of several parts. Imports torch: for functions."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn


class Blocks(nn.Module):
    """(B, sum of the sizes) to the same shape: each block of columns through a layer of its own.

    Args:
        blocks: size and layer of each, in order.
    """

    def __init__(self, blocks: Sequence[tuple[int, nn.Module]]) -> None:
        super().__init__()
        self.sizes = [size for size, _ in blocks]
        self.layers = nn.ModuleList([layer for _, layer in blocks])

    def forward(self, x: Tensor) -> Tensor:
        """The blocks, put together again."""
        parts = zip(self.layers, torch.split(x, self.sizes, dim=1), strict=True)
        return torch.cat([layer(part) for layer, part in parts], dim=1)
