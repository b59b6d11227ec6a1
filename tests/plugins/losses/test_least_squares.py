"""Least squares by hand, and the trap of a sigmoid."""

from __future__ import annotations

import pytest

from ganbench_plugins.losses.least_squares import LeastSquares

from ..variants.test_losses import FAKE, REAL, logits_step


def test_by_hand() -> None:
    step = logits_step(REAL, FAKE)
    real = sum((logit - 1) ** 2 for logit in REAL) / len(REAL)
    fake = sum(logit**2 for logit in FAKE) / len(FAKE)
    wrong = sum((logit - 1) ** 2 for logit in FAKE) / len(FAKE)
    assert LeastSquares().discriminator_loss(step).item() == pytest.approx((real + fake) / 2)
    assert LeastSquares().generator_loss(step).item() == pytest.approx(wrong / 2)


def test_trap_5_targets_are_reached_by_logits_as_they_are() -> None:
    """Behind a sigmoid, logits of 1 and 0 would be .73 and .5, and no loss would be 0."""
    assert LeastSquares().discriminator_loss(logits_step([1.0], [0.0])).item() == 0
    assert LeastSquares().generator_loss(logits_step([0.0], [1.0])).item() == 0
