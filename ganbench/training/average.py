"""Exponential moving average of a generator (Karras et al. 2018, §4.1)."""

from __future__ import annotations

import copy

import torch
from torch import Tensor, nn
from torch.nn.utils.parametrize import ParametrizationList


class AverageGenerator:
    """A copy of the generator whose weights follow it slowly; it is what gets evaluated.

    Buffers (batch-norm statistics) are copied, not averaged: they are averages already, and a copy
    without them would normalise with the statistics of an untrained network. Those that tell of
    weights are the average's own: the vectors of a spectral norm are those of the weights that
    they normalise, and take one power iteration with each step of the average.

    Args:
        generator: the one that is trained.
        decay: share of the average kept at each generator step, in [0, 1).
    """

    def __init__(self, generator: nn.Module, decay: float) -> None:
        self.module = copy.deepcopy(generator).requires_grad_(False)
        self._decay = decay
        self._averages: list[Tensor] = list(self.module.parameters())
        self._weights: list[Tensor] = list(generator.parameters())
        self._of_weights = [
            one
            for one in self.module.modules()
            if isinstance(one, ParametrizationList) and any(True for _ in one.buffers())
        ]
        own = {id(buffer) for one in self._of_weights for buffer in one.buffers()}
        pairs = zip(self.module.buffers(), generator.buffers(), strict=True)
        self._buffers = [(average, buffer) for average, buffer in pairs if id(average) not in own]

    @torch.no_grad()
    def update(self) -> None:
        """Follow the generator by one step."""
        torch._foreach_lerp_(self._averages, self._weights, 1 - self._decay)
        for average, buffer in self._buffers:
            average.copy_(buffer)
        for one in self._of_weights:
            one.train()
            one()
