"""Budgets are kept, and nothing is done beside what they count."""

from __future__ import annotations

import tempfile
from pathlib import Path

from torch import Tensor

from ganbench.authoring.conformance.cases import Case
from ganbench.authoring.conformance.results import Broken
from ganbench.authoring.conformance.subject import Subject, advance
from ganbench.planning.budget import Budget, BudgetKind
from ganbench.training.clock import BudgetClock
from ganbench.training.costs import Costs
from ganbench.training.feed import RealFeed
from ganbench.training.first_step import watched
from ganbench.training.flops import StepFlops
from ganbench.training.loop import Eager, train
from ganbench.training.telemetry import Telemetry

STEPS: dict[BudgetKind, float] = {"flops": 8.5, "images": 2.5, "steps": 2}
"""Budgets are set to this many steps of the first one's cost: one that cannot be met exactly, and
enough that terms which act now and then have acted again."""

FLOP_SLACK = 1.02
"""Steps may do a little more than those that were counted."""

DO_WHAT_IS_COUNTED = (
    "let a term that acts now and then say so (`every`), ask for more discriminator steps with "
    "`critic_steps`, and do all other work in every step alike"
)


def honoured(subject: Subject) -> None:
    """Train through the real loop: on all kinds of data under a budget of FLOPs, which the plugin's
    work decides, and on the first under the other counted ones, which are the loop's to keep."""
    for place, case in enumerate(subject.cases):
        for kind, cost in _costs(subject, case).items():
            if kind == "flops" or place == 0:
                amount = STEPS[kind] * cost
                whole = amount if kind == "flops" else max(1.0, amount // 1)
                _train(subject, case, Budget(kind, whole))
        trainer = subject.trainer(case)
        with watched(trainer):  # in the run's words
            advance(trainer, 2)


def _costs(subject: Subject, case: Case) -> dict[BudgetKind, float]:
    """What the first step costs."""
    clock, *_ = _run(subject, case, Budget("steps", 1))
    return {"flops": clock.flops, "images": float(clock.images), "steps": 1.0}


def _train(subject: Subject, case: Case, budget: Budget) -> None:
    clock, drawn, done, costs = _run(subject, case, budget)
    if costs.differing:
        raise Broken(
            f"{case}: steps that say that the same terms act in them, and of which autograd "
            "records the same, take another number of FLOPs each",
            DO_WHAT_IS_COUNTED,
        )
    spent = float(getattr(clock, budget.kind))
    if clock.steps > 1 and spent > budget.amount:
        raise Broken(f"{case}: {spent:g} {budget.kind} are spent of {budget.amount:g}")
    if drawn > clock.images:
        raise Broken(
            f"{case}: the discriminator is given {drawn} real samples in {clock.steps} steps, and "
            f"{clock.images} are counted",
            DO_WHAT_IS_COUNTED,
        )
    if done > FLOP_SLACK * clock.flops:
        raise Broken(
            f"{case}: {clock.steps} steps take {done:.4g} FLOPs, and {clock.flops:.4g} are counted",
            DO_WHAT_IS_COUNTED,
        )


def _run(subject: Subject, case: Case, budget: Budget) -> tuple[BudgetClock, int, float, Costs]:
    """The clock, the discriminator's real samples, the FLOPs and what was counted of a training."""
    trainer = subject.trainer(case)
    trainer.real = feed = CountingFeed(trainer.real)  # type: ignore[assignment]
    clock = BudgetClock(budget, subject.device, marks=1)
    with tempfile.TemporaryDirectory() as folder, StepFlops() as counter:
        train(Eager(trainer), clock, Telemetry(Path(folder) / "history.jsonl"), lambda: None)
    return clock, feed.drawn, counter.total, trainer.costs


class CountingFeed:
    """A feed that counts the samples it hands out."""

    def __init__(self, feed: RealFeed) -> None:
        self._feed, self.shape = feed, feed.shape
        self.drawn = 0

    def draw(self, count: int) -> tuple[Tensor, Tensor | None]:
        """The next samples."""
        self.drawn += count
        return self._feed.draw(count)

    def everything(self) -> Tensor:
        """All samples."""
        samples = self._feed.everything()
        self.drawn += len(samples)
        return samples

    def first(self, count: int) -> tuple[Tensor, Tensor | None]:
        """The first samples, for those who only look: not counted."""
        return self._feed.first(count)
