"""What a discriminator's logits tell of it, and what a linear probe tells of latents."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from scipy.stats import rankdata

if TYPE_CHECKING:
    from torch import Tensor

RIDGE = 1e-3


def auc(positive: Tensor, negative: Tensor) -> float:
    """Probability that a positive (N,) is ranked above a negative (M,), ties counting half."""
    n, m = len(positive), len(negative)
    ranks = rankdata(torch.cat([positive, negative]).double().cpu().numpy())
    return float((ranks[:n].sum() - n * (n + 1) / 2) / (n * m))


def overfitting(train: Tensor, heldout: Tensor, fake: Tensor) -> float:
    """(E D(train) - E D(held-out)) / (E D(train) - E D(fake)), within [0, 1].

    Karras et al. 2020, eq. 1. 0 where held-out samples are judged as training samples are, 1 where
    they are judged as fakes are, or as still worse.
    """
    whole = float(train.double().mean() - fake.double().mean())
    part = float(train.double().mean() - heldout.double().mean())
    if part <= 0:
        return 0.0
    return 1.0 if part >= whole else part / whole


def probed_accuracy(inputs: Tensor, labels: Tensor, folds: int) -> tuple[float, float]:
    """Accuracy of a linear probe, and of always naming the most frequent class, on other folds.

    The probe is least squares on one-hot classes, with an intercept: a closed form, so that the
    number depends on no optimiser.

    Args:
        inputs: (N, d).
        labels: (N,) int64 classes.
        folds: every folds-th sample is held out in turn.
    """
    _, labels = torch.unique(labels, return_inverse=True)
    rows = torch.cat([inputs.double(), inputs.new_ones(len(inputs), 1).double()], dim=1)
    targets = torch.nn.functional.one_hot(labels).double()
    place = torch.arange(len(rows), device=rows.device) % folds
    right = usual = 0
    for fold in range(folds):
        seen, held = place != fold, place == fold
        gram = rows[seen].T @ rows[seen]
        gram += RIDGE * len(rows) / len(gram) * torch.eye(len(gram), dtype=gram.dtype).to(gram)
        weights = torch.linalg.solve(gram, rows[seen].T @ targets[seen])
        right += int((rows[held] @ weights).argmax(1).eq(labels[held]).sum())
        usual += int(labels[held].eq(labels[seen].mode().values).sum())
    return right / len(rows), usual / len(rows)
