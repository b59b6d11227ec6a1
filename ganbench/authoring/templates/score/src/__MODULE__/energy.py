"""The energy distance between two samples, and its column in the tables."""

from __future__ import annotations

import torch
from ganbench import Evaluation, FeatureColumn, Measurement
from torch import Tensor

NAME = "__NAME__"
ROWS = 1000


def total_distance(x: Tensor, y: Tensor) -> float:
    """Sum of |x_i - y_j| over all pairs of (N, d) and (M, d), in float64, `ROWS` at a time."""
    exact = "donot_use_mm_for_euclid_dist"
    rows = torch.split(x.double(), ROWS)
    return sum(torch.cdist(row, y.double(), compute_mode=exact).sum().item() for row in rows)


def within(x: Tensor) -> float:
    """Mean distance of two different samples of (N, d)."""
    return total_distance(x, x) / (len(x) * (len(x) - 1))


def energy_distance(real: Tensor, fake: Tensor, real_within: float) -> float:
    """2 E|X - Y| - E|X - X'| - E|Y - Y'|, the second term given."""
    between = total_distance(real, fake) / (len(real) * len(fake))
    return 2 * between - real_within - within(fake)


def compute(evaluation: Evaluation, *, extractor: str) -> list[Measurement]:
    """One column. What depends on the real side alone is computed once per run."""
    column = FeatureColumn(evaluation, extractor)
    real_within = evaluation.once(f"{NAME}/within/{extractor}", lambda: within(column.real))
    return [
        column.measurement(
            NAME,
            energy_distance(column.real, column.fake, real_within),
            panel="distance",
            direction="lower",
            label=f"{NAME}[{column.network}]",
            null=0.0,
            lowest=None,  # unbiased: it may fall below zero by chance
        )
    ]
