"""The gate: a step that a training has taken by itself, to hold the same step of an engine to."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from ganbench.api.recipe import SIDES, Side
from ganbench.training.loop import Eager
from ganbench.training.state import (
    copied,
    random_state,
    restore_random_state,
    restore_trainer,
    trainer_state,
)
from ganbench.training.step import TrainingStep
from ganbench.training.trainer import Trainer

RELATIVE = 1e-4
"""How far a gradient or a weight may be from the eager one, of its norm: summation orders differ
by less, a wrong derivative by more."""

ROUNDING = 1e-5
"""The same, of the norm of the whole side: a gradient that is zero but for rounding has no norm of
its own to be measured by."""


@dataclass(slots=True)
class Rehearsal:
    """An eager step, after which everything is as it was before it.

    Args:
        drawn, flops: what the step has cost; the latter is None where it was not counted.
        gradients, weights: that it has left, by side.
        last: the steps of both sides, and their losses.
        after, random: the state that it has led to, and the random numbers.
    """

    drawn: int
    flops: float | None
    last: dict[Side, tuple[TrainingStep, Tensor]]
    after: dict[str, Any]
    random: dict[str, Any]
    gradients: dict[Side, list[Tensor]] = field(default_factory=dict)
    weights: dict[Side, list[Tensor]] = field(default_factory=dict)

    def accept(self, trainer: Trainer) -> None:
        """Bring a training to where its eager step has led."""
        restore(trainer, self.after)
        restore_random_state(self.random, trainer.device)
        trainer.last.update(self.last)

    def fault(self, trainer: Trainer) -> str | None:
        """What another engine's step of the same training has made otherwise; None if nothing."""
        for side in SIDES:
            found = trainer.trained[side]
            gradients = [torch.zeros_like(p) if p.grad is None else p.grad for p in found]
            if worst := _apart(self.gradients[side], gradients):
                return f"a gradient of the {side} is {worst} from the eager one"
            if worst := _apart(self.weights[side], [one.detach() for one in found]):
                return f"a weight of the {side} is {worst} from the eager one"
        return None


def rehearse(eager: Eager, number: int, progress: float, *, count: bool) -> Rehearsal:
    """Take a step eagerly, and put everything back but what was counted, if it was to be.

    Raises:
        UnstorableState: the training has a state that cannot be put back.
        Exception: as the step raises it.
    """
    trainer = eager.trainer
    before, random = copied(trainer_state(trainer)), random_state(trainer.device)
    drawn, flops = eager.step(number, progress, count=count)
    if not count:
        trainer.costs.restore(before["costs"])
    after = copied(trainer_state(trainer))
    done = Rehearsal(
        drawn, flops if count else None, dict(trainer.last), after, random_state(trainer.device)
    )
    for side in SIDES:
        found = trainer.trained[side]
        grads = [one.grad for one in found]
        done.gradients[side] = [
            torch.zeros_like(one) if grad is None else grad.clone()
            for one, grad in zip(found, grads, strict=True)
        ]
        done.weights[side] = [one.detach().clone() for one in found]
    restore(trainer, before)
    restore_random_state(random, trainer.device)
    return done


def restore(trainer: Trainer, state: dict[str, Any]) -> None:
    """Put a state back, but for costs: what was counted is known."""
    restore_trainer(trainer, state | {"costs": trainer.costs.state()})


def _apart(eager: list[Tensor], other: list[Tensor]) -> str | None:
    """The largest relative distance that is too large, as text."""
    whole = torch.stack(torch._foreach_norm(eager)).norm()
    for one, another in zip(eager, other, strict=True):
        allowed = RELATIVE * one.norm() + ROUNDING * whole
        if not (distance := (one - another).norm()) <= allowed:  # NaN is too far as well
            return f"{float(distance / whole):.1g} of all"
    return None
