"""Checkpoints on disk: state as plain data and tensors, whole, verified, and never executed.

A checkpoint is one sealed file: the state's tensors by name, and the rest of it as JSON. The file
of the checkpoint before is kept beside it.
"""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ganbench.api.errors import one_line
from ganbench.storage.sealed import read_sealed, write_sealed
from ganbench.storage.writing import set_aside

LATEST, PREVIOUS = "latest.safetensors", "previous.safetensors"
FRESH = ".fresh.safetensors"

_TENSOR, _ARRAY, _SCALAR = "tensor", "array", "scalar"
_ROWS: dict[type, str] = {tuple: "tuple", set: "set", frozenset: "frozenset", torch.Size: "size"}
_ITEMS: dict[type, str] = {dict: "items", OrderedDict: "ordered"}
_MADE_OF = {name: kind for kinds in (_ROWS, _ITEMS) for kind, name in kinds.items()}


class UnstorableState(TypeError):
    """A state holds something that is neither plain data nor a tensor."""


def save_checkpoint(folder: Path, state: dict[str, Any]) -> None:
    """Write a checkpoint, read it back, and only then let it take the place of the last one.

    Args:
        folder: created if need be.
        state: nested dicts, lists, tuples and sets of None, bools, numbers, strings, tensors,
            arrays and NumPy's scalars.

    Raises:
        UnstorableState: the state holds anything else, be it of a subclass of these: it would come
            back as something else.
        OSError: it cannot be written (a full disk, a read-only folder); the last one is untouched.
    """
    tensors: dict[str, Tensor] = {}
    text = json.dumps(_plain(state, "", tensors), separators=(",", ":"))
    folder.mkdir(parents=True, exist_ok=True)
    fresh, latest = folder / FRESH, folder / LATEST
    try:
        write_sealed(fresh, text, tensors, durable=True)
        read_checkpoint(fresh)  # a disk that lies is found out while the last one is still there
        if latest.exists():
            latest.replace(folder / PREVIOUS)
        fresh.replace(latest)
    except ValueError as error:
        raise OSError(f"a checkpoint was not written whole: {error}") from error
    finally:
        fresh.unlink(missing_ok=True)


def load_checkpoint(folder: Path, remark: Callable[[str], None]) -> dict[str, Any] | None:
    """The newest sound state in a folder, as `sound_checkpoints`; None where there is none."""
    return next(sound_checkpoints(folder, remark), None)


def sound_checkpoints(folder: Path, remark: Callable[[str], None]) -> Iterator[dict[str, Any]]:
    """The sound states in a folder, the newest first; each is read when it is asked for.

    Files that are damaged or foreign are renamed, kept, and reported.

    Args:
        folder: need not exist.
        remark: takes one line for each file that could not be used.
    """
    for path in (folder / LATEST, folder / PREVIOUS):
        try:
            state = read_checkpoint(path)
        except FileNotFoundError:
            continue
        except (OSError, ValueError) as error:
            reason = one_line(error)
            remark(f"checkpoint {path.name} is not used: {reason}; {set_aside(path)}")
            continue
        yield state


def read_checkpoint(path: Path) -> dict[str, Any]:
    """The state in one file.

    Raises:
        FileNotFoundError: there is none.
        OSError: it is no regular file, or cannot be read.
        ValueError: it is damaged, cut off, or no checkpoint.
    """
    text, tensors = read_sealed(path)
    try:
        state = _restored(json.loads(text), tensors)
    except (LookupError, TypeError, ValueError, RecursionError) as error:
        raise ValueError(f"it holds no state ({type(error).__name__}: {error})") from None
    if not isinstance(state, dict):
        raise ValueError("it holds no state")
    return state


def is_storable(value: Any) -> bool:
    """Whether a value could be part of a state."""
    try:
        _plain(value, "", {})
    except UnstorableState:
        return False
    return True


def _plain(value: Any, where: str, tensors: dict[str, Tensor]) -> Any:
    """The value as JSON, with its tensors put into `tensors`."""
    kind = type(value)
    if value is None or kind in (bool, int, float, str):
        return value
    if kind is list:
        return [_plain(item, f"{where}/{index}", tensors) for index, item in enumerate(value)]
    if kind in _ROWS:
        return {_ROWS[kind]: _plain(list(value), where, tensors)}
    if kind in _ITEMS:
        if not all(type(key) in (str, int) for key in value):
            raise UnstorableState(f"{where or 'the state'} has keys that are no names or integers")
        items = [[key, _plain(item, f"{where}/{key}", tensors)] for key, item in value.items()]
        return {_ITEMS[kind]: items}
    name = f"{len(tensors)}{where}"  # numbered, since keys may hold slashes
    if kind is np.ndarray or isinstance(value, np.generic):
        tensors[name] = _as_tensor(value, where)
        return {_ARRAY if kind is np.ndarray else _SCALAR: name}
    if kind in (Tensor, nn.Parameter):
        tensors[name] = value
        return {_TENSOR: name}
    raise UnstorableState(f"{where or 'the state'} is a {kind.__name__}")


def _as_tensor(value: Any, where: str) -> Tensor:
    """An array or a scalar of NumPy's, in a type that torch has as well."""
    try:
        return torch.from_numpy(np.array(value, order="C"))  # a copy: torch warns of locked ones
    except (TypeError, ValueError):
        raise UnstorableState(
            f"{where or 'the state'} is of NumPy's type {value.dtype}, which torch has not"
        ) from None


def _restored(value: Any, tensors: dict[str, Tensor]) -> Any:
    if isinstance(value, list):
        return [_restored(item, tensors) for item in value]
    if not isinstance(value, dict):
        return value
    ((kind, content),) = value.items()
    if kind in _ROWS.values():
        return _MADE_OF[kind](_restored(content, tensors))
    if kind in _ITEMS.values():
        return _MADE_OF[kind]((key, _restored(item, tensors)) for key, item in content)
    if kind == _TENSOR:
        return tensors[content]
    array = tensors[content].numpy()
    return array[()] if kind == _SCALAR else array
