"""Who keeps what: losses, techniques, networks and what they are made of, and their attributes."""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Iterator
from pathlib import PurePath
from types import MemberDescriptorType, ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import torch
from torch import nn

TORCHS = frozenset(vars(nn.Module()))
"""Attributes that every module has: they are torch's, whatever else begins with an underscore."""

_NAMES = (
    *(torch.device, torch.dtype, torch.layout, torch.memory_format, np.dtype),
    *(ModuleType, PurePath, re.Pattern),
)
"""What names something that lies elsewhere, and never changes itself."""


def attributes(owner: object) -> dict[str, Any]:
    """All attributes that an object has of its own, those in `__slots__` as well."""
    state: Any = object.__getstate__(owner)  # a dict, or a pair: that, and the slots
    places = state if isinstance(state, tuple) else (state,)
    return {name: value for place in places for name, value in (place or {}).items()}


def own_attributes(owner: object) -> dict[str, Any]:
    """The same, without what torch has given to a module."""
    held = attributes(owner)
    if not isinstance(owner, nn.Module):
        return held
    return {name: value for name, value in held.items() if name not in TORCHS}


def put(owner: object, name: str, value: object) -> None:
    """Set an attribute, of frozen objects too, and past what modules make of it."""
    if _in_slot(owner, name):
        object.__setattr__(owner, name, value)
    else:
        vars(owner)[name] = value


def drop(owner: object, name: str) -> None:
    """Delete an attribute, likewise."""
    if _in_slot(owner, name):
        object.__delattr__(owner, name)
    else:
        del vars(owner)[name]


def _in_slot(owner: object, name: str) -> bool:
    return isinstance(getattr(type(owner), name, None), MemberDescriptorType)


def tree(
    owner: object, *, own_states: bool, path: str = "", seen: set[int] | None = None
) -> Iterator[tuple[str, Any]]:
    """An object and all holders that it is made of, each once, by a path from the object to it.

    Args:
        owner: a loss, a technique, a network.
        own_states: whether those that have a `state_dict` of their own are looked into.
        path, seen: of the owner, and who had their turn.
    """
    seen = set() if seen is None else seen
    if id(owner) in seen:
        return
    seen.add(id(owner))
    yield path, owner
    if has_own_state(owner) and not own_states:
        return
    for place, one in _held(owner, path):
        if is_holder(one):
            yield from tree(one, own_states=own_states, path=place, seen=seen)


def places(owner: object) -> Iterator[str]:
    """Where an object and all holders that it is made of are, and their further names.

    A name that comes to stand for another part (`self.current = self.stages[1]`) is a new one.
    """
    parts = list(tree(owner, own_states=False))
    first = {id(one): path for path, one in parts}
    yield from first.values()
    for path, part in parts:
        for place, one in () if has_own_state(part) else _held(part, path):
            if first.get(id(one), place) != place:
                yield f"{place} as another name of {first[id(one)] or 'the whole'}"


def _held(owner: object, path: str) -> Iterator[tuple[str, Any]]:
    """What an object holds, by paths: in its attributes, and a module's own modules."""
    inner = own_attributes(owner)
    if isinstance(owner, nn.Module):
        inner |= owner._modules
    for name, value in inner.items():
        yield from leaves(value, f"{path}.{name}" if path else name)


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """What lies in lists, tuples and dicts, or else the value, by paths."""
    if type(value) in (dict, OrderedDict):
        items = value.items()
    elif type(value) in (list, tuple):
        items = enumerate(value)
    else:
        yield path, value
        return
    for key, one in items:
        yield from leaves(one, f"{path}/{key}")


def has_own_state(owner: object) -> bool:
    """Whether a `state_dict` of its own tells all of it; a module's tells of its tensors alone."""
    return hasattr(owner, "state_dict") and not isinstance(owner, nn.Module)


def is_holder(value: object) -> bool:
    """Whether it is a module, a loss, a technique, or an object that its attributes tell all of."""
    if isinstance(value, nn.Module | SimpleNamespace):
        return True
    if type(value).__module__ == "builtins" or isinstance(value, type):
        return False
    terms = (getattr(value, f"{side}_loss", None) for side in ("discriminator", "generator"))
    return any(map(callable, terms)) or (not is_constant(value) and _is_open(value))


def _is_open(value: object) -> bool:
    """Whether copies of it are made of its class and its attributes alone.

    Pickle judges so, and knows of what lies in C (random generators, queues) or is the object
    itself (a subclass of list).
    """
    methods = ("__reduce__", "__reduce_ex__", "__getstate__")
    if any(getattr(type(value), one) is not getattr(object, one) for one in methods):
        return False
    try:
        made: Any = object.__reduce_ex__(value, 4)
    except TypeError:
        return False
    _, arguments, _, items, pairs = made
    return len(arguments) == 1 and items is None and pairs is None


def is_constant(value: object) -> bool:
    """Whether it is taken for configuration: a function, a class, a frozen dataclass, such as a
    description of data, or the name of something."""
    if isinstance(value, nn.Module):
        return False
    if isinstance(value, (type, *_NAMES)):
        return True
    parameters = getattr(type(value), "__dataclass_params__", None)
    if parameters is not None:
        return bool(parameters.frozen)
    return callable(value) and not _is_open(value)
