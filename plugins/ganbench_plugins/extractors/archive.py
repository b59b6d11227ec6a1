"""The tensors of a TorchScript archive, read without running or unpickling anything in it.

Such an archive is a zip of raw tensors, of the script, and of a pickle that says which tensor has
which name. Unpickling can run code. Here the pickle's opcodes are followed as plain data instead:
what it says of classes and functions stays a string, and a pickle that wants anything run is
refused. Format: PyTorch, `torch/csrc/jit/docs/serialization.md`.
"""

from __future__ import annotations

import pickletools
import zipfile
from dataclasses import dataclass
from pickle import UnpicklingError
from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from torch import Tensor

_MARKER = "/constants.pkl"  # a plain state dict has none
_DTYPES = {
    "torch FloatStorage": torch.float32,
    "torch HalfStorage": torch.float16,
    "torch BFloat16Storage": torch.bfloat16,
    "torch DoubleStorage": torch.float64,
    "torch LongStorage": torch.int64,
}
_CONSTANTS = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False}
_LITERALS = ("BININT", "BININT1", "BININT2", "LONG1", "BINFLOAT", "BINUNICODE", "GLOBAL")
_EMPTY = {"EMPTY_TUPLE": tuple, "EMPTY_LIST": list, "EMPTY_DICT": dict}
_REBUILD = "torch._utils _rebuild_tensor_v2"
_HARMLESS = ("collections OrderedDict", "torch.jit._pickle ")  # typed containers, all passed over


class _Module(dict[str, Any]):
    """A module of the archive: its attributes, and no behaviour."""


@dataclass(frozen=True, slots=True)
class _Stored:
    """Where a tensor lies.

    Args:
        type: as in `_DTYPES`.
        key: the file in the archive's `data` folder.
        offset: of the first element, in elements.
        size: its shape.
        stride: elements from one index to the next, for each dimension.
    """

    type: str
    key: str
    offset: int
    size: tuple[int, ...]
    stride: tuple[int, ...]


def is_archive(path: Path) -> bool:
    """Whether a file is a TorchScript archive; the zip of a plain state dict is none.

    Raises:
        OSError, zipfile.BadZipFile: it cannot be read.
    """
    if not zipfile.is_zipfile(path):
        return False
    with zipfile.ZipFile(path) as archive:
        return any(name.endswith(_MARKER) for name in archive.namelist())


def read_archive(path: Path, prefix: str = "") -> dict[str, Tensor]:
    """Parameters, buffers and other tensors of the archived module, by their dotted names.

    Args:
        path: the archive.
        prefix: of the names that are wanted; no other tensor is read.

    Raises:
        UnpicklingError: its pickle asks for code to be run, or is none of TorchScript's.
        Exception: of any kind, where the archive is damaged.
    """
    with zipfile.ZipFile(path) as archive:
        (marker,) = (name for name in archive.namelist() if name.endswith(_MARKER))
        root = marker.removesuffix(_MARKER)
        if f"{root}/byteorder" in archive.namelist():
            order = _member(archive, f"{root}/byteorder")
            if order != b"little":
                raise ValueError("its numbers are not little-endian")
        tree = _tree(_member(archive, f"{root}/data.pkl"))
        return {
            name: _tensor(stored, _member(archive, f"{root}/data/{stored.key}"))
            for name, stored in _named(tree)
            if name.startswith(prefix)
        }


def _member(archive: zipfile.ZipFile, name: str) -> bytes:
    if archive.getinfo(name).compress_type != zipfile.ZIP_STORED:
        raise ValueError(f"{name} is compressed, as nothing with numbers in it ever is")
    return archive.read(name)


def _tensor(stored: _Stored, content: bytes) -> Tensor:
    flat = torch.frombuffer(bytearray(content), dtype=_DTYPES[stored.type])
    return flat.as_strided(stored.size, stored.stride, stored.offset)  # within bounds, or it raises


def _named(module: _Module, prefix: str = "") -> Iterator[tuple[str, _Stored]]:
    """Every tensor below a module, with the name that it has in a state dict."""
    for attribute, value in module.items():
        if isinstance(value, _Stored):
            yield f"{prefix}{attribute}", value
        elif isinstance(value, _Module):
            yield from _named(value, f"{prefix}{attribute}.")


def _tree(pickle: bytes) -> _Module:
    """The module that a pickle describes."""
    reader = _Reader()
    for opcode, argument, _ in pickletools.genops(pickle):
        reader.follow(opcode.name, argument)
    (tree,) = reader.stack
    if not isinstance(tree, _Module):
        raise UnpicklingError("it holds no module")
    return tree


class _Reader:
    """A stack machine with the opcodes that TorchScript writes, none of which calls anything."""

    def __init__(self) -> None:
        self.stack: list[Any] = []
        self._marks: list[int] = []
        self._memo: dict[int, Any] = {}

    def follow(self, opcode: str, argument: Any) -> None:
        """Do what one opcode says.

        Raises:
            UnpicklingError: TorchScript writes no such opcode, or it asks for code to be run.
        """
        stack = self.stack
        if opcode in _CONSTANTS:
            stack.append(_CONSTANTS[opcode])
        elif opcode in _LITERALS:
            stack.append(argument)
        elif opcode in _EMPTY:
            stack.append(_EMPTY[opcode]())
        elif opcode in ("BINGET", "LONG_BINGET"):
            stack.append(self._memo[argument])
        elif opcode in ("BINPUT", "LONG_BINPUT"):
            self._memo[argument] = stack[-1]
        elif opcode == "MARK":
            self._marks.append(len(stack))
        elif opcode not in ("PROTO", "STOP"):
            self._combine(opcode)

    def _combine(self, opcode: str) -> None:
        """Opcodes that make one thing out of what lies on the stack."""
        stack = self.stack
        match opcode:
            case "TUPLE":
                stack.append(tuple(self._since_mark()))
            case "TUPLE1" | "TUPLE2" | "TUPLE3":
                count = int(opcode[-1])
                stack[-count:] = [tuple(stack[-count:])]
            case "APPEND":
                item = stack.pop()
                stack[-1].append(item)
            case "APPENDS":
                items = self._since_mark()
                stack[-1].extend(items)
            case "SETITEMS":
                items = self._since_mark()
                stack[-1].update(zip(items[::2], items[1::2], strict=True))
            case "NEWOBJ":
                stack[-2:] = [_Module()]
            case "BUILD":
                state = stack.pop()
                stack[-1].update(state)
            case "BINPERSID":
                _, kind, key, *_ = stack.pop()
                stack.append((kind, key))
            case "REDUCE":
                arguments, function = stack.pop(), stack.pop()
                stack.append(_rebuilt(function, arguments))
            case _:
                raise UnpicklingError(f"TorchScript writes no {opcode}")

    def _since_mark(self) -> list[Any]:
        mark = self._marks.pop()
        items = self.stack[mark:]
        del self.stack[mark:]
        return items


def _rebuilt(function: object, arguments: tuple[Any, ...]) -> _Stored | None:
    """What stands for the result of a call: where a tensor lies, or nothing of interest."""
    if function == _REBUILD:
        (kind, key), offset, size, stride, *_ = arguments
        return _Stored(kind, key, offset, size, stride)
    if str(function).startswith(_HARMLESS):
        return None
    raise UnpicklingError(f"it wants to run {function}")
