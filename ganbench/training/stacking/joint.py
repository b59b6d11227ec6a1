"""Steps of several trainings, whose logits and slopes come of one program.

Losses and techniques see a step of their own training, as always: what they ask it for is computed
for all at once, when the first one asks.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import NoReturn

import torch
from torch import Tensor, nn

from ganbench.api.recipe import Side
from ganbench.training.stacking.program import Program
from ganbench.training.stacking.streams import Streams
from ganbench.training.step import Batch, TrainingStep
from ganbench.training.trainer import Trainer
from ganbench.training.wrapped import Wrapped, samples_per_judgement


class NotStackable(Exception):
    """Somebody does what only a training of its own can."""


class _Apart(Wrapped):
    """What stands for a network in a stacked step: the network is a part of something larger."""

    def forward(self, *_: Tensor) -> NoReturn:
        """Raise NotStackable."""
        raise NotStackable("a loss or technique calls a network by itself")


@functools.cache
def _apart(samples: int) -> _Apart:
    """One for networks that judge so many samples together."""
    return _Apart(nn.Identity(), samples)


class StackedStep(TrainingStep):
    """One training's step, of which others compute a part.

    Args:
        trainer: whose it is.
        side: whose loss is computed on it.
        batch: its samples.
    """

    def __init__(self, trainer: Trainer, side: Side, batch: Batch) -> None:
        super().__init__(
            _apart(1),
            _apart(samples_per_judgement(trainer.networks.discriminator)),
            {},
            batch,
            number=trainer.number,
            progress=trainer.fraction,
            role=side,
            noted=trainer.note_reader,
        )
        self.joint: JointStep

    def _once(self, name: str, compute: Callable[[], Tensor]) -> Tensor:
        if name not in self._kept:
            self.joint.compute(name)
        found: Tensor = self._kept[name]
        return found

    def _slopes_at(self, samples: Tensor) -> Tensor:
        raise NotStackable("a loss or technique asks for slopes at samples of its own")

    def keep(self, name: str, part: Tensor) -> None:
        """Take what was computed for all."""
        self._kept[name] = part


class JointStep:
    """A step of one side of several trainings.

    Args:
        trainers: of one recipe, each at the same number of steps, by their places in the streams.
        generator, discriminator: their networks as programs.
        side: whose step it is.
        streams: of their random numbers.
        graph: whether fakes of a discriminator step keep the graph to the generator.
    """

    def __init__(
        self,
        trainers: Mapping[int, Trainer],
        generator: Program,
        discriminator: Program,
        side: Side,
        streams: Streams,
        *,
        graph: bool,
    ) -> None:
        self._discriminator = discriminator
        self._places = list(trainers)
        self._streams = streams
        self._merged: dict[str, Tensor] = {}
        first = next(iter(trainers.values()))
        batches = [trainer.inputs(side) for trainer in trainers.values()]
        with torch.set_grad_enabled(side == "generator" or graph):
            fake = generator(torch.cat([batch.latent for batch in batches]))
        if "fake_slopes" in first.needs(side) and not fake.requires_grad:
            fake.requires_grad_()
        first.check_samples(fake, len(batches) * len(batches[0].latent))
        self._fake = fake
        self._reals = [batch.real for batch in batches if batch.real is not None]
        parts = self._of_each(fake, len(batches))
        self.steps = [
            StackedStep(trainer, side, replace(batch, fake=part))
            for trainer, batch, part in zip(trainers.values(), batches, parts, strict=True)
        ]
        for step in self.steps:
            step.joint = self

    @property
    def differentiable(self) -> bool:
        """Whether its losses lead to more than the side whose step it is."""
        return self._fake.requires_grad

    def compute(self, name: str) -> None:
        """Logits or slopes of all trainings, which their steps keep."""
        compute: Callable[[], Tensor] | None = getattr(self, f"_{name}", None)
        if compute is None:
            raise NotStackable(f"a loss or technique asks for step.{name}")
        found = self._merged[name] = compute()
        for step, part in zip(self.steps, self._of_each(found, len(self.steps)), strict=True):
            step.keep(name, part)

    def part(self) -> None:
        """Let the steps go: each keeps what is its own, and nobody all of it."""
        for step in self.steps:
            del step.joint

    @staticmethod
    def _of_each(merged: Tensor, count: int) -> Sequence[Tensor]:
        return merged.view(count, -1, *merged.shape[1:]).unbind()

    def _judged(self, samples: Tensor) -> Tensor:
        logits = self._discriminator(samples)
        return self.steps[0].checked(logits, len(samples))

    def _real(self) -> Tensor:
        """(S B, *shape) real samples, one leaf of the graph."""
        if "real" not in self._merged:
            real = torch.cat([one.detach() for one in self._reals])
            self._merged["real"] = real.requires_grad_(self._reals[0].requires_grad)
        return self._merged["real"]

    def _real_logits(self) -> Tensor:
        return self._judged(self._real())

    def _fake_logits(self) -> Tensor:
        return self._judged(self._fake)

    def _real_slopes(self) -> Tensor:
        return self._slopes("real_logits", self._real())

    def _fake_slopes(self) -> Tensor:
        return self._slopes("fake_logits", self._fake)

    def _slopes(self, logits: str, samples: Tensor) -> Tensor:
        if logits not in self._merged:
            self.compute(logits)
        return self.steps[0].slopes_of(self._merged[logits], samples)

    def _interpolated_slopes(self) -> Tensor:
        mixes = []
        with self._streams.kept():
            for place, step in zip(self._places, self.steps, strict=True):
                self._streams.switch(place)
                mixes.append(step.mix())
        between = torch.lerp(self._fake, self._real(), torch.cat(mixes))
        between = between if between.requires_grad else between.requires_grad_()
        return self.steps[0].slopes_of(self._judged(between), between)
