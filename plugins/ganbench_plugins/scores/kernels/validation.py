"""One check for every matrix of samples that enters a score."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import torch

from ganbench import NonFiniteSamples

if TYPE_CHECKING:
    from torch import Tensor

LARGEST: Final = 1e40
"""Magnitudes beyond this count as not finite. Every finite float32 is below it, and sums of sixth
powers (the cubic kernel squares twice more than a distance) still fit into a float64."""


def sample_matrix(values: Tensor, name: str, *, least: int = 2) -> Tensor:
    """The samples as a float64 matrix on their own device, safe to compute with.

    Args:
        values: (n, d), any real dtype. A vector (n,) is n samples of one feature.
        name: what the samples are, for the message.
        least: the smallest n that the score is defined for.

    Raises:
        NonFiniteSamples: an entry is NaN, infinite, or larger than 1e40 in magnitude.
        ValueError: not a matrix, no feature, or fewer than `least` rows.
    """
    matrix = values.detach().unsqueeze(1) if values.ndim == 1 else values.detach()
    if matrix.ndim != 2 or matrix.shape[1] == 0:
        raise ValueError(
            f"{name}: expected a matrix (samples, features), got shape {tuple(values.shape)}; "
            "flatten each sample to one row"
        )
    if len(matrix) < least:
        raise ValueError(f"{name}: {len(matrix)} samples, this score needs at least {least}")
    matrix = matrix.to(torch.float64)
    low, high = (float(limit) for limit in matrix.aminmax()) if len(matrix) else (0.0, 0.0)
    if not (low >= -LARGEST and high <= LARGEST):  # both are NaN if any entry is
        rows = int((~(matrix.abs() <= LARGEST)).any(dim=1).sum())
        raise NonFiniteSamples(
            f"{name}: {rows} of {len(matrix)} samples hold NaN, an infinity or a magnitude "
            f"above {LARGEST:g}"
        )
    return matrix


def centre_of(matrix: Tensor) -> Tensor:
    """(d,) mean of the rows of a float64 matrix (n >= 1, d), exact where all rows agree.

    A sum is rounded: without this, samples that do not vary would lie about their own mean, at
    distances that are rounding errors and would be scored as if they were data.
    """
    low, high = matrix.aminmax(dim=0)
    return torch.where(low == high, low, matrix.mean(dim=0))


def same_width(real: Tensor, fake: Tensor) -> None:
    """Refuse two sets of samples that do not have the same number of features.

    Raises:
        ValueError: the widths differ.
    """
    if real.shape[-1] != fake.shape[-1]:
        raise ValueError(
            f"{real.shape[-1]} real features against {fake.shape[-1]} fake ones: "
            "extract both with the same extractor and layer"
        )
