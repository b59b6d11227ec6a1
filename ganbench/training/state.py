"""Everything that a training run changes, taken out of it and put back, bit for bit."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn

from ganbench.training.checkpoint import UnstorableState, is_storable

if TYPE_CHECKING:
    from ganbench.training.trainer import Trainer


def trainer_state(trainer: Trainer) -> dict[str, Any]:
    """Networks, average, optimisers, loss and techniques, feeds and counted costs.

    Raises:
        UnstorableState: a loss or technique keeps something that is neither plain data, a tensor, a
            module, nor in a `state_dict` of its own.
    """
    modules = _modules(trainer)
    return {
        "modules": {name: module_state(module) for name, module in modules.items()},
        "optimisers": {name: one.state_dict() for name, one in trainer.optimisers.items()},
        "objective": [part_state(part.does) for part in trainer.objective.parts],
        "real": trainer.real.state(),
        "real beside": trainer.real_beside.state(),
        "latents": trainer.latents.state(),
        "labels": trainer.labels and trainer.labels.state(),
        "costs": dict(trainer.costs),
    }


def restore_trainer(trainer: Trainer, state: Mapping[str, Any]) -> None:
    """Put a `trainer_state` back into a trainer that was built from the same spec."""
    for name, module in _modules(trainer).items():
        restore_module(module, state["modules"][name])
    for name, optimiser in trainer.optimisers.items():
        optimiser.load_state_dict(state["optimisers"][name])
    for part, own in zip(trainer.objective.parts, state["objective"], strict=True):
        restore_part(part.does, own)
    trainer.real.restore(state["real"])
    trainer.real_beside.restore(state["real beside"])
    trainer.latents.restore(state["latents"])
    if trainer.labels is not None:
        trainer.labels.restore(state["labels"])
    trainer.costs.update(state["costs"])


def _modules(trainer: Trainer) -> dict[str, nn.Module]:
    networks = trainer.networks
    modules = {"generator": networks.generator, "discriminator": networks.discriminator}
    modules |= {f"extra {name}": module for name, module in trainer.extra.items()}
    if trainer.average is not None:
        modules["average"] = trainer.average.module
    return modules


def module_state(module: nn.Module) -> dict[str, Any]:
    """Parameters and buffers, those that a `state_dict` leaves out as well, and plain attributes.

    Attributes, since a network may keep a counter or the weight of a new layer in one.
    """
    tensors = {**dict(module.named_parameters()), **dict(module.named_buffers())}
    attributes = {name: _plain_attributes(one) for name, one in module.named_modules()}
    return {"tensors": tensors, "attributes": attributes}


@torch.no_grad()
def restore_module(module: nn.Module, state: Mapping[str, Any]) -> None:
    """Put a `module_state` back."""
    for name, tensor in (*module.named_parameters(), *module.named_buffers()):
        tensor.copy_(state["tensors"][name])
    for name, one in module.named_modules():
        _restore_attributes(one, state["attributes"][name])


def part_state(loss: object) -> dict[str, Any]:
    """The state of a loss or technique: its own `state_dict` where it has one, else its attributes.

    Raises:
        UnstorableState: as `trainer_state`.
    """
    if isinstance(loss, nn.Module):
        return {"module": module_state(loss)}
    if hasattr(loss, "state_dict"):
        return {"own": loss.state_dict()}
    attributes = getattr(loss, "__dict__", {})
    modules = {name: one for name, one in attributes.items() if isinstance(one, nn.Module)}
    parts = {name: one for name, one in attributes.items() if _is_part(one)}
    rest = {k: v for k, v in attributes.items() if k not in modules and k not in parts}
    for name, value in rest.items():
        if not callable(value) and not is_storable(value):
            raise UnstorableState(
                f"{type(loss).__name__} keeps a {type(value).__name__} in {name}: give it "
                "`state_dict` and `load_state_dict`, or make it an nn.Module with buffers"
            )
    kept = {name: value for name, value in rest.items() if is_storable(value)}
    return {
        "attributes": kept,
        "modules": {name: module_state(one) for name, one in modules.items()},
        "parts": {name: part_state(one) for name, one in parts.items()},
    }


def _is_part(value: object) -> bool:
    """Whether a loss or technique is made of another one: Wasserstein with a gradient penalty."""
    terms = (getattr(value, f"{side}_loss", None) for side in ("discriminator", "generator"))
    return not isinstance(value, nn.Module) and any(map(callable, terms))


def restore_part(loss: Any, state: Mapping[str, Any]) -> None:
    """Put a `part_state` back."""
    if "module" in state:
        restore_module(loss, state["module"])
    elif "own" in state:
        loss.load_state_dict(state["own"])
    else:
        _restore_attributes(loss, state["attributes"])
        for name, one in state["modules"].items():
            restore_module(getattr(loss, name), one)
        for name, one in state["parts"].items():
            restore_part(getattr(loss, name), one)


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


def _plain_attributes(module: nn.Module) -> dict[str, Any]:
    """What a module keeps in attributes of its own: torch's begin with an underscore."""
    return {
        name: value
        for name, value in vars(module).items()
        if not name.startswith("_") and name != "training" and is_storable(value)
    }


def _restore_attributes(owner: object, attributes: Mapping[str, Any]) -> None:
    for name, value in attributes.items():
        present = getattr(owner, name, None)
        if isinstance(present, nn.Parameter):  # in place: an optimiser holds it
            present.data.copy_(value)
        elif isinstance(value, Tensor):
            device = present.device if isinstance(present, Tensor) else value.device
            setattr(owner, name, value.to(device))
        elif present is not value and present != value:
            setattr(owner, name, value)
