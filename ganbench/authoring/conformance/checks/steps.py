"""Training steps: that they run, and whose parameters they reach."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from ganbench.api.recipe import SIDES, Side
from ganbench.authoring.conformance.cases import Case
from ganbench.authoring.conformance.results import Broken, NotApplicable
from ganbench.authoring.conformance.subject import Subject, around_step, plays
from ganbench.training.first_step import cut_off
from ganbench.training.loop import Eager
from ganbench.training.sampling import all_finite
from ganbench.training.trainer import Trainer, trainable

WITHOUT = "it is a control, without a discriminator"

STEPS = 5
"""Enough for layers that start at zero to get a gradient."""


def steps(subject: Subject) -> None:
    """Losses are finite scalars, weights and samples stay finite."""
    for case in subject.cases:
        trainer = subject.trainer(case)
        engine = Eager(trainer)
        for number in range(STEPS):
            engine.step(number, 0.0)
            for side, (step, loss) in trainer.last.items():
                _scalar(loss, side, case)
                if step.made is not None and not bool(torch.isfinite(step.made).all()):
                    raise Broken(f"{case}: samples are not finite after {number} steps", _FINITE)
        for name in SIDES:
            if not all_finite(getattr(trainer.networks, name)):
                told = f"the {name}'s weights are not finite after {STEPS} steps"
                raise Broken(f"{case}: {told}", _FINITE)


_FINITE = "write logarithms of a sigmoid as softplus, divide by nothing that may be 0, clamp exp"


def _scalar(loss: object, side: Side, case: Case) -> None:
    if not isinstance(loss, Tensor) or loss.dim() != 0:
        got = tuple(loss.shape) if isinstance(loss, Tensor) else type(loss).__name__
        raise Broken(f"{case}: the {side}'s loss is {got}, not a scalar tensor")
    if not math.isfinite(float(loss.detach())):
        raise Broken(f"{case}: the {side}'s loss is {float(loss.detach())}", _FINITE)


def generator_gradients(subject: Subject) -> None:
    """Every parameter on the generator's side."""
    cases = [case for case in subject.cases if not case.fitted]
    if not cases:
        raise NotApplicable("it is fitted at once, by no gradient")
    for case in cases:
        _reached(subject.trainer(case), "generator", case)


def discriminator_gradients(subject: Subject) -> None:
    """Every parameter on the discriminator's side."""
    cases = [case for case in subject.cases if not case.recipe.training.control]
    if not cases:
        raise NotApplicable(WITHOUT)
    for case in cases:
        _reached(subject.trainer(case), "discriminator", case)


def _reached(trainer: Trainer, side: Side, case: Case) -> None:
    """A gradient that is not zero, at one of some steps.

    Some losses see differences of logits alone (Wasserstein, relativistic): the gradient of what
    moves all logits alike is then rightly zero.
    """
    idle = _idle(case)
    waiting = {
        name: one
        for name, one in _named(trainer, side).items()
        if name.partition(".")[0] not in idle
    }
    engine = Eager(trainer)
    for number in range(STEPS):
        engine.step(number, 0.0)
        if side == "generator" and (fault := cut_off(trainer)):
            raise Broken(f"{case}: {fault.message}", fault.hint)
        waiting = _still_waiting(waiting)
        if not waiting:
            return
    if side == "discriminator":
        waiting = _without_offsets(waiting, trainer)
    if waiting:
        names = ", ".join(sorted(waiting)[:3])
        raise Broken(f"{case}: no gradient reaches {names}, {len(waiting)} in all")


def _idle(case: Case) -> set[str]:
    """Extra modules of the model that wait for losses and techniques which are not in the case."""
    needed = {need for objective in case.parts.objectives for need in objective.needs}
    return {*case.parts.model.provides} - needed


def _named(trainer: Trainer, side: Side) -> dict[str, nn.Parameter]:
    """All that a side trains, what losses and techniques bring along included."""
    named = trainable(trainer.networks, side)
    own = (one for one in trainer.trained[side] if one not in {*named.values()})
    return named | {f"parameter {number} of its own": one for number, one in enumerate(own)}


def _still_waiting(parameters: Mapping[str, nn.Parameter]) -> dict[str, nn.Parameter]:
    return {name: one for name, one in parameters.items() if one.grad is None or not one.grad.any()}


def _without_offsets(
    parameters: Mapping[str, nn.Parameter], trainer: Trainer
) -> dict[str, nn.Parameter]:
    """Those that do more than move all logits alike, and those that do nothing."""
    with _overheard(trainer.networks.discriminator) as said:
        trainer.loss("discriminator", trainer.draw("discriminator"))
    logits = torch.cat([one.view(-1) for one in said if isinstance(one, Tensor)])
    contrast = torch.linspace(-1, 1, len(logits), device=logits.device)
    found = {}
    for name, one in parameters.items():
        together, apart = (
            torch.autograd.grad(total, one, retain_graph=True, allow_unused=True)[0]
            for total in (logits.sum(), (contrast * logits).sum())
        )
        moves_all = together is not None and float(together.abs().max()) > 0
        if not moves_all or float(apart.abs().max()) > 1e-4 * float(together.abs().max()):
            found[name] = one
    return found


@contextmanager
def _overheard(discriminator: nn.Module) -> Iterator[list[Tensor]]:
    """What a discriminator says while this lasts, whatever it was asked."""
    said: list[Tensor] = []
    hook = discriminator.register_forward_hook(lambda module, inputs, logits: said.append(logits))
    try:
        yield said
    finally:
        hook.remove()


def separate_sides(subject: Subject) -> None:
    """The gradients that one side holds, before and after a step of the other."""
    looked_at = False
    for case in subject.cases:
        trainer = subject.trainer(case)
        if plays(trainer) or trainer.training.control:
            continue
        looked_at = True
        parameters = {side: _named(trainer, side) for side in SIDES}
        engine = Eager(trainer)
        for number in range(2):
            trainer.number = number
            with around_step(trainer):
                before = _gradients(parameters["generator"])
                for _ in range(engine.critic_steps(number)):
                    engine.discriminator_step()
                _unchanged(before, parameters["generator"], "discriminator", case)
                before = _gradients(parameters["discriminator"])
                engine.generator_step()
                _unchanged(before, parameters["discriminator"], "generator", case)
    if not looked_at:
        raise NotApplicable("it plays whole rounds, or is a control: no side steps alone")


def _gradients(parameters: Mapping[str, nn.Parameter]) -> dict[str, Tensor | None]:
    return {
        name: None if one.grad is None else one.grad.clone() for name, one in parameters.items()
    }


def _unchanged(
    before: Mapping[str, Tensor | None],
    parameters: Mapping[str, nn.Parameter],
    side: Side,
    case: Case,
) -> None:
    for name, after in _gradients(parameters).items():
        gradient = before[name]
        same = after is gradient or (
            after is not None and gradient is not None and torch.equal(after, gradient)
        )
        if not same:
            raise Broken(f"{case}: a step of the {side} changes the gradient of {name}")
