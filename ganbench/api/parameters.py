"""Declared parameters of plugins: types, defaults and bounds, checked before anything is built."""

from __future__ import annotations

import inspect
import math
import os
import re
import types
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any

from ganbench.api.checked import check_fields, words
from ganbench.api.errors import UsageError, did_you_mean

Value = bool | int | float | str | None
"""A parameter's value. None is "auto": the plugin chooses by the data, or does without."""

AUTO = "auto"
"""How None is written and read."""

IF_THERE = "if there"
"""What `path` of a parameter is if the text may be something else as well."""

_FRACTION = re.compile(r"\s*([+-]?\d+)\s*/\s*(\d+)\s*")
_TYPES: tuple[type, ...] = (bool, int, float, str)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One parameter of a plugin.

    It is declared where it is used, in the signature of what builds:
    ``def build(data, *, lr: Annotated[float, Parameter(minimum=0, help="...")] = 2e-4)``, whose
    type and default are the parameter's; ``float | None = None`` makes it one that may be ``auto``.
    Or in a spec's `parameters`, with its default here, where the builder is not to be imported.

    A float may be written as a ratio of integers: ``1/9`` has no short decimal form.

    Args:
        default: the value used when nobody sets one; its type is the parameter's type. None:
            ``auto``, and then `kind` says what else it may be.
        help: one line for `ganbench info`.
        minimum, maximum: inclusive bounds of a number.
        choices: the only values allowed, if not empty.
        kind: bool, int, float or str, where the default does not tell.
        path: whether the text names a file or folder, of a data set, a score or an extractor:
            relative ones in a suite are relative to the suite's file. The plugin gets it absolute.
            "if there": if there is one, and the text as it is otherwise.

    Raises:
        TypeError: a field is of another type.
        UsageError: `path` is another text.
    """

    default: Value = None
    help: str
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[Value, ...] = field(default=())
    kind: type | None = None
    path: bool | str = False

    def __post_init__(self) -> None:
        check_fields("Parameter", self)
        if isinstance(self.path, str) and self.path != IF_THERE:
            raise UsageError(f"Parameter: path is {self.path!r}, not True, False or {IF_THERE!r}")

    @property
    def value_type(self) -> type:
        """Of its values, None apart.

        Raises:
            TypeError: neither the default nor `type` tells.
        """
        found = self.kind or (None if self.default is None else type(self.default))
        if found not in _TYPES:
            raise TypeError(
                "a Parameter without a default needs kind=bool, int, float or str, or an annotation"
            )
        return found

    def convert(self, value: Any, name: str) -> Value:
        """The value in the parameter's own type.

        Raises:
            UsageError: the value has another type, or is out of bounds.
        """
        if self.default is None and value in (None, AUTO):
            return None
        converted = _as_type(self.value_type, value, name, auto=self.default is None)
        if self.path and isinstance(converted, str):
            converted = re.sub("^/+", "/", converted)  # else it looks like the end of a URL
        if isinstance(converted, float) and not math.isfinite(converted):
            # Parameters stand in run ids and records, and JSON knows no infinities.
            raise UsageError(f"{name} is {value!r}, not a finite number")
        if self.choices and converted not in self.choices:
            allowed = ", ".join(str(choice) for choice in self.choices)
            raise UsageError(f"{name} is {value!r}, not one of: {allowed}")
        if isinstance(converted, int | float) and not isinstance(converted, bool):
            low = self.minimum is not None and not converted >= self.minimum
            high = self.maximum is not None and not converted <= self.maximum
            if low or high:
                bounds = f"[{_bound(self.minimum, '-inf')}, {_bound(self.maximum, 'inf')}]"
                raise UsageError(f"{name} is {value!r}, outside {bounds}")
        return converted


def declared_in(function: Callable[..., Any]) -> dict[str, Parameter]:
    """The parameters that a function's or a class's signature declares, in its order.

    Raises:
        TypeError: one is declared without a default.
    """
    try:
        signature = inspect.signature(function)
    except ValueError:  # written in C
        return {}
    declared = {}
    for name, parameter in signature.parameters.items():
        found = _annotated(function, parameter.annotation)
        if found is None:
            continue
        kind, described = found
        if parameter.default is inspect.Parameter.empty:
            raise TypeError(f"parameter {name!r} of {function.__qualname__} has no default")
        declared[name] = replace(described, default=parameter.default, kind=kind)
    return declared


def _annotated(function: Callable[..., Any], annotation: Any) -> tuple[type, Parameter] | None:
    """The type and the description in an ``Annotated[type, Parameter(...)]``; None for others.

    Each annotation is resolved alone, since its neighbours may name what only a type checker sees.
    """
    if isinstance(annotation, str):
        module = inspect.getmodule(function)
        scope = getattr(function, "__globals__", None) or vars(module)
        holder = types.SimpleNamespace(__annotations__={"it": annotation})
        try:
            annotation = typing.get_type_hints(holder, scope, include_extras=True)["it"]
        except NameError:
            if "Parameter" in annotation:
                raise
            return None
    if typing.get_origin(annotation) is not Annotated:
        return None
    hint, *extras = typing.get_args(annotation)
    described = next((extra for extra in extras if isinstance(extra, Parameter)), None)
    if described is None:
        return None
    kinds = [one for one in (typing.get_args(hint) or (hint,)) if one is not types.NoneType]
    return kinds[0], described


def _bound(bound: float | None, missing: str) -> str:
    return missing if bound is None else f"{bound:g}"


def _as_type(wanted: type, value: Any, name: str, *, auto: bool) -> bool | int | float | str:
    try:
        if value is None:
            raise ValueError
        if wanted is bool:
            if isinstance(value, bool):
                return value
            return {"true": True, "1": True, "false": False, "0": False}[str(value).lower()]
        if wanted is int:
            if isinstance(value, bool) or (isinstance(value, float) and not value.is_integer()):
                raise ValueError
            return int(value)
        if wanted is float:
            if isinstance(value, bool):
                raise ValueError
            fraction = _FRACTION.fullmatch(value) if isinstance(value, str) else None
            return int(fraction[1]) / int(fraction[2]) if fraction else float(value)
        return str(value)
    except (ValueError, TypeError, KeyError, ArithmeticError):
        expected = f"{words(wanted)} or {AUTO}" if auto else words(wanted)
        raise UsageError(f"{name} is {value!r}, not {expected}") from None


def located(
    declared: Mapping[str, Parameter], parameters: Mapping[str, Value], folder: str
) -> dict[str, Value]:
    """The parameters with which a plugin's code is called: paths are made absolute.

    Args:
        declared: says which of them are paths.
        parameters: as they are typed and recorded.
        folder: that relative paths are relative to; empty: the working folder.
    """
    return {
        name: _located(str(value), declared[name], folder)
        if declared[name].path and value
        else value
        for name, value in parameters.items()
    }


def _located(value: str, declared: Parameter, folder: str) -> str:
    # Text: to a Path, ./~x is ~x.
    found = Path(folder, os.path.expanduser(value)).absolute()  # noqa: PTH111
    return value if declared.path == IF_THERE and not found.exists() else str(found)


def resolve_parameters(
    owner: str, declared: Mapping[str, Parameter], given: Mapping[str, Any]
) -> dict[str, Value]:
    """All declared parameters of `owner` in declaration order, `given` ones over the defaults.

    Raises:
        UsageError: a given name is not declared, or its value does not fit.
    """
    for name in given:
        if name not in declared:
            raise UsageError(f"{owner} has no parameter {name!r}", did_you_mean(name, declared))
    return {
        name: parameter.convert(given.get(name, parameter.default), f"{owner}.{name}")
        for name, parameter in declared.items()
    }
