"""The training loop, and the two steps that it takes.

Latents, real batch, discriminator step(s), generator step, average: in that order, on the device,
with no synchronisation but at the marks of the budget.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Protocol

import torch
from torch import Tensor

from ganbench.api.errors import PluginNotUsable
from ganbench.training.clock import BudgetClock
from ganbench.training.engine import Engine
from ganbench.training.first_step import first_step
from ganbench.training.flops import StepFlops
from ganbench.training.step import TrainingStep
from ganbench.training.telemetry import Telemetry, gradient_norm
from ganbench.training.trainer import Trainer

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
        self._asked = objective.methods("critic_steps")
        self._before_step = [act for _, act in objective.methods("before_step")]
        self._after_step = [act for _, act in objective.methods("after_step")]
        self._play = next((act for _, act in objective.methods("play")), None)

    def step(self, number: int, progress: float, *, count: bool = False) -> None:
        """Critic steps, then the generator's; or the round that a technique plays instead."""
        trainer = self.trainer
        trainer.number, trainer.progress = number, progress
        trainer.last.clear()  # telemetry must not take an old step's logits for this one's
        trainer.anneal()
        for act in self._before_step:
            act(trainer)
        if self._play is not None:
            self._take("play", self._play, count, trainer)
        else:
            for index in range(self.critic_steps(number)):
                # One of several critic steps is counted: all of them do the same.
                self._take("discriminator", self.discriminator_step, count and index == 0)
            self._take("generator", self.generator_step, count)
        for act in self._after_step:
            act(trainer)
        # After whatever moves weights beside the optimisers: the average follows what is there.
        if trainer.average is not None:
            trainer.average.update()

    def discriminator_step(self) -> Seen:
        """One step of the discriminator, on fakes without a graph.

        Where updates are simultaneous, its weights change at the end of the generator's step.
        """
        self.trainer.differentiate("discriminator")
        if not self._simultaneous:
            self.trainer.update("discriminator")
        return self.trainer.last["discriminator"]

    def generator_step(self) -> Seen:
        """One step of the generator, on fakes of its own."""
        self.trainer.differentiate("generator")
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
        if not self._asked:
            return training.critic_steps if number % training.critic_every == 0 else 0
        part, ask = self._asked[-1]  # a technique knows better than the loss
        steps = int(ask(number))
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
        """Real samples and FLOPs of that generator step with its critic steps."""
        if self._play is not None:
            return self._known("play", number)
        critic_steps = self.critic_steps(number)
        images, critic = self._known("discriminator", number)
        more, generator = self._known("generator", number)  # more: for an opponent to learn from
        return critic_steps * images + more, critic_steps * critic + generator

    def _known(self, what: str, number: int) -> tuple[int, float]:
        """What such a step costs. At step 0 all terms act: no combination of them costs more."""
        costs = self.trainer.costs
        key = self.trainer.objective.combination(what, number)
        alike = (cost for name, cost in costs.items() if name.split("+")[0] == what)
        return costs[key] if key in costs else max(alike, default=(0, 0.0))

    def _take(self, what: str, act: Callable[..., Any], count: bool, *arguments: Trainer) -> None:
        """Act; under torch's FLOP counter, which sees double backward as well, if that is wanted or
        if these terms act together for the first time."""
        trainer = self.trainer
        key = trainer.objective.combination(what, trainer.number)
        if not count and key in trainer.costs:
            act(*arguments)
            return
        trainer.drawn = 0
        # The counter changes no bit, but costs a multiple of a small step: hence not every time.
        with StepFlops() as counter:
            act(*arguments)
        trainer.costs[key] = trainer.drawn, counter.total


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
) -> None:
    """Train until the budget is spent.

    Args:
        engine: takes the steps.
        clock: the budget; it runs only inside this loop's steps.
        telemetry: takes losses, logits, gradient norms and what is logged.
        at_mark: called at every mark of the budget before its end.
        keeper: looks after the state between steps.
    """
    if clock.steps == 0:  # not timed: it pays for warming up, counting and being looked at
        first_step(engine)
        clock.count_step(*engine.cost(0))
    clock.start()
    while clock.allows(*engine.cost(clock.steps)):
        evaluate = clock.mark_due()
        if evaluate or (keeper is not None and keeper.due()):
            clock.stop()  # whatever happens from here to `start` is on nobody's budget
            telemetry.flush()
            if keeper is not None:  # first, so that an evaluation that is stopped is done again
                keeper.keep(before_evaluation=evaluate)
            if evaluate:
                at_mark()
                clock.pass_marks()
            clock.start()

        engine.step(clock.steps, clock.fraction())

        # Before the step is counted: rows are named by the steps that went before them.
        if telemetry.wants(clock.steps):
            _record(telemetry, clock.steps, engine.trainer)
        clock.count_step(*engine.cost(clock.steps))
    clock.stop()
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
