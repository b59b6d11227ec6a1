"""Learning-rate policies: a factor of the first rate for each fraction of the budget.

A policy is a function of the fraction of the budget that is spent, in [0, 1], not of a step number:
so it means the same under any budget. Anything that takes a fraction and returns a factor will do;
these are the common ones.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

Schedule = Callable[[float], float]
"""From the fraction of the budget spent, in [0, 1], to what the learning rate is multiplied by."""


def constant(fraction: float) -> float:
    """1 throughout."""
    return 1.0


def linear(fraction: float) -> float:
    """From 1 to 0 at the budget's end (Gulrajani et al. 2017, appendix F)."""
    return 1 - fraction


def cosine(fraction: float) -> float:
    """Half a cosine from 1 to 0 (Loshchilov & Hutter 2017, arXiv:1608.03983, without restarts)."""
    return (1 + math.cos(math.pi * fraction)) / 2


def exponential(last: float) -> Schedule:
    """A geometric decay from 1 to `last` at the budget's end; `last` > 0."""
    return lambda fraction: last**fraction


def stepwise(at: Sequence[float], factor: float) -> Schedule:
    """Multiplied by `factor` at each of the fractions `at`."""
    return lambda fraction: factor ** sum(fraction >= one for one in at)


def warmup(share: float, then: Schedule = constant) -> Schedule:
    """Linearly up from 0 over the first `share` of the budget, then `then` over the rest.

    Args:
        share: in (0, 1); of the budget.
        then: gets the fraction of what is left, so that it starts at 1 and ends at its end.
    """

    def factor(fraction: float) -> float:
        if fraction < share:
            return fraction / share
        return then((fraction - share) / (1 - share))

    return factor


NAMED: dict[str, Schedule] = {"constant": constant, "linear": linear, "cosine": cosine}
"""Policies that a recipe names by a word."""
