"""Budgets are kept, and nothing is done beside what they count."""

from __future__ import annotations

import tempfile
from pathlib import Path

from torch import Tensor

from ganbench.api.networks import Networks
from ganbench.api.recipe import Side
from ganbench.authoring.conformance.results import Broken
from ganbench.authoring.conformance.subject import (
    Case,
    Subject,
    advance,
    first_difference,
    named_parameters,
)
from ganbench.planning.budget import Budget, BudgetKind
from ganbench.training.clock import BudgetClock
from ganbench.training.feed import RealFeed
from ganbench.training.flops import StepFlops
from ganbench.training.loop import Eager, train
from ganbench.training.objective import SIDES, Objective
from ganbench.training.step import TrainingStep
from ganbench.training.telemetry import Telemetry

STEPS = 2.5
"""Budgets are set to this many steps of the first one's cost: one that cannot be met exactly."""

FLOP_SLACK = 1.02
"""Steps may do a little more than the first one, whose operations are counted for all."""


def honoured(subject: Subject) -> None:
    """Train through the real loop under a budget of each counted kind."""
    for case in subject.cases:
        costs = _costs(subject, case)
        for kind, cost in costs.items():
            amount = max(1.0, STEPS * cost) if kind == "flops" else float(int(STEPS * cost))
            _train(subject, case, Budget(kind, amount))
        _sideways(subject, case)


def _costs(subject: Subject, case: Case) -> dict[BudgetKind, float]:
    """What the first step costs."""
    clock, _, _ = _run(subject, case, Budget("steps", 1))
    return {"flops": clock.flops, "images": float(clock.images), "steps": 1.0}


def _train(subject: Subject, case: Case, budget: Budget) -> None:
    clock, drawn, done = _run(subject, case, budget)
    spent = float(getattr(clock, budget.kind))
    if clock.steps > 1 and spent > budget.amount:
        raise Broken(f"{case}: {spent:g} {budget.kind} are spent of {budget.amount:g}")
    training = subject.trainer(case).training
    generator = clock.steps * (training.generator_batch_size or training.batch_size)
    if drawn > clock.images + generator:
        raise Broken(
            f"{case}: {drawn} real samples are drawn in {clock.steps} steps, where "
            f"{clock.images} + {generator} are the most"
        )
    if done > FLOP_SLACK * clock.flops:
        raise Broken(
            f"{case}: {clock.steps} steps take {done:.4g} FLOPs; going by the first one, "
            f"{clock.flops:.4g} are counted"
        )


def _run(subject: Subject, case: Case, budget: Budget) -> tuple[BudgetClock, int, float]:
    """The clock, the real samples drawn and the FLOPs done by a training under a budget."""
    trainer = subject.trainer(case)
    trainer.real = feed = CountingFeed(trainer.real)  # type: ignore[assignment]
    clock = BudgetClock(budget, subject.device, marks=1)
    with tempfile.TemporaryDirectory() as folder, StepFlops() as counter:
        train(Eager(trainer), clock, Telemetry(Path(folder) / "history.jsonl"), lambda: None)
    return clock, feed.drawn, counter.total


class CountingFeed:
    """A feed that counts the samples it hands out."""

    def __init__(self, feed: RealFeed) -> None:
        self._feed, self.shape = feed, feed.shape
        self.drawn = 0

    def draw(self, count: int) -> tuple[Tensor, Tensor | None]:
        """The next samples."""
        self.drawn += count
        return self._feed.draw(count)

    def first(self, count: int) -> tuple[Tensor, Tensor | None]:
        """The first samples, for those who only look: not counted."""
        return self._feed.first(count)


def _sideways(subject: Subject, case: Case) -> None:
    """No weight changes while a loss is computed: that is what optimisers are for."""
    trainer = subject.trainer(case)
    loss, *techniques = trainer.objective.parts
    trainer.objective = watched = Watched(loss, techniques)
    watched.networks = trainer.networks
    advance(trainer, 2)
    if watched.changed:
        side, name = watched.changed
        raise Broken(f"{case}: {side}_loss changes {name} by itself, beside the optimiser")


class Watched(Objective):
    """An objective that looks whether computing it changes a parameter.

    By value: an unrolled discriminator that is put back as it was has changed nothing.
    """

    networks: Networks
    changed: tuple[str, str] | None = None

    def total(self, side: Side, step: TrainingStep) -> Tensor:
        """The objective's own."""
        before = self._parameters()
        loss = super().total(side, step)
        if changed := first_difference(before, self._parameters()):
            self.changed = side, changed
        return loss

    def _parameters(self) -> dict[str, Tensor]:
        both = (named_parameters(self.networks, side) for side in SIDES)
        return {name: one.detach().clone() for side in both for name, one in side.items()}
