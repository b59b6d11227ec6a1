"""What losses, techniques and networks keep: taken out, put back, copied and moved."""

from __future__ import annotations

import copy
from collections import OrderedDict, deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from enum import Enum
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ganbench.training.checkpoint import UnstorableState, is_storable
from ganbench.training.holders import (
    attributes,
    drop,
    has_own_state,
    is_constant,
    is_holder,
    leaves,
    own_attributes,
    put,
    tree,
)

OWN_STATE = ("state_dict", "load_state_dict")


def part_state(part: object) -> dict[str, Any]:
    """The state of a loss, a technique or a network, and of all that it is made of.

    Of a module these are parameters, buffers, also those that a `state_dict` leaves out, what it
    has for `get_extra_state`, and its attributes; of anything else its own `state_dict` where it
    has one, and else its attributes.

    Raises:
        UnstorableState: one of them keeps something that is neither plain data, a tensor, an object
            made of these, nor in a state of its own.
    """
    return {path: _own_state(one) for path, one in tree(part, own_states=False)}


def restore_part(part: Any, state: Mapping[str, Any], device: torch.device) -> None:
    """Put a `part_state` back; tensors in attributes that hold none so far go to `device`.

    Raises:
        UnstorableState: it is not made of the same things.
    """
    present = dict(tree(part, own_states=False))
    if missing := state.keys() - present.keys():
        raise UnstorableState(f"{type(part).__name__} has no {min(missing)} to put the state into")
    for path, own in state.items():
        _restore_own(present[path], own, device)


def _own_state(owner: Any) -> dict[str, Any]:
    """What one object keeps, without the holders that it is made of."""
    if has_own_state(owner):
        return {"own": owner.state_dict()}
    held = own_attributes(owner)
    kept = {name: value for name, value in held.items() if is_storable(value)}
    chosen = {name: one.name for name, one in held.items() if isinstance(one, Enum)}
    state: dict[str, Any] = {"names": [*held], "attributes": kept, "chosen": chosen}
    if isinstance(owner, nn.Module):
        state |= {"parameters": dict(owner._parameters), "buffers": dict(owner._buffers)}
        parameters = {id(one) for one in owner._parameters.values() if one is not None}
        state["attributes"] = {
            name: one for name, one in kept.items() if not _are_among(one, parameters)
        }
        if type(owner).get_extra_state is not nn.Module.get_extra_state:
            return state | {"extra": owner.get_extra_state()}
    for name in held.keys() - kept.keys() - chosen.keys():
        _require_fixed(owner, name, held[name])
    return state


def _require_fixed(owner: object, name: str, value: object) -> None:
    """Refuse what is neither kept elsewhere nor configuration.

    Raises:
        UnstorableState: it is neither.
    """
    for _, one in leaves(value):
        if not (is_holder(one) or is_constant(one)):
            is_module = isinstance(owner, nn.Module)
            methods = ("get_extra_state", "set_extra_state") if is_module else OWN_STATE
            raise UnstorableState(
                f"{type(owner).__name__} keeps a {type(value).__name__} in {name}: give it "
                f"`{methods[0]}` and `{methods[1]}`, or "
                + ("keep it in buffers" if is_module else "make it an nn.Module with buffers")
            )


def _are_among(value: object, parameters: set[int]) -> bool:
    """Whether a list holds a module's own parameters and nothing else, as an LSTM has one."""
    inner = [one for _, one in leaves(value)]
    return bool(inner) and all(id(one) in parameters for one in inner)


@torch.no_grad()
def _restore_own(owner: Any, state: Mapping[str, Any], device: torch.device) -> None:
    if "own" in state:
        owner.load_state_dict(state["own"])
        return
    present = own_attributes(owner)
    for name in present.keys() - set(state["names"]):
        drop(owner, name)
    for name, value in state["attributes"].items():
        put(owner, name, _merged(present.get(name), value, device))
    for name, member in state["chosen"].items():
        if not isinstance(present.get(name), Enum):
            raise UnstorableState(f"{type(owner).__name__} has no choice in {name} yet")
        put(owner, name, type(present[name])[member])
    if isinstance(owner, nn.Module):
        _restore_tensors(owner._parameters, state["parameters"], device, nn.Parameter)
        _restore_tensors(owner._buffers, state["buffers"], device, lambda tensor: tensor)
    if "extra" in state:
        owner.set_extra_state(state["extra"])


def _restore_tensors(
    place: dict[str, Any],
    kept: Mapping[str, Tensor | None],
    device: torch.device,
    make: Callable[[Tensor], Tensor],
) -> None:
    """A module's parameters or buffers: in place, since others hold them, but for new ones."""
    for name in place.keys() - kept.keys():
        del place[name]
    for name, value in kept.items():
        present = place.get(name)
        if value is None:
            place[name] = None
        elif present is None:
            place[name] = make(value.to(device))
        elif (present.shape, present.dtype) == (value.shape, value.dtype):
            present.copy_(value)
        else:
            place[name] = make(value.to(present.device))


@contextmanager
def put_back(owners: Iterable[object]) -> Iterator[None]:
    """What losses and techniques keep may change within, and is as before after it.

    Within, they hold copies of their tensors, lists and dicts, so that a graph may hold what was
    there before. Parameters are theirs throughout.
    """
    kept = [(one, attributes(one)) for owner in owners for one in _all_of(owner)]
    for one, before in kept:
        for name, value in before.items():
            put(one, name, _copied(value))
    try:
        yield
    finally:
        for one, before in kept:
            for name in attributes(one).keys() - before.keys():
                drop(one, name)
            for name, value in before.items():
                put(one, name, value)


def move_part(part: Any, device: torch.device) -> None:
    """Move a loss or technique: its modules, parameters, and tensors in its attributes."""
    for one in _all_of(part):
        if isinstance(one, nn.Module):
            one.to(device)
            continue
        for name, value in attributes(one).items():
            if isinstance(value, nn.Parameter):
                value.data = value.data.to(device)
            elif _has_tensor(value):
                put(one, name, _moved(value, device))


def keep_tensors(parts: Iterable[object]) -> bool:
    """Whether losses or techniques keep tensors: networks alone do not tell what they do next."""
    return any(_has_tensor(attributes(one)) for part in parts for one in _all_of(part))


def _merged(present: Any, value: Any, device: torch.device) -> Any:
    """A kept value; parameters are changed in place, those in lists as well, since an optimiser
    and networks hold them.

    Raises:
        UnstorableState: a parameter has another shape than the one that was kept.
    """
    if isinstance(value, Tensor):
        if isinstance(present, nn.Parameter):
            if present.shape != value.shape:
                shapes = f"{tuple(value.shape)} where {tuple(present.shape)} is"
                raise UnstorableState(f"a parameter was kept with the shape {shapes}")
            present.data.copy_(value)
            return present
        return value.to(getattr(present, "device", device))
    kind = type(value)
    if kind in (list, tuple) and type(present) is kind and len(present) == len(value):
        pairs = zip(present, value, strict=True)
        return kind(_merged(before, one, device) for before, one in pairs)
    if kind in (dict, OrderedDict) and isinstance(present, dict):
        return kind((key, _merged(present.get(key), one, device)) for key, one in value.items())
    return _moved(value, device)


def _moved(value: Any, device: torch.device) -> Any:
    """Tensors in lists, tuples and dicts on that device."""
    return _changed(value, lambda tensor: tensor.to(device))


def _copied(value: Any) -> Any:
    """Containers and arrays anew, with copies of their tensors but for parameters."""
    return _changed(value, lambda one: one if isinstance(one, nn.Parameter) else one.clone())


def copied(state: Any) -> Any:
    """A state whose tensors, parameters included, and arrays nobody changes any more."""
    return _changed(state, lambda one: one.detach().clone())


def _changed(value: Any, change: Callable[[Tensor], Tensor]) -> Any:
    if isinstance(value, Tensor):
        return change(value)
    if type(value) is np.ndarray:
        return value.copy()
    if type(value) in (dict, OrderedDict):
        return type(value)((name, _changed(one, change)) for name, one in value.items())
    if type(value) in (list, tuple, set):
        return type(value)(_changed(one, change) for one in value)
    if isinstance(value, dict | list | set | deque):  # of no kind that can be made of its content
        return copy.copy(value)
    return value


def _has_tensor(value: Any) -> bool:
    if isinstance(value, dict):
        return any(map(_has_tensor, value.values()))
    if isinstance(value, list | tuple):
        return any(map(_has_tensor, value))
    return isinstance(value, Tensor)


def _all_of(owner: object) -> list[Any]:
    """A loss or technique, and what it is made of."""
    return [one for _, one in tree(owner, own_states=True)]
