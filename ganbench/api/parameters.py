"""Declared parameters of plugins: types, defaults and bounds, checked before anything is built."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ganbench.api.checked import check_fields, words
from ganbench.api.errors import UsageError, did_you_mean

Value = bool | int | float | str

_FRACTION = re.compile(r"\s*([+-]?\d+)\s*/\s*(\d+)\s*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One parameter of a model, loss, variant, dataset, score or extractor.

    A float may be written as a ratio of integers: ``1/9`` has no short decimal form.

    Args:
        default: the value used when nobody sets one; its type is the parameter's type.
        help: one line for `ganbench info`.
        minimum, maximum: inclusive bounds of a number.
        choices: the only values allowed, if not empty.

    Raises:
        TypeError: a field is of another type.
    """

    default: Value
    help: str
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[Value, ...] = field(default=())

    def __post_init__(self) -> None:
        check_fields("Parameter", self)

    def convert(self, value: Any, name: str) -> Value:
        """The value in the parameter's own type.

        Raises:
            UsageError: the value has another type, or is out of bounds.
        """
        converted = _as_type_of(self.default, value, name)
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


def _bound(bound: float | None, missing: str) -> str:
    return missing if bound is None else f"{bound:g}"


def _as_type_of(default: Value, value: Any, name: str) -> Value:
    wanted = type(default)
    try:
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
        raise UsageError(f"{name} is {value!r}, not {words(wanted)}") from None


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
