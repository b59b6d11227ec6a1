"""Trainings of one recipe in step with each other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import torch
from torch import nn

from ganbench.api.errors import type_and_line
from ganbench.api.networks import Networks
from ganbench.api.recipe import SIDES, Side
from ganbench.machine.products import gains, wide_products
from ganbench.training.costs import recorded_operations
from ganbench.training.loop import Eager
from ganbench.training.objective import Method, Objective
from ganbench.training.stacking.joint import JointStep
from ganbench.training.stacking.program import Program, obstacle
from ganbench.training.stacking.rehearsal import Rehearsal, rehearse
from ganbench.training.stacking.streams import Streams, beside_torch, same_numbers
from ganbench.training.state import trainer_state
from ganbench.training.trainer import Trainer

APART: tuple[Method, ...] = (*("before_step", "opponent", "before_update", "after_step", "play"),)
"""What a loss or technique may do and a stack does not."""

TOGETHER = frozenset({"real", "real_slopes", "fake_slopes", "interpolated_slopes"})
"""What losses and techniques may need in a stack."""


def why_not(networks: Networks, objective: Objective) -> str | None:
    """Why trainings of these cannot be stacked; None where they can."""
    if networks.control:
        return "a control has no discriminator"
    if networks.conditional:
        return "it is conditional"
    if networks.extras or any(objective.parameters().values()):
        return "it trains more than a generator and a discriminator"
    for side in SIDES:
        if reason := obstacle(getattr(networks, side)):
            return f"the {side} does not stack: {reason}"
    for part in objective.parts:
        if needs := sorted(part.needs - TOGETHER):
            return f"its {part.kind} {part.name} needs {needs[0]}"
        if acts := [name for name in APART if part.method(name)]:
            return f"its {part.kind} {part.name} has {acts[0]}"
    return None


class StackBroken(BaseException):
    """Several trainings cannot go on together, and whose fault it is cannot be told: each is to go
    on by itself. Not an `Exception`: it is no result of any of them."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A step that is wanted: as of `Engine.step`."""

    number: int
    progress: float
    count: bool


@dataclass(frozen=True, slots=True)
class Taken:
    """What a step has cost, or why it could not be taken."""

    drawn: int = 0
    flops: float = 0.0
    error: BaseException | None = None


class Stack:
    """Takes steps of several trainings at once.

    A training's bits do not depend, on a CPU, on which others take part, nor on when they leave.

    Args:
        trainers: of one recipe that `why_not` has nothing against, by their places.
        streams: of their random numbers.
    """

    def __init__(self, trainers: Mapping[int, Trainer], streams: Streams) -> None:
        self.eager = {place: Eager(trainer) for place, trainer in trainers.items()}
        kept = {place: _unkept(trainer) for place, trainer in trainers.items()}
        self.fallen = {place: why for place, why in kept.items() if why is not None}
        """Which trainings go on eagerly, and why: their stacked step was not their eager one."""
        self._trainers = trainers
        self._streams = streams
        self._seen: set[int] = set()
        """Which trainings were held to an eager step in this process: one that goes on from a
        checkpoint may have fallen before it."""
        self._operations: dict[tuple[object, ...], int] = {}
        """That autograd records in a step, by who takes it and the terms that act in it."""
        self._members: tuple[int, ...] = ()
        self._programs: dict[Side, Program] = {}
        self._wide = _gains(next(iter(trainers.values())))
        """Whether products are computed by wide kernels."""

    def take(self, asked: Mapping[int, Asked]) -> dict[int, Taken]:
        """Take one generator step, of the same number, of some of the trainings.

        Those that are to be counted take it eagerly first, and by that are held to it afterwards.
        """
        if asked.keys() - {*self._members}:  # who was right alone may not be so beside others
            self._seen -= asked.keys()
        taken: dict[int, Taken] = {}
        rehearsed: dict[int, Rehearsal] = {}
        critic_steps: int | None = None
        for place, ask in asked.items():
            try:
                if place not in self.fallen:
                    critic_steps = self._agreed(place, ask.number, critic_steps)
                if place in self.fallen:
                    taken[place] = self._eagerly(place, ask)
                elif (count := self._counts(place, ask)) or place not in self._seen:
                    done = self._rehearse(place, replace(ask, count=count))
                    if place in self.fallen:
                        taken[place] = Taken(done.drawn, done.flops)
                    else:
                        rehearsed[place] = done
            except BaseException as error:
                taken[place] = Taken(error=error)
        together = {place: ask for place, ask in asked.items() if place not in taken}
        failure = self._together(together, critic_steps or 0)
        if failure is not None and len(together) > 1 and together.keys() - rehearsed.keys():
            return taken | dict.fromkeys(together, Taken(error=StackBroken(type_and_line(failure))))
        for place in together:
            try:
                taken[place] = self._settled(place, rehearsed.get(place), failure)
            except BaseException as error:
                taken[place] = Taken(error=error)
        return taken

    def _agreed(self, place: int, number: int, others: int | None) -> int:
        """The critic steps that all take; whoever asks for another number goes on eagerly."""
        own = self.eager[place].critic_steps(number)
        if others is not None and own != others:
            self._fall(place, f"it asks for {own} critic steps where another asks for {others}")
        return own if others is None else others

    def _eagerly(self, place: int, ask: Asked) -> Taken:
        self._streams.settle(place)
        return Taken(*self.eager[place].step(ask.number, ask.progress, count=ask.count))

    def _rehearse(self, place: int, ask: Asked) -> Rehearsal:
        """An eager step, which counts where a stacked one would not do."""
        self._streams.settle(place)
        before = beside_torch()
        with wide_products(self._wide):  # the same kernels: of five steps other ones make others
            done = rehearse(self.eager[place], ask.number, ask.progress, count=ask.count)
        self._seen.add(place)
        if not same_numbers(before, done.beside):
            done.accept(self._trainers[place])
            self._fall(place, "it draws random numbers from Python or NumPy")
        elif not done.steady:
            done.accept(self._trainers[place])
            self._fall(place, "its steps do not all cost the same")
        return done

    def _settled(self, place: int, done: Rehearsal | None, failure: BaseException | None) -> Taken:
        """What a step has cost that was taken together; whose was not its eager one has that."""
        trainer = self._trainers[place]
        if done is None:
            if failure is not None:
                return Taken(error=failure)
            return Taken(trainer.drawn, self._charge(place))
        fault = type_and_line(failure) if failure is not None else done.fault(trainer)
        if fault is not None:
            self._streams.settle(place)
            done.accept(trainer)
            self._fall(place, fault)
        elif done.counted:  # what its steps look like is seen better in those with their own graph
            trainer.last.update(done.last)
        else:
            return Taken(trainer.drawn, self._charge(place))
        return Taken(done.drawn, done.flops)

    def _fall(self, place: int, why: str) -> None:
        self.fallen[place] = self._trainers[place].apart = why

    def _together(self, asked: Mapping[int, Asked], critic_steps: int) -> BaseException | None:
        """One step of those; the error that none of them has survived, if there is one."""
        if not asked:
            return None
        self._stack(tuple(asked))
        trainers = [self._trainers[place] for place in asked]
        recorded = recorded_operations()
        try:
            for trainer, ask in zip(trainers, asked.values(), strict=True):
                trainer.begin(ask.number, ask.progress)
            with wide_products(self._wide):
                self._play(critic_steps, trainers[0].training.updates == "simultaneous")
        except BaseException as error:
            return error
        for trainer in trainers:
            if trainer.average is not None:
                trainer.average.update()
        # Steps that do something else cost something else: the next one is looked at.
        kind = self._members, *self._terms(self._members[0], trainers[0].number)
        operations = recorded_operations() - recorded
        if self._operations.setdefault(kind, operations) != operations:
            self._operations[kind] = operations
            self._seen.clear()
        return None

    def _play(self, critic_steps: int, simultaneous: bool) -> None:
        if simultaneous:
            both = self._draw("discriminator", graph=True)
            self._differentiate("discriminator", both, again=True)
            self._differentiate("generator", both)
            self._update("generator")
            self._update("discriminator")
            return
        for _ in range(critic_steps):
            self._differentiate("discriminator", self._draw("discriminator"))
            self._update("discriminator")
        self._differentiate("generator", self._draw("generator"))
        self._update("generator")

    def _stack(self, members: tuple[int, ...]) -> None:
        """Have the programs of just these."""
        if members != self._members:
            self._members = members
            self._programs = {
                side: Program([getattr(self._trainers[p].networks, side) for p in members])
                for side in SIDES
            }

    def _draw(self, side: Side, *, graph: bool = False) -> JointStep:
        """A fresh batch, as of `Trainer.draw`."""
        trainers = {place: self._trainers[place] for place in self._members}
        generator, discriminator = self._programs["generator"], self._programs["discriminator"]
        return JointStep(trainers, generator, discriminator, side, self._streams, graph=graph)

    def _differentiate(self, side: Side, joint: JointStep, *, again: bool = False) -> None:
        """As of `Trainer.differentiate`."""
        losses = []
        for place, step in zip(self._members, joint.steps, strict=True):
            trainer = self._trainers[place]
            self._streams.switch(place)
            losses.append(trainer.objective.total(side, step))
            trainer.last[side] = step, losses[-1]
        program = self._programs[side]
        for one in program.parameters:
            one.grad = None
        # As in eager steps: none is computed for a side that does not learn.
        inputs = [one for one in program.parameters if one.requires_grad]
        named = inputs if joint.differentiable else None
        torch.autograd.backward(losses, retain_graph=again, inputs=named)
        program.hand_out()
        if not again:
            joint.part()

    def _update(self, side: Side) -> None:
        for place in self._members:
            self._trainers[place].update(side)

    def _counts(self, place: int, ask: Asked) -> bool:
        """Whether a step is to be counted: it was asked for, or nobody knows yet what it costs."""
        wants, number = self._trainers[place].costs.wants, ask.number
        return ask.count or any(wants(terms, number) for terms in self._terms(place, number))

    def _charge(self, place: int) -> float:
        costs, trainer = self._trainers[place].costs, self._trainers[place]
        return sum(costs.charge_known(t) for t in self._terms(place, trainer.number))

    def _terms(self, place: int, number: int) -> list[str]:
        """Of the steps that belong to a generator step, one after the other."""
        combination = self._trainers[place].objective.combination
        critic_steps = self.eager[place].critic_steps(number)
        critics = [combination("discriminator", number)] * critic_steps
        return [*critics, combination("generator", number)]


def _gains(trainer: Trainer) -> bool:
    """Whether steps gain by wide kernels: trainings of one recipe have the same products."""
    batches = {trainer.training.batch_size, trainer.training.generator_batch}
    layers = [one for side in SIDES for one in getattr(trainer.networks, side).modules()]
    weights = [one.weight.numel() for one in layers if isinstance(one, nn.Linear)]
    products = [batch * size for batch in batches for size in weights]
    return trainer.device.type == "cpu" and gains(products)


def _unkept(trainer: Trainer) -> str | None:
    """Why a training goes on eagerly from the beginning; None where it does not."""
    if trainer.apart is not None:
        return trainer.apart
    try:
        trainer_state(trainer)
    except Exception as error:
        return f"a step of it cannot be taken back: {type_and_line(error)}"
    return None
