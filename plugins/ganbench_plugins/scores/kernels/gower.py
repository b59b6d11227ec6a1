"""Nearest rows in Gower's distance: the mean over columns of |a - b| / range, or of a mismatch.

A fake's nearest real row is a training row with probability T / (T + H) if fakes know neither
split: among T + H rows of one law every one is as likely to be the nearest. Where several are
equally near, each has its share, so that this holds for tables of few categories too.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ganbench import Categorical
from ganbench_plugins.scores.kernels.columns import Schema

if TYPE_CHECKING:
    from numpy.typing import NDArray

AT_ONCE = 256
"""Fakes whose distances are in memory together."""

TIE = 1e-9
"""Distances no further apart are equal but for rounding."""


@dataclass(frozen=True, slots=True)
class Nearer:
    """How many fakes have a training row for their nearest.

    Args:
        share: of the fakes, in [0, 1].
        null: its expectation if fakes know neither split.
        error: standard error of `share` under it: several fakes may have one nearest row.
    """

    share: float
    null: float
    error: float


def nearer_train(
    train: NDArray[np.float64],
    heldout: NDArray[np.float64],
    fake: NDArray[np.float64],
    schema: Schema,
) -> Nearer:
    """The share of fakes (M, C) whose nearest of all real rows (T + H, C) is a training row.

    The error is that of the split: which T of the T + H rows were the training rows.
    """
    real = np.concatenate([train, heldout])
    weights = np.zeros(len(real))
    for start in range(0, len(fake), AT_ONCE):
        distances = gower(fake[start : start + AT_ONCE], real, schema)
        nearest = distances <= distances.min(axis=1, keepdims=True) + TIE
        weights += (nearest / nearest.sum(axis=1, keepdims=True)).sum(axis=0)
    share = min(1.0, float(weights[: len(train)].sum()) / len(fake))
    null, count = len(train) / len(real), len(real)
    # Variance of a sum of weights over T of the rows, drawn without replacement.
    spread = float(((weights / len(fake)) ** 2).sum()) - 1 / count
    error = math.sqrt(null * (1 - null) * count / (count - 1) * max(spread, 0.0))
    return Nearer(share, null, error)


def gower(
    one: NDArray[np.float64], real: NDArray[np.float64], schema: Schema
) -> NDArray[np.float64]:
    """(M, N) distances of rows (M, C) from real rows (N, C), whose ranges are the unit."""
    total = np.zeros((len(one), len(real)))
    for column, own, other in zip(schema, one.T, real.T, strict=True):
        if isinstance(column, Categorical):
            total += own[:, None] != other[None, :]
        elif (width := float(other.max() - other.min())) > 0:
            total += np.minimum(np.abs(own[:, None] - other[None, :]) / width, 1)
        else:
            total += own[:, None] != other[None, :]
    return total / len(schema)
