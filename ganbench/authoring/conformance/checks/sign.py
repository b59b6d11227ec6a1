"""Which way a loss pulls: judged by small trainings, since the sign of a number tells nothing.

Both networks step with Adam at one rate, whatever the recipe: its steps have the same size for any
scale of the loss, so that a small penalty or a saturated objective moves as far as a steep one.
Changes are averaged over seeds: one training may go astray.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from ganbench.api.recipe import Optimiser
from ganbench.authoring.conformance.results import Broken
from ganbench.authoring.conformance.subject import LOSS, Case, Subject
from ganbench.training.loop import Eager
from ganbench.training.trainer import Trainer

LEARNING_RATE = 1e-3
SEEDS = range(3)
CRITIC_STEPS, GENERATOR_STEPS = 30, 15
ROUNDS = 5
STUCK = 1e-4
"""Of a mean logit: less is rounding, as where a batch norm fixes the mean of its batch."""

JUDGED = 256
"""Samples of each kind whose mean logits are compared."""


@dataclass(frozen=True)
class Pull:
    """What small trainings of one case have changed, seed by seed.

    Args:
        margin: of D(x) - D(G(z)) over the discriminator's steps.
        opinion: of D(G(z)) over the generator's steps, the discriminator being fixed.
    """

    margin: list[float]
    opinion: list[float]


def discriminator_sign(subject: Subject) -> None:
    """The mean logit of real samples minus that of fakes, before and after some steps."""
    for case, pull in _pulls(subject).items():
        _rises(pull.margin, f"{case}: discriminator steps change D(x) - D(G(z))")


def generator_sign(subject: Subject) -> None:
    """The mean logit of fakes, before and after some steps against a trained discriminator."""
    for case, pull in _pulls(subject).items():
        _rises(pull.opinion, f"{case}: generator steps change D(G(z))")


def _pulls(subject: Subject) -> dict[str, Pull]:
    """The trainings that both checks look at, made once."""

    def compute() -> dict[str, Pull]:
        # Which way a loss pulls is no matter of the model: that is seen with one loss.
        cases = subject.cases
        if subject.kind == "model":
            cases = tuple(case for case in cases if case.recipe.loss == LOSS)
        return {str(case): _pull(subject, case) for case in cases}

    return subject.once("pulls", compute)


def _pull(subject: Subject, case: Case) -> Pull:
    engines = [Eager(_trainer(subject, case, seed)) for seed in SEEDS]
    for one in engines:
        one.discriminator_step()  # constraints such as clipped weights hold from here on
    margin = _changes(engines, _margin, Eager.discriminator_step, CRITIC_STEPS)
    return Pull(margin, _changes(engines, _opinion, Eager.generator_step, GENERATOR_STEPS))


def _changes(
    engines: list[Eager],
    judge: Callable[[Trainer], float],
    step: Callable[[Eager], object],
    steps: int,
) -> list[float]:
    """How a judgement changes over some steps, or over more where they have not moved it up.

    A small critic under a large penalty takes its time; a wrong sign only gets worse.
    """
    before = [judge(one.trainer) for one in engines]
    changes: list[float] = []
    for _ in range(ROUNDS):
        for one in engines:
            for _ in range(steps):
                step(one)
        pairs = zip(engines, before, strict=True)
        changes = [judge(one.trainer) - first for one, first in pairs]
        if min(changes) > 0:
            break
    return changes


def _rises(changes: list[float], what: str) -> None:
    if statistics.fmean(changes) <= 0 or sum(one > 0 for one in changes) * 2 <= len(changes):
        shown = ", ".join(f"{one:+.3g}" for one in changes)
        stuck = max(map(abs, changes)) < STUCK
        fault = "nothing moves the mean logit" if stuck else "the sign is wrong"
        raise Broken(f"{what} by {shown} (seed by seed): {fault}")


def _trainer(subject: Subject, case: Case, seed: int) -> Trainer:
    adam = Optimiser(lr=LEARNING_RATE, betas=(0.5, 0.9))
    fields: dict[str, Any] = {"generator": adam, "discriminator": adam, "ema": 0.0}
    return subject.trainer(
        case, seed=seed, **fields, updates="alternating", critic_steps=1, schedule="constant"
    )


def _margin(trainer: Trainer) -> float:
    """D(x) - D(G(z)) in the mean."""
    state = trainer.real.state()
    real, _ = trainer.real.draw(JUDGED)
    trainer.real.restore(state)
    return float(_seen(trainer.networks.discriminator, real).double().mean()) - _opinion(trainer)


def _opinion(trainer: Trainer) -> float:
    """Mean logit of fakes of latents that are always the same."""
    state = trainer.latents.state()
    latents = trainer.latents.draw(JUDGED)
    trainer.latents.restore(state)
    fakes = _seen(trainer.networks.generator, latents)
    return float(_seen(trainer.networks.discriminator, fakes).double().mean())


@torch.no_grad()
def _seen(network: nn.Module, inputs: Tensor) -> Tensor:
    """What a network returns in train mode, as losses see it, without moving its statistics."""
    before = [buffer.clone() for buffer in network.buffers()]
    with torch.random.fork_rng():
        outputs: Tensor = network(inputs)
    for buffer, value in zip(network.buffers(), before, strict=True):
        buffer.copy_(value)
    return outputs
