"""The training loop, and the two steps that it takes.

Latents, real batch, discriminator step(s), generator step, average: in that order, on the device,
with no synchronisation but at the marks of the budget.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Any, Literal, Protocol

import torch
from torch import Tensor, nn

from ganbench.api.errors import PluginNotUsable
from ganbench.training.clock import BudgetClock
from ganbench.training.costs import Recounts, recorded_operations
from ganbench.training.engine import Engine
from ganbench.training.first_step import first_step, looked_at
from ganbench.training.flops import StepFlops
from ganbench.training.step import TrainingStep
from ganbench.training.telemetry import Telemetry, gradient_norm
from ganbench.training.trainer import Trainer

Around = Literal["before_step", "after_step"]
AROUND: tuple[Around, Around] = ("before_step", "after_step")

Seen = tuple[TrainingStep, Tensor]
"""A step and its loss."""


class Eager:
    """Takes steps one operation after the other: implements `ganbench.training.engine.Engine`.

    Args:
        trainer: what is trained.
    """

    def __init__(self, trainer: Trainer) -> None:
        self.trainer = trainer
        objective = trainer.objective
        self._simultaneous = trainer.training.updates == "simultaneous"
        self._shared: TrainingStep | None = None
        """The discriminator's step of this round, where the generator's is of the same batch."""
        self._asked = objective.methods("critic_steps")
        self._around = {
            when: [(f"{when}+{part.name}", act) for part, act in objective.methods(when)]
            for when in AROUND
        }
        self._play = next((act for _, act in objective.methods("play")), None)
        if (fit := objective.loss.method("fit")) is not None and trainer.training.fitted:
            self._play = _fitting(fit)

    def step(self, number: int, progress: float, *, count: bool = False) -> tuple[int, float]:
        """Critic steps, then the generator's; or the round that a technique plays instead."""
        trainer = self.trainer
        trainer.begin(number, progress)
        flops = self._act("before_step", count)
        if self._play is not None:
            flops += self._take("play", self._play, count, trainer)
        else:
            critic_steps = self.critic_steps(number)
            for index in range(critic_steps):
                # One of several is counted, another one each time: counting takes its time.
                counted = count and index == number % critic_steps
                flops += self._take("discriminator", self.discriminator_step, counted)
            flops += self._take("generator", self.generator_step, count)
        flops += self._act("after_step", count)
        # After whatever moves weights beside the optimisers: the average follows what is there.
        if trainer.average is not None:
            trainer.average.update()
        return trainer.drawn, flops

    def settle(self) -> None:
        """There is nobody else."""

    def discriminator_step(self) -> Seen:
        """One step of the discriminator, on fakes without a graph.

        Where updates are simultaneous, the generator's step is of the same batch, so that its fakes
        keep their graph; the discriminator's weights change at the end of that step.
        """
        trainer = self.trainer
        if self._simultaneous:
            self._shared = trainer.draw("discriminator", graph=True)
            trainer.differentiate("discriminator", self._shared, again=True)
        else:
            trainer.differentiate("discriminator")
            trainer.update("discriminator")
        return trainer.last["discriminator"]

    def generator_step(self) -> Seen:
        """One step of the generator, on fakes of its own; where updates are simultaneous, on those
        that the discriminator has just judged."""
        shared, self._shared = self._shared, None
        self.trainer.differentiate("generator", shared)
        self.trainer.update("generator")
        if self._simultaneous:  # its gradient is as old as the generator's, as theory has it
            self.trainer.update("discriminator")
        return self.trainer.last["generator"]

    def critic_steps(self, number: int) -> int:
        """Discriminator steps before generator step `number`.

        Raises:
            PluginNotUsable: a loss or technique asks for a number that cannot be.
        """
        training = self.trainer.training
        if training.control:
            return 0
        if not self._asked:
            return training.critic_steps if number % training.critic_every == 0 else 0
        part, ask = self._asked[-1]  # a technique knows better than the loss
        asked = ask(number)
        try:
            steps = operator.index(asked)
        except TypeError:
            raise PluginNotUsable(
                f"{part.kind} {part.name} asks for {asked!r} critic steps: no whole number",
                kind=part.kind,
            ) from None
        least = 1 if number == 0 else 0  # a generator learns nothing from a critic that has not
        if steps < least or (self._simultaneous and steps != 1):
            wanted = (
                "simultaneous updates take one" if self._simultaneous
                else f"at least {least} {'is' if least else 'are'} needed"
            )  # fmt: skip
            raise PluginNotUsable(
                f"{part.kind} {part.name} asks for {steps} critic steps: {wanted}", kind=part.kind
            )
        return steps

    def cost(self, number: int) -> tuple[int, float]:
        """Real samples and FLOPs of that generator step with what belongs to it."""
        counts = {what: 1 for when in AROUND for what, _ in self._around[when]}
        if self._play is not None:
            counts["play"] = 1
        else:
            counts |= {"discriminator": self.critic_steps(number), "generator": 1}
        combination, known = self.trainer.objective.combination, self.trainer.costs.known
        costs = {what: known(combination(what, number)) for what in counts}
        return (
            sum(count * costs[what][0] for what, count in counts.items()),
            sum(count * costs[what][1] for what, count in counts.items()),
        )

    def _act(self, when: Around, count: bool) -> float:
        """What techniques do around a step: they may train there, and are charged for it."""
        return sum(self._take(what, act, count, self.trainer) for what, act in self._around[when])

    def _take(self, what: str, act: Callable[..., Any], count: bool, *arguments: Trainer) -> float:
        """Act, and tell its FLOPs; under torch's counter, which sees double backward as well, if
        that is wanted or if nobody knows what a step of this kind costs."""
        trainer, costs = self.trainer, self.trainer.costs
        terms = trainer.objective.combination(what, trainer.number)
        drawn, recorded = trainer.drawn, recorded_operations()
        if not (count or costs.wants(terms, trainer.number)):
            act(*arguments)
            return costs.charge(terms, recorded_operations() - recorded)
        # The counter changes no bit, but costs a multiple of a small step: hence not every time.
        with StepFlops() as counter:
            act(*arguments)
        operations = recorded_operations() - recorded
        return costs.count(terms, operations, trainer.drawn - drawn, counter.total)


def _fitting(fit: Callable[[nn.Module, Tensor], object]) -> Callable[[Trainer], None]:
    """The one round of a control that is fitted at once."""

    def play(trainer: Trainer) -> None:
        real = trainer.real.everything()
        trainer.drawn += len(real)
        with torch.no_grad():
            fit(trainer.networks.generator, real)

    return play


class StateKeeper(Protocol):
    """Keeps the state of a run between two steps, so that it can be stopped and go on."""

    def due(self) -> bool:
        """Whether there is something to do."""

    def keep(self, *, before_evaluation: bool) -> None:
        """Do it, the clock being stopped."""


def train(
    engine: Engine,
    clock: BudgetClock,
    telemetry: Telemetry,
    at_mark: Callable[[], None],
    keeper: StateKeeper | None = None,
    seed: int = 0,
) -> None:
    """Train until the budget is spent; or fit what is fitted at once.

    Args:
        engine: takes the steps.
        clock: the budget; it runs only inside this loop's steps.
        telemetry: takes losses, logits, gradient norms and what is logged.
        at_mark: called at every mark of the budget before its end.
        keeper: looks after the state between steps.
        seed: of the run; it draws the steps that are looked at and counted once more.
    """
    recounts = Recounts(seed)
    if engine.trainer.training.fitted:
        if clock.steps == 0:
            clock.start()
            clock.count_step(*engine.step(0, 0.0, count=True))
            clock.stop()
        return
    if clock.steps == 0:  # not timed: it pays for warming up, counting and being looked at
        clock.count_step(*first_step(engine))
    clock.start()
    while clock.allows(*engine.cost(clock.steps)):
        evaluate = clock.mark_due()
        if evaluate or (keeper is not None and keeper.due()):
            clock.stop()  # whatever happens from here to `start` is on nobody's budget
            engine.settle()
            telemetry.flush()
            if keeper is not None:  # first, so that an evaluation that is stopped is done again
                keeper.keep(before_evaluation=evaluate)
            if evaluate:
                at_mark()
                clock.pass_marks()
            clock.start()

        if evaluate or recounts.due(clock.steps):
            with clock.aside():  # looking at a step is on nobody's budget either
                cost = looked_at(engine, clock.steps, clock.fraction())
        else:
            cost = engine.step(clock.steps, clock.fraction())

        # Before the step is counted: rows are named by the steps that went before them.
        if telemetry.wants(clock.steps):
            _record(telemetry, clock.steps, engine.trainer)
        clock.count_step(*cost)
    clock.stop()
    engine.settle()
    telemetry.flush()


def _record(telemetry: Telemetry, number: int, trainer: Trainer) -> None:
    """What the last step of each side looked like, NaN of a side that has taken none; nothing waits
    for the device."""
    unknown = torch.full((), math.nan, device=trainer.device)
    losses, norms, logits = [], [], (unknown, unknown)
    logged: dict[str, Tensor | float] = {}
    for side in ("discriminator", "generator"):
        step, loss = trainer.last.get(side, (None, unknown))
        losses.append(loss)
        norms.append(gradient_norm(trainer.trained[side]) if step else unknown)
        if step is not None:
            logged |= step.logged
            logits = step.mean_logits() if side == "discriminator" else logits
    telemetry.record(number, [*losses, *logits, *norms], logged)
