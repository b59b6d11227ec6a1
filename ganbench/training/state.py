"""Everything that a training run changes, taken out of it and put back, bit for bit."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import nn

from ganbench.training.checkpoint import UnstorableState
from ganbench.training.holders import places
from ganbench.training.kept import part_state, restore_part

if TYPE_CHECKING:
    from ganbench.training.trainer import Trainer


def trainer_state(trainer: Trainer) -> dict[str, Any]:
    """Networks, average, optimisers, loss and techniques, feeds and counted costs.

    Raises:
        UnstorableState: a loss, a technique or a network keeps something that is neither plain
            data, a tensor, an object made of these, nor in a state of its own, or that was made
            after it was built.
    """
    if late := made_of(trainer) - trainer.built:
        raise UnstorableState(
            f"{min(late)} was made when training had begun, and could not be made again: make it "
            "when its owner is built"
        )
    return {
        "modules": {name: part_state(module) for name, module in _modules(trainer).items()},
        "optimisers": {name: one.state_dict() for name, one in trainer.optimisers.items()},
        "objective": [part_state(part.does) for part in trainer.objective.parts],
        "real": trainer.real.state(),
        "generator_real": trainer.generator_real.state(),
        "latents": trainer.latents.state(),
        "labels": trainer.labels and trainer.labels.state(),
        "costs": trainer.costs.state(),
        "fraction_readers": sorted(trainer.fraction_readers),
        "apart": trainer.apart,
    }


def restore_trainer(trainer: Trainer, state: Mapping[str, Any]) -> None:
    """Put a `trainer_state` back into a trainer that was built from the same spec."""
    for name, module in _modules(trainer).items():
        restore_part(module, state["modules"][name], trainer.device)
    for name, optimiser in trainer.optimisers.items():
        optimiser.load_state_dict(state["optimisers"][name])
    for part, own in zip(trainer.objective.parts, state["objective"], strict=True):
        restore_part(part.does, own, trainer.device)
    trainer.real.restore(state["real"])
    trainer.generator_real.restore(state["generator_real"])
    trainer.latents.restore(state["latents"])
    if trainer.labels is not None:
        trainer.labels.restore(state["labels"])
    trainer.costs.restore(state["costs"])
    trainer.fraction_readers |= set(state["fraction_readers"])
    trainer.apart = state["apart"]


def _modules(trainer: Trainer) -> dict[str, nn.Module]:
    networks = trainer.networks
    modules = {"generator": networks.generator, "discriminator": networks.discriminator}
    modules |= {f"extra {name}": module for name, module in trainer.extra.items()}
    if trainer.average is not None:
        modules["average"] = trainer.average.module
    return modules


def made_of(trainer: Trainer) -> frozenset[str]:
    """Networks, loss and techniques, and what these are made of: where each of them is."""
    parts = {part.name: part.does for part in trainer.objective.parts}
    return frozenset(
        f"{name}: {path}" if path else name
        for name, owner in {**_modules(trainer), **parts}.items()
        for path in places(owner)
    )


def random_state(device: torch.device) -> dict[str, Any]:
    """The global random generators of Python, NumPy and torch."""
    state = {
        "python": random.getstate(),
        "numpy": np.random.get_state(),
        "torch": torch.get_rng_state(),
    }
    if device.type == "cuda":
        state["cuda"] = torch.cuda.get_rng_state(device)
    return state


def restore_random_state(state: Mapping[str, Any], device: torch.device) -> None:
    """Put a `random_state` back."""
    random.setstate(state["python"])
    np.random.set_state(state["numpy"])
    torch.set_rng_state(state["torch"])
    if device.type == "cuda":
        torch.cuda.set_rng_state(state["cuda"], device)


@contextmanager
def untouched_random_numbers(device: torch.device) -> Iterator[None]:
    """Whatever is drawn within, the global random generators are as before after it."""
    state = random_state(device)
    try:
        yield
    finally:
        restore_random_state(state, device)
