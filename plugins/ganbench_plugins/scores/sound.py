"""What is asked of sounds alone: whether they are as loud as real ones."""

from __future__ import annotations

import torch
from torch import Tensor

from ganbench import Evaluation, Measurement

QUIETEST, LOUDEST = 0.01, 0.99
"""Quantiles of real loudness between which a clip is as loud as real ones are."""


def loudness(evaluation: Evaluation) -> list[Measurement]:
    """The share of clips whose root mean square lies between the 1 % and the 99 % of real ones.

    Collapse to silence, and to what clips, are the commonest failures of sounds; distances of
    classifiers see either as one more strange sound.
    """
    real, fakes = root_mean_square(evaluation.real), root_mean_square(evaluation.fakes)
    ends = torch.quantile(real, real.new_tensor([QUIETEST, LOUDEST]))
    n_real, n_fake = len(real), len(fakes)

    def within(levels: Tensor) -> float:
        return float(((levels >= ends[0]) & (levels <= ends[1])).double().mean())

    null = within(real)
    return [
        Measurement(
            key=f"loudness/{evaluation.split}/{n_real}x{n_fake}",
            label="loudness",
            value=within(fakes),
            panel="quality",
            direction="target",
            null=null,
            null_error=(null * (1 - null) / min(n_real, n_fake)) ** 0.5,
            n_real=n_real,
            n_fake=n_fake,
            lowest=0.0,
            highest=1.0,
        )
    ]


def root_mean_square(clips: Tensor) -> Tensor:
    """(N,) float64 of clips (N, C, S) int16: 1 is full scale."""
    return (clips.double() / 32_768).square().flatten(1).mean(dim=1).sqrt()
