"""Whether live objects are what they are declared to be. A description is held to its annotations
where it is written, not in a run; what plugins make, when it is made.

What files hold is held to types by `ganbench.storage.parsing`.
"""

from __future__ import annotations

import functools
import types
import typing
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Literal


def check_fields(owner: str, description: Any) -> None:
    """Hold every field of a dataclass to its annotation; a list passes for a tuple.

    Args:
        owner: what it is called in the error.
        description: the dataclass.

    Raises:
        TypeError: a field holds something else: which one, what was expected and what is there.
    """
    for name, hint in _hints(description.__class__).items():
        check_value(f"{owner}: {name}", getattr(description, name), hint)


def check_value(what: str, value: Any, hint: Any) -> None:
    """Hold a value to a type or annotation.

    Args:
        what: it is called in the error.
        value: anything.
        hint: what it must be.

    Raises:
        TypeError: it is something else: what was expected and what is there.
    """
    if not _fits(value, hint):
        raise TypeError(f"{what} must be {words(hint)}, it is {shown(value)}")


@functools.cache
def _hints(kind: type) -> dict[str, Any]:
    hints = typing.get_type_hints(kind)
    return {name: hint for name, hint in hints.items() if typing.get_origin(hint) is not ClassVar}


def _fits(value: Any, hint: Any) -> bool:
    origin, arguments = typing.get_origin(hint) or hint, typing.get_args(hint)
    if origin is Any:
        return True
    if origin in (typing.Union, types.UnionType):
        return any(_fits(value, argument) for argument in arguments)
    if origin is Literal:
        return isinstance(value, str) and value in arguments
    if origin is Callable:
        return callable(value)
    if origin is Mapping:
        return isinstance(value, Mapping) and all(
            _fits(one, arguments[1]) for one in value.values()
        )
    if origin is tuple:
        return _fits_tuple(value, arguments)
    if origin is float:
        return isinstance(value, int | float) and not isinstance(value, bool)
    if origin is int:
        return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(value, origin)


def _fits_tuple(value: Any, arguments: tuple[Any, ...]) -> bool:
    if not isinstance(value, tuple | list):
        return False
    wanted = arguments[:1] * len(value) if arguments[1:] == (...,) else arguments
    return len(value) == len(wanted) and all(map(_fits, value, wanted))


_WORDS: dict[Any, str] = {
    str: "text", int: "an integer", float: "a number", bool: "True or False",
    Callable: "a function", types.NoneType: "None", Any: "anything", Path: "a path",
    types.ModuleType: "a module",
}  # fmt: skip


def words(hint: Any) -> str:
    """What is expected, for people: ``a Training``, ``an integer``, ``a function or None``."""
    origin, arguments = typing.get_origin(hint) or hint, typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        return " or ".join(map(words, arguments))
    if origin is Literal:
        return "one of " + ", ".join(map(repr, arguments))
    if origin is Mapping:
        return f"a mapping from text to {words(arguments[1])}"
    if origin is Sequence:
        return f"{words(arguments[0])}, or a list of such"
    if origin is tuple and arguments[1:] == (...,):
        return f"a tuple, each item {words(arguments[0])}"
    if origin is tuple:
        return f"a tuple of {' and '.join(map(words, arguments))}"
    return _WORDS.get(origin) or _with_article(origin.__name__)


def shown(value: Any) -> str:
    """A short plain value as it is, else its type and shape."""
    if _is_plain(value) and len(text := repr(value)) <= 60:
        return text
    if isinstance(value, type):
        return f"the class {value.__name__}"
    shape = getattr(value, "shape", None)
    return f"{typed(value)} of shape {tuple(shape)}" if isinstance(shape, tuple) else typed(value)


def _is_plain(value: Any) -> bool:
    """Whether showing it is safe: no code of a plugin, no tensor, nothing without end."""
    if isinstance(value, tuple | list):
        return len(value) <= 8 and all(map(_is_plain, value))
    return value is None or type(value) in (str, int, float, bool)


def typed(value: object) -> str:
    """A value's type, for errors: ``None``, ``a list``, ``an int``."""
    return "None" if value is None else _with_article(type(value).__name__)


def _with_article(name: str) -> str:
    return f"{'an' if name[0] in 'aeiouAEIOU' else 'a'} {name}"
