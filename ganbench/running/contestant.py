"""What is evaluated: a generator, and what scores may ask about the training it comes from."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from ganbench.api.data import Data, DataInfo
from ganbench.api.networks import Latent, Networks
from ganbench.api.recipe import Training
from ganbench.modalities import modality_of
from ganbench.scoring.evaluation import NotThereError, RealSide, Snapshot
from ganbench.training.feed import LabelFeed, LatentFeed, RealFeed
from ganbench.training.kept import keep_tensors
from ganbench.training.objective import Objective
from ganbench.training.sampling import AT_ONCE, BESIDE, CPU, depends_on_others, sample
from ganbench.training.seeds import stream_seed
from ganbench.training.trainer import Trainer

Rehearsal = Callable[[Networks, Data, int], bool]
"""Takes one generator step, with what belongs to it, on other networks and data; tells whether
losses or techniques keep tensors of their own."""


@dataclass(kw_only=True)
class Contestant:
    """A generator to be evaluated; one that was loaded from a file needs nothing else.

    Args:
        generator: what is sampled.
        info: what its raw output means.
        latents: the parts of its input.
        device: where it is.
        shares: (K,) of the classes it is asked for, where it is conditional.
        modules: whose weights must be finite, by name.
        extra: the model's extra modules.
        logits: what the discriminator says of samples, if there is one.
        training: how it is trained, if it is.
        rehearse: takes a step of the same training elsewhere.
        steps: generator steps that it has taken so far.
    """

    generator: nn.Module
    info: DataInfo
    latents: tuple[Latent, ...]
    device: torch.device
    shares: Tensor | None = None
    modules: Mapping[str, nn.Module] = field(default_factory=dict)
    extra: Mapping[str, nn.Module] = field(default_factory=dict)
    logits: Callable[..., Tensor] | None = None
    training: Training | None = None
    rehearse: Rehearsal | None = None

    def sample(self, count: int, seed: int) -> tuple[Tensor, Tensor | None]:
        """(count, *shape) raw outputs for the latents of a seed, and their classes (count,)."""
        labels = None
        if self.shares is not None:
            labels = LabelFeed(self.shares, CPU, stream_seed(seed, "labels")).draw(count)
            labels = labels.to(self.device)
        fakes = sample(self.generator, self.latents, count, self.device, seed, labels)
        return fakes, labels

    def as_stored(self, raw: Tensor) -> Tensor:
        """(N, *stored shape) of finite raw outputs (N, *shape)."""
        decode = modality_of(self.info).decode
        return torch.cat([decode(part, self.info) for part in torch.split(raw, AT_ONCE)])

    def out_of_range(self, raw: Tensor) -> str:
        """What is wrong with the range of raw outputs; empty if nothing is."""
        return modality_of(self.info).range_fault(raw, self.info)

    def couples(self) -> bool:
        """Whether its samples depend on those that are generated beside them."""
        labels = None
        if self.shares is not None:
            labels = LabelFeed(self.shares, CPU, seed=0).draw(BESIDE)
        return depends_on_others(self.generator, self.latents, self.device, labels)

    def snapshot(
        self, side: RealSide, fakes: Tensor, labels: Tensor | None, steps: int = 0
    ) -> Snapshot:
        """What scores see of it.

        Args:
            side: the real side.
            fakes: (M, ...), as they would be stored.
            labels: (M,) classes that they were made for, or None.
            steps: generator steps taken so far.
        """
        return Snapshot(
            side,
            fakes,
            labels,
            steps=steps,
            generator=self.generator,
            latents=self.latents,
            extra=self.extra,
            logits=self.logits,
            training=self.training,
            rehearse=self.rehearse,
            seen=self.info,
        )


def _no_discriminator(*_: object) -> Tensor:
    raise NotThereError


def contestant_of(trainer: Trainer, shares: Tensor | None = None) -> Contestant:
    """What a trainer trains, to be evaluated while it goes on.

    Args:
        trainer: of the run.
        shares: (K,) of the classes that a conditional generator is asked for.
    """
    networks = trainer.networks
    return Contestant(
        generator=trainer.evaluated,
        info=trainer.real.info,
        latents=networks.latents,
        device=trainer.device,
        shares=shares if networks.conditional else None,
        modules={
            "generator": networks.generator,
            "discriminator": networks.discriminator,
            **{f"extra {name}": module for name, module in trainer.extra.items()},
        },
        extra=trainer.extra,
        logits=_no_discriminator if networks.control else trainer.logits,
        training=trainer.training,
        rehearse=None
        if trainer.training.fitted
        else lambda networks, data, number: rehearse(trainer, networks, data, number),
    )


def rehearse(trainer: Trainer, networks: Networks, data: Data, number: int) -> bool:
    """Take one step of a training on other networks and data; the training stays as it is.

    Args:
        trainer: whose objective, as it is now, and recipe are used; its optimisers start anew.
        networks: to be trained, on the same device, as their model has built them.
        data: what they are trained on.
        number: of the generator step.

    Returns:
        Whether a step is not all that there is to know of the next: losses or techniques keep
        tensors of their own from step to step, or terms act now and then.

    Raises:
        RuntimeError: a loss or technique cannot be copied, as it keeps tensors with their graph.
    """
    loss, *techniques = parts = copy.deepcopy(trainer.objective.parts)
    for part in techniques:
        if (change := part.method("networks")) is not None:
            networks = change(networks)
    for module in (networks.generator, networks.discriminator):
        module.to(trainer.device).train()
    twin = Trainer(
        networks=networks,
        objective=Objective(loss, techniques),
        training=trainer.training,
        real=RealFeed(data, trainer.device, seed=0),
        latents=LatentFeed(networks.latents, trainer.device, seed=0),
        device=trainer.device,
    )
    from ganbench.training.loop import Eager  # with torch's counter, which scoring does without

    Eager(twin).step(number, trainer.fraction)
    return keep_tensors(part.does for part in parts) or any(part.every > 1 for part in parts)
