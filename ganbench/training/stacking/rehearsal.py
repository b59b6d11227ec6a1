"""The gate: a step that a training has taken by itself, to hold the same step of an engine to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from ganbench.api.recipe import SIDES, Side
from ganbench.training.kept import copied, put_back
from ganbench.training.loop import Eager
from ganbench.training.state import (
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
        drawn, flops: what the step has cost.
        counted: whether its operations were, and costs are known by it.
        gradients, weights: that it has left, by side.
        last: the steps of both sides, and their losses.
        steady: whether every step so far has cost the same.
        after, random: the state that it has led to, and the random numbers.
    """

    drawn: int
    flops: float
    counted: bool
    steady: bool
    last: dict[Side, tuple[TrainingStep, Tensor]]
    after: dict[str, Any]
    random: dict[str, Any]
    gradients: dict[Side, list[Tensor]]
    weights: dict[Side, list[Tensor]]

    @property
    def beside(self) -> tuple[Any, Any]:
        """The states of Python's and NumPy's random numbers after it."""
        return self.random["python"], self.random["numpy"]

    def accept(self, trainer: Trainer) -> None:
        """Bring a training to where its eager step has led."""
        restore(trainer, self.after, costs=not self.counted)
        for side, gradients in self.gradients.items():
            for one, gradient in zip(trainer.trained[side], gradients, strict=True):
                one.grad = gradient
        restore_random_state(self.random, trainer.device)
        trainer.last.update(self.last)

    def fault(self, trainer: Trainer) -> str | None:
        """What another engine's step of the same training has made otherwise; None if nothing."""
        for side in SIDES:
            found = trainer.trained[side]
            if not all(bool(one.isfinite().all()) for one in self.gradients[side]):
                return None  # a training that ends like this has nothing to be held to
            gradients = [_gradient(one) for one in found]
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
    # Within, losses and techniques hold copies: what they make for the first time is theirs alone.
    with put_back(part.does for part in trainer.objective.parts):
        drawn, flops = eager.step(number, progress, count=count)
        after = copied(trainer_state(trainer))
    found = trainer.trained
    done = Rehearsal(
        drawn=drawn,
        flops=flops,
        counted=count,
        steady=trainer.costs.steady,
        last=dict(trainer.last),
        after=after,
        random=random_state(trainer.device),
        gradients={side: [_gradient(one) for one in found[side]] for side in SIDES},
        weights={side: [one.detach().clone() for one in found[side]] for side in SIDES},
    )
    restore(trainer, before, costs=not count)
    restore_random_state(random, trainer.device)
    return done


def restore(trainer: Trainer, state: dict[str, Any], *, costs: bool) -> None:
    """Put a state back; what was counted stays known, unless costs are put back as well."""
    restore_trainer(trainer, state if costs else state | {"costs": trainer.costs.state()})


def _gradient(parameter: nn.Parameter) -> Tensor:
    return torch.zeros_like(parameter) if parameter.grad is None else parameter.grad.clone()


def _apart(eager: list[Tensor], other: list[Tensor]) -> str | None:
    """The largest relative distance that is too large, as text."""
    whole = torch.stack(torch._foreach_norm(eager)).norm()
    for one, another in zip(eager, other, strict=True):
        allowed = RELATIVE * one.norm() + ROUNDING * whole
        if not (distance := (one - another).norm()) <= allowed:  # NaN is too far as well
            return f"{float(distance / whole):.1g} of all"
    return None
