"""Exponential moving average of a generator (Karras et al. 2018, §4.1)."""

from __future__ import annotations

import copy

import torch
from torch import Tensor, nn


class AverageGenerator:
    """A copy of the generator whose weights follow it slowly; it is what gets evaluated.

    Buffers (batch-norm statistics) are copied, not averaged: they are averages already, and a copy
    without them would normalise with the statistics of an untrained network.

    Args:
        generator: the one that is trained.
        decay: share of the average kept at each generator step, in [0, 1).
    """

    def __init__(self, generator: nn.Module, decay: float) -> None:
        self.module = copy.deepcopy(generator).requires_grad_(False)
        self._decay = decay
        self._averages: list[Tensor] = list(self.module.parameters())
        self._weights: list[Tensor] = list(generator.parameters())
        self._buffers = list(zip(self.module.buffers(), generator.buffers(), strict=True))

    @torch.no_grad()
    def update(self) -> None:
        """Follow the generator by one step."""
        torch._foreach_lerp_(self._averages, self._weights, 1 - self._decay)
        for average, buffer in self._buffers:
            average.copy_(buffer)
