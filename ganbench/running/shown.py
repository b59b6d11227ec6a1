"""In which order people see the samples of a conditional generator: by class."""

from __future__ import annotations

import torch
from torch import Tensor

SHOWN = 64
"""Samples that a sheet shows at the most."""


def by_class(samples: Tensor, labels: Tensor | None) -> Tensor:
    """The same samples, of which the first `SHOWN` are as many of each class, class after class.

    Args:
        samples: (N, *shape).
        labels: (N,) int64 classes that they were made for; None: the order stays as it is.
    """
    if labels is None or not len(labels):
        return samples
    order = torch.argsort(labels, stable=True)
    _, counts = torch.unique_consecutive(labels[order], return_counts=True)
    # The place of each sample within its class: the first few of every class come first.
    starts = torch.repeat_interleave(counts.cumsum(0) - counts, counts)
    place = torch.arange(len(labels), device=labels.device) - starts
    block = place // max(1, SHOWN // len(counts))
    return samples[order[torch.argsort(block, stable=True)].to(samples.device)]
