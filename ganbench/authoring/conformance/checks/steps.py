"""Training steps: that they run, and whose parameters they reach."""

from __future__ import annotations

import math
from typing import Literal

import torch
from torch import Tensor, nn

from ganbench.authoring.conformance.results import Broken
from ganbench.authoring.conformance.subject import Case, Subject, named_parameters
from ganbench.training.loop import Eager
from ganbench.training.sampling import all_finite
from ganbench.training.trainer import Trainer

STEPS = 5
"""Enough for layers that start at zero to get a gradient."""

Side = Literal["generator", "discriminator"]


def steps(subject: Subject) -> None:
    """Losses are finite scalars, weights and samples stay finite."""
    for case in subject.cases:
        trainer = subject.trainer(case)
        engine = Eager(trainer)
        for step in range(STEPS):
            engine.step(step, 0.0)
            for side, (_, loss) in trainer.last.items():
                _scalar(loss, side, case)
            if not bool(torch.isfinite(trainer.last["generator"][0].fake).all()):
                raise Broken(f"{case}: samples are not finite after {step} steps")
        for name in ("generator", "discriminator"):
            if not all_finite(getattr(trainer.networks, name)):
                raise Broken(f"{case}: the {name}'s weights are not finite after {STEPS} steps")


def _scalar(loss: object, side: Side, case: Case) -> None:
    if not isinstance(loss, Tensor) or loss.dim() != 0:
        got = tuple(loss.shape) if isinstance(loss, Tensor) else type(loss).__name__
        raise Broken(f"{case}: the {side}'s loss is {got}, not a scalar tensor")
    if not math.isfinite(float(loss.detach())):
        raise Broken(f"{case}: the {side}'s loss is {float(loss.detach())}")


def generator_gradients(subject: Subject) -> None:
    """Every parameter on the generator's side."""
    for case in subject.cases:
        _reached(subject.trainer(case), "generator", case)


def discriminator_gradients(subject: Subject) -> None:
    """Every parameter on the discriminator's side."""
    for case in subject.cases:
        _reached(subject.trainer(case), "discriminator", case)


def _reached(trainer: Trainer, side: Side, case: Case) -> None:
    """A gradient that is not zero, at one of some steps.

    Some losses see differences of logits alone (Wasserstein, relativistic): the gradient of what
    moves all logits alike is then rightly zero.
    """
    waiting = named_parameters(trainer.networks, side)
    engine = Eager(trainer)
    for step in range(STEPS):
        engine.step(step, 0.0)
        waiting = _still_waiting(waiting)
        if not waiting:
            return
    if side == "discriminator":
        waiting = _without_offsets(waiting, trainer)
    if waiting:
        names = ", ".join(sorted(waiting)[:3])
        raise Broken(f"{case}: no gradient reaches {names}, {len(waiting)} in all")


def _still_waiting(parameters: dict[str, nn.Parameter]) -> dict[str, nn.Parameter]:
    return {name: one for name, one in parameters.items() if one.grad is None or not one.grad.any()}


def _without_offsets(
    parameters: dict[str, nn.Parameter], trainer: Trainer
) -> dict[str, nn.Parameter]:
    """Those that do more than move all logits alike, and those that do nothing."""
    samples, _ = trainer.real.draw(8)
    logits = trainer.networks.discriminator(samples).view(-1)
    contrast = torch.linspace(-1, 1, len(logits), device=logits.device)
    found = {}
    for name, one in parameters.items():
        if not one.requires_grad:
            continue
        together, apart = (
            torch.autograd.grad(total, one, retain_graph=True, allow_unused=True)[0]
            for total in (logits.sum(), (contrast * logits).sum())
        )
        moves_all = together is not None and float(together.abs().max()) > 0
        if not moves_all or float(apart.abs().max()) > 1e-4 * float(together.abs().max()):
            found[name] = one
    return found


def separate_sides(subject: Subject) -> None:
    """The gradients that one side holds, before and after a step of the other."""
    for case in subject.cases:
        trainer = subject.trainer(case)
        parameters = {
            side: named_parameters(trainer.networks, side)
            for side in ("generator", "discriminator")
        }
        engine = Eager(trainer)
        for step in range(2):
            before = _gradients(parameters["generator"])
            for _ in range(engine.critic_steps(step)):
                engine.discriminator_step()
            _unchanged(before, parameters["generator"], "discriminator", case)
            before = _gradients(parameters["discriminator"])
            engine.generator_step()
            _unchanged(before, parameters["discriminator"], "generator", case)


def _gradients(parameters: dict[str, nn.Parameter]) -> dict[str, Tensor | None]:
    return {
        name: None if one.grad is None else one.grad.clone() for name, one in parameters.items()
    }


def _unchanged(
    before: dict[str, Tensor | None], parameters: dict[str, nn.Parameter], side: Side, case: Case
) -> None:
    for name, after in _gradients(parameters).items():
        gradient = before[name]
        same = after is gradient or (
            after is not None and gradient is not None and torch.equal(after, gradient)
        )
        if not same:
            raise Broken(f"{case}: a step of the {side} changes the gradient of {name}")
