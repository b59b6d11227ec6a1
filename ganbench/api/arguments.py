"""What people pass to a public function, held to its annotations before it does anything.

Notebooks pass numpy's numbers, one name where several are wanted, and things by mistake: what is
meant is taken, and what is not is refused by the argument's name. Never imports torch.
"""

from __future__ import annotations

import functools
import inspect
import math
import types
import typing
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Literal, ParamSpec, TypeVar

from ganbench.api.checked import shown, words
from ganbench.api.errors import UsageError

P = ParamSpec("P")
T = TypeVar("T")


def checked(function: Callable[P, T]) -> Callable[P, T]:
    """The function, which gets what its annotations name or is not called at all.

    One thing where several are wanted is a list of one; anything that can be gone through is a
    list, but text is one thing. Numbers of numpy and torch are numbers, integers where they are
    integers; text is no number, and True is none.

    Args:
        function: with annotations that can be evaluated where it stands, that of the result left
            out. Its name is what errors call it.

    Raises:
        UsageError: when it is called: which argument is wrong, what it must be and what it is.
        TypeError: when it is called: as Python's own, an argument is missing or unknown.
    """
    signature = inspect.signature(function)

    @functools.wraps(function)
    def called(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            bound = signature.bind(*args, **kwargs)
        except TypeError as error:
            raise TypeError(f"{function.__name__}(): {error}") from None
        hints = _hints(function)
        for name, value in bound.arguments.items():
            several = signature.parameters[name].kind is inspect.Parameter.VAR_POSITIONAL
            try:
                bound.arguments[name] = (
                    tuple(_as(name, one, hints[name]) for one in value)
                    if several
                    else _as(name, value, hints[name])
                )
            except _Unfit as unfit:
                raise UsageError(f"{function.__name__}(): {unfit}") from None
        return function(*bound.args, **bound.kwargs)

    return called


class _Unfit(Exception):
    """It says which argument must be what, and what it is."""


@functools.cache
def _hints(function: Any) -> dict[str, Any]:
    """The result's annotation may name what is imported for type checkers alone."""
    annotated = {name: hint for name, hint in function.__annotations__.items() if name != "return"}
    described = types.SimpleNamespace(__annotations__=annotated)
    return typing.get_type_hints(described, function.__globals__)


def _as(name: str, value: Any, hint: Any) -> Any:
    """A value in the form that an annotation names."""
    origin, arguments = typing.get_origin(hint) or hint, typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        return _as_one_of(name, value, hint)
    if origin is Sequence:
        return _as_list(name, value, arguments[0])
    if origin is Mapping:
        if not isinstance(value, Mapping):
            raise _unfit(name, value, hint)
        return {
            _as(f"a key of {name}", key, str): _as(f"{name}[{key!r}]", one, arguments[1])
            for key, one in value.items()
        }
    value = _plain(value)
    if origin is float and type(value) is int:
        value = float(value)
    fits = value in arguments if origin is Literal else isinstance(value, origin)
    if not fits or (isinstance(value, bool) and origin is not bool):
        raise _unfit(name, value, hint)
    if isinstance(value, float) and math.isnan(value):
        raise _unfit(name, value, hint)
    return value


def _as_one_of(name: str, value: Any, hint: Any) -> Any:
    """A list that is none tells which of its items is wrong; anything else what it might be."""
    told: _Unfit | None = None
    for arg in typing.get_args(hint):
        try:
            return _as(name, value, arg)
        except _Unfit as unfit:
            if typing.get_origin(arg) in (Sequence, Mapping) and value is not None:
                told = unfit
    raise told or _unfit(name, value, hint)


def _as_list(name: str, value: Any, item: Any) -> tuple[Any, ...]:
    try:
        return (_as(name, value, item),)
    except _Unfit:
        if isinstance(value, str | bytes | Mapping) or not isinstance(value, Iterable):
            raise _unfit(name, value, Sequence[item]) from None
    return tuple(_as(f"{name}[{index}]", one, item) for index, one in enumerate(value))


def _plain(value: Any) -> Any:
    """A number of numpy or torch as Python's own."""
    return value.item() if getattr(value, "shape", None) == () else value


def _unfit(name: str, value: Any, hint: Any) -> _Unfit:
    return _Unfit(f"{name} must be {words(hint)}, it is {shown(value)}")
