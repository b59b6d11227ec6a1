"""How a kernel offers what is costly about its real side to a cache, and does without one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

import torch
from torch import Tensor

Tensors = tuple[Tensor, ...]


class Cached(Protocol):
    """What `ganbench.api.scores.Evaluation.cached` is to a kernel."""

    def __call__(
        self, name: str, inputs: Sequence[Tensor], compute: Callable[[], Tensors], /
    ) -> Tensors:
        """The result of `compute`, or the same from an earlier run."""


def uncached(_name: str, _inputs: Sequence[Tensor], compute: Callable[[], Tensors], /) -> Tensors:
    """The result of `compute`, computed now."""
    return compute()


def number(value: float) -> Tensors:
    """A number as what `compute` has to return."""
    return (torch.tensor(value, dtype=torch.float64),)
