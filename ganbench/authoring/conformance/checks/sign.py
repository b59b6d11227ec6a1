"""Which way a loss pulls: judged by small trainings, since the sign of a number tells nothing.

Both networks step with Adam at one rate, whatever the recipe: its steps have the same size for any
scale of the loss, so that a small penalty or a saturated objective moves as far as a steep one.
Some games converge in their own way alone; so nobody is accused before the recipe's own optimisers
have been tried as well. Changes are averaged over seeds: one training may go astray.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from ganbench.api.recipe import Optimiser
from ganbench.authoring.conformance.cases import USUAL_LOSS, Case
from ganbench.authoring.conformance.looking import Look
from ganbench.authoring.conformance.results import Broken, NotApplicable
from ganbench.authoring.conformance.subject import Subject, around_step, plays
from ganbench.training.trainer import Trainer

LEARNING_RATE = 1e-3
SEEDS = range(3)
CRITIC_STEPS, GENERATOR_STEPS = 30, 15
ROUNDS = 5
STUCK = 1e-4
"""Of a mean logit: less is rounding, as where a batch norm fixes the mean of its batch."""

UNSTICK = (
    "let the loss depend on the logits of both kinds of samples, and no normalisation follow the "
    "discriminator's last layer: it fixes the mean of its batch"
)

JUDGED = 256
"""Judgements of each kind whose mean logits are compared."""


@dataclass(frozen=True)
class Pull:
    """What small trainings of one case have changed, seed by seed.

    Args:
        margin: of D(x) - D(G(z)) over the discriminator's steps.
        opinion: of D(G(z)) over the generator's steps, the discriminator being fixed.
    """

    margin: list[float]
    opinion: list[float]

    @property
    def is_right(self) -> bool:
        """Whether both sides pull as they should."""
        return _rise(self.margin) and _rise(self.opinion)


def discriminator_sign(subject: Subject) -> None:
    """The mean logit of real samples minus that of fakes, before and after some steps."""
    for case, pull in _pulls(subject).items():
        _require_rise(pull.margin, f"{case}: discriminator steps change D(x) - D(G(z))")


def generator_sign(subject: Subject) -> None:
    """The mean logit of fakes, before and after some steps against a trained discriminator."""
    for case, pull in _pulls(subject).items():
        _require_rise(pull.opinion, f"{case}: generator steps change D(G(z))")


def _pulls(subject: Subject) -> dict[str, Pull]:
    """The trainings that both checks look at, made once."""

    def compute() -> dict[str, Pull]:
        cases = [one for one in subject.cases if not one.joint]
        if not cases:
            raise NotApplicable("there is no discriminator with an opinion of samples alone")
        if subject.kind == "model":  # which way a loss pulls is no matter of the model
            cases = [one for one in cases if one.recipe.loss == USUAL_LOSS]
        cases = [one for one in cases if not plays(subject.trainer(one))]
        if not cases:
            raise NotApplicable("it plays whole rounds: neither side steps alone")
        return {str(case): _pull(subject, case) for case in cases}

    return subject.once("pulls", compute)


def _pull(subject: Subject, case: Case) -> Pull:
    adam = Optimiser(lr=LEARNING_RATE, betas=(0.5, 0.9))
    alike = _tried(subject, case, generator=adam, discriminator=adam)
    return alike if alike.is_right else _tried(subject, case)


def _tried(subject: Subject, case: Case, **training: Any) -> Pull:
    pairs = [_Pair(subject, case, seed, training) for seed in SEEDS]
    for pair in pairs:
        pair.step("discriminator")  # constraints such as clipped weights hold from here on
    margin = _changes(pairs, _Pair.margin, "discriminator", CRITIC_STEPS)
    return Pull(margin, _changes(pairs, _Pair.opinion, "generator", GENERATOR_STEPS))


class _Pair:
    """Both networks of one training, each of which steps when it is told to."""

    def __init__(self, subject: Subject, case: Case, seed: int, training: dict[str, Any]) -> None:
        self._trainer: Trainer = subject.trainer(
            case, seed=seed, schedule="constant", ema=0.0, ema_half_life=None, **training
        )
        self._look = Look.of(self._trainer.networks, self._trainer.real, JUDGED)

    def step(self, side: Any) -> None:
        """Update one side, whatever the recipe says about whose turn it is."""
        with around_step(self._trainer):
            self._trainer.differentiate(side)
            self._trainer.update(side)

    def margin(self) -> float:
        """D(x) - D(G(z)) in the mean."""
        return self._mean(self._look.real) - self.opinion()

    def opinion(self) -> float:
        """Mean logit of fakes of latents that are always the same."""
        return self._mean(None)

    @torch.no_grad()
    def _mean(self, samples: Tensor | None) -> float:
        """The mean logit in train mode, as losses see it, no statistics being moved."""
        networks = self._trainer.networks
        buffers = [*networks.generator.buffers(), *networks.discriminator.buffers()]
        before = [buffer.clone() for buffer in buffers]
        with torch.random.fork_rng():
            logits = self._look.logits(self._look.fakes() if samples is None else samples)
        for buffer, value in zip(buffers, before, strict=True):
            buffer.copy_(value)
        return float(logits.double().mean())


def _changes(
    pairs: list[_Pair], judge: Callable[[_Pair], float], side: str, steps: int
) -> list[float]:
    """How a judgement changes over some steps, or over more where they have not moved it up.

    A small critic under a large penalty takes its time; a wrong sign only gets worse.
    """
    before = [judge(pair) for pair in pairs]
    changes: list[float] = []
    for _ in range(ROUNDS):
        for one in pairs:
            for _ in range(steps):
                one.step(side)
        changes = [judge(one) - first for one, first in zip(pairs, before, strict=True)]
        if min(changes) > 0:
            break
    return changes


def _rise(changes: list[float]) -> bool:
    return statistics.fmean(changes) > 0 and sum(change > 0 for change in changes) * 2 > len(
        changes
    )


def _require_rise(changes: list[float], what: str) -> None:
    if _rise(changes):
        return
    shown = ", ".join(f"{change:+.3g}" for change in changes)
    stuck = max(map(abs, changes)) < STUCK
    fault = "nothing moves the mean logit" if stuck else "the sign is wrong"
    raise Broken(
        f"{what} by {shown} (seed by seed), with Adam and with its own optimisers: {fault}",
        UNSTICK if stuck else None,
    )
