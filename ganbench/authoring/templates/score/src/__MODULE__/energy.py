"""The energy distance between two samples, and its column in the tables."""

from __future__ import annotations

import torch
from ganbench import Evaluation, Measurement
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
    real = evaluation.real_features(extractor)
    fake = evaluation.fake_features(extractor)
    real_within = evaluation.once(f"{NAME}/within/{extractor}", lambda: within(real))
    network = evaluation.extractor(extractor)
    # Two numbers may share a column only if all that is in the key is the same.
    counts = f"{len(real)}x{len(fake)}"
    key = f"{NAME}/{network.id}/{network.layer}/{evaluation.split}/{counts}"
    return [
        Measurement(
            key=key,
            label=f"{NAME}[{network.id.partition('@')[0]}]",
            value=energy_distance(real, fake, real_within),
            panel="distance",
            direction="lower",
            null=0.0,
            n_real=len(real),
            n_fake=len(fake),
        )
    ]
