"""Everything that a training run changes, taken out of it and put back, bit for bit."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
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
        restore_module(module, state["modules"][name], trainer.device)
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


def module_state(module: nn.Module) -> dict[str, Any]:
    """Parameters and buffers, those that a `state_dict` leaves out as well, and plain attributes.

    Attributes, since a network may keep a counter or the weight of a new layer in one.
    """
    tensors = {**dict(module.named_parameters()), **dict(module.named_buffers())}
    attributes = {name: _plain_attributes(one) for name, one in module.named_modules()}
    return {"tensors": tensors, "attributes": attributes}


@torch.no_grad()
def restore_module(module: nn.Module, state: Mapping[str, Any], device: torch.device) -> None:
    """Put a `module_state` back; tensors in attributes that hold none so far go to `device`."""
    for name, tensor in (*module.named_parameters(), *module.named_buffers()):
        tensor.copy_(state["tensors"][name])
    for name, one in module.named_modules():
        _restore_attributes(one, state["attributes"][name], device)


def part_state(part: object) -> dict[str, Any]:
    """The state of a loss or technique: its own `state_dict` where it has one, else its attributes,
    with the state of modules, losses and techniques that it is made of.

    Raises:
        UnstorableState: as `trainer_state`.
    """
    if isinstance(part, nn.Module):
        return {"module": module_state(part)}
    if hasattr(part, "state_dict"):
        return {"own": part.state_dict()}
    held = getattr(part, "__dict__", {})
    parts = {name: part_state(one) for name, one in held.items() if _is_part(one)}
    attributes = {name: one for name, one in held.items() if is_storable(one)}
    for name in held.keys() - parts.keys() - attributes.keys():
        if not callable(held[name]) and not _is_constant(held[name]):
            raise UnstorableState(
                f"{type(part).__name__} keeps a {type(held[name]).__name__} in {name}: give it "
                "`state_dict` and `load_state_dict`, or make it an nn.Module with buffers"
            )
    return {"attributes": attributes, "parts": parts}


def restore_part(part: Any, state: Mapping[str, Any], device: torch.device) -> None:
    """Put a `part_state` back, as `restore_module` does."""
    if "module" in state:
        restore_module(part, state["module"], device)
    elif "own" in state:
        part.load_state_dict(state["own"])
    else:
        _restore_attributes(part, state["attributes"], device)
        for name, one in state["parts"].items():
            restore_part(getattr(part, name), one, device)


def _is_part(value: object) -> bool:
    terms = (getattr(value, f"{side}_loss", None) for side in ("discriminator", "generator"))
    return isinstance(value, nn.Module) or any(map(callable, terms))


def _is_constant(value: object) -> bool:
    """Whether it is a frozen dataclass, such as a description of data."""
    parameters = getattr(type(value), "__dataclass_params__", None)
    return parameters is not None and bool(parameters.frozen)


@contextmanager
def put_back(owners: Iterable[object]) -> Iterator[None]:
    """What losses and techniques keep may change within, and is as before after it.

    Within, they hold copies of their tensors, lists and dicts, so that a graph may hold what was
    there before. Parameters are theirs throughout.
    """
    kept = [(place, dict(place)) for owner in owners for place in _places(owner)]
    for place, before in kept:
        place.update({name: _copied(value) for name, value in before.items()})
    try:
        yield
    finally:
        for place, before in kept:
            for name in place.keys() - before.keys():
                del place[name]
            place.update(before)


def move_part(part: Any, device: torch.device) -> None:
    """Move a loss or technique: its modules, parameters, and tensors in its attributes."""
    if isinstance(part, nn.Module):
        part.to(device)
        return
    for name, value in getattr(part, "__dict__", {}).items():
        if _is_part(value):
            move_part(value, device)
        elif isinstance(value, nn.Parameter):
            value.data = value.data.to(device)
        elif _has_tensor(value):
            setattr(part, name, _moved(value, device))


def keep_tensors(parts: Iterable[object]) -> bool:
    """Whether losses or techniques keep tensors: networks alone do not tell what they do next."""
    return any(_has_tensor(place) for part in parts for place in _places(part))


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


def _plain_attributes(module: nn.Module) -> dict[str, Any]:
    """What a module keeps in attributes of its own: torch's begin with an underscore."""
    return {
        name: value
        for name, value in vars(module).items()
        if not name.startswith("_") and name != "training" and is_storable(value)
    }


def _restore_attributes(owner: object, attributes: Mapping[str, Any], device: torch.device) -> None:
    for name, value in attributes.items():
        present = getattr(owner, name, None)
        if isinstance(present, nn.Parameter):  # in place: an optimiser holds it
            present.data.copy_(value)
        elif isinstance(value, Tensor):
            setattr(owner, name, _moved(value, getattr(present, "device", device)))
        elif not _alike(present, value):  # a frozen object cannot be set what it has
            setattr(owner, name, _moved(value, device))


def _alike(one: object, other: object) -> bool:
    try:
        return bool(one == other)
    except RuntimeError:  # tensors in them
        return False


def _moved(value: Any, device: torch.device) -> Any:
    """Tensors in lists, tuples and dicts on that device."""
    return _changed(value, lambda tensor: tensor.to(device))


def _copied(value: Any) -> Any:
    """Lists, tuples and dicts anew, with copies of their tensors but for parameters."""
    return _changed(value, lambda one: one if isinstance(one, nn.Parameter) else one.clone())


def copied(state: Any) -> Any:
    """A state whose tensors, parameters included, nobody changes any more."""
    return _changed(state, lambda one: one.detach().clone())


def _changed(value: Any, change: Callable[[Tensor], Tensor]) -> Any:
    if isinstance(value, Tensor):
        return change(value)
    if type(value) is dict:
        return {name: _changed(one, change) for name, one in value.items()}
    if type(value) in (list, tuple):
        return type(value)(_changed(one, change) for one in value)
    return value


def _has_tensor(value: Any) -> bool:
    if isinstance(value, dict):
        return any(map(_has_tensor, value.values()))
    if isinstance(value, list | tuple):
        return any(map(_has_tensor, value))
    return isinstance(value, Tensor)


def _places(owner: object) -> list[dict[str, Any]]:
    """Where a loss or technique, and what it is made of, keep buffers and attributes."""
    if isinstance(owner, nn.Module):
        return [vars(one) for one in owner.modules()]  # where its buffers are a dict
    own: dict[str, Any] = getattr(owner, "__dict__", {})
    parts = [one for one in own.values() if _is_part(one)]
    return [own, *(place for one in parts for place in _places(one))]
