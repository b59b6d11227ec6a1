"""Is this JSON a record? The annotations of `record.py` are the schema: there is no second copy."""

from __future__ import annotations

import functools
import math
import types
import typing
from collections.abc import Callable
from typing import Any, Literal, NotRequired, TypedDict, cast

from ganbench.api.version import SCHEMA_VERSION
from ganbench.planning.budget import BudgetKind
from ganbench.results.record import Pin, Record

Check = Callable[[Any, str], None]

LARGEST = 2**53
"""Of integers: more is no count of anything, and is lost by whoever reads JSON as floats."""


class _Budget(TypedDict):
    kind: BudgetKind
    amount: float


class _Task(TypedDict):
    name: str
    dataset: str
    budget: _Budget
    scores: list[str]
    final_scores: list[str]
    fakes: int
    split: str
    evaluations: int


class _Spec(TypedDict):
    """What tables need of a run's spec (`ganbench.planning.runspec.RunSpec` as JSON)."""

    suite: str
    variant: str
    parameters: dict[str, Any]
    task: _Task
    dataset_parameters: dict[str, Any]
    seed: int
    memory_bytes: NotRequired[int | None]
    pins: NotRequired[list[Pin]]


class _Progress(TypedDict):
    """What `status` and `show` tell of a run that has not ended."""

    fraction: float


class NewerSchemaError(ValueError):
    """A record of a ganbench newer than this one: sound, but not for this version to judge."""


def as_record(data: Any) -> Record:
    """The same object, known to be a record of this schema.

    Raises:
        NewerSchemaError: it was written under a higher `schema` number.
        ValueError: it is no record; the message says which key is wrong and why.
    """
    schema = data.get("schema") if isinstance(data, dict) else None
    if type(schema) is int and schema > SCHEMA_VERSION:
        raise NewerSchemaError(f"schema {schema}, this ganbench reads up to {SCHEMA_VERSION}")
    check(Record, data, "record")
    if schema != SCHEMA_VERSION:
        raise ValueError(f"record.schema is {schema}, not {SCHEMA_VERSION}")
    check_spec(data["spec"])
    record = cast("Record", data)
    check_printable([record["columns"], record["pins"], record["parameters"]])
    if record["protocol"] < 0:
        raise ValueError("record.protocol is negative")
    _check_points(record)
    return record


def check_spec(spec: Any) -> None:
    """Raise ValueError unless `spec` has all that tables need of it."""
    check(_Spec, spec, "spec")
    check_printable(spec)
    if spec["task"]["budget"]["amount"] <= 0:
        raise ValueError("spec.task.budget.amount is not positive")
    if spec["seed"] < 0:
        raise ValueError("spec.seed is negative")


def check_progress(progress: Any) -> None:
    """Raise ValueError unless `progress` is what a run tells while it lasts."""
    check(_Progress, progress, "progress")


def check(annotation: Any, value: Any, where: str) -> None:
    """Raise ValueError, naming the place, unless a value is of that type; finite throughout."""
    _checker(annotation)(value, where)


def check_printable(value: Any) -> None:
    """Raise ValueError unless all text in a value can be shown as it is.

    Names go to terminals and into cells: no escape sequences, no line breaks, no letters that turn
    the direction of writing, no halves of characters.
    """
    if isinstance(value, str) and not value.isprintable():
        raise ValueError(f"the name {value!r} has characters that cannot be printed")
    if isinstance(value, dict):
        for key, item in value.items():
            check_printable(key)
            check_printable(item)
    elif isinstance(value, list | tuple):
        for item in value:
            check_printable(item)


def _check_points(record: Record) -> None:
    columns = record["columns"]
    if record["primary"] is not None and record["primary"] not in columns:
        raise ValueError(f"record.primary names no column: {record['primary']!r}")
    reached = 0.0
    for index, point in enumerate(record["points"]):
        if not reached <= point["fraction"] <= 1:
            raise ValueError(f"record.points[{index}].fraction is not in [{reached}, 1]")
        reached = point["fraction"]
        for key in point["scores"]:
            if key not in columns:
                raise ValueError(f"record.points[{index}].scores has no column {key!r}")


@functools.cache
def _checker(annotation: Any) -> Check:
    """A function that raises ValueError unless its argument is of that type.

    Compiled once for each annotation: ten thousand records are checked in under a second.
    """
    if annotation in (Any, str, int, float):
        return _SCALARS[annotation]
    if typing.is_typeddict(annotation):
        return _typed_dict(annotation)
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is Literal:
        return _literal(arguments)
    if origin is list:
        return _list(_checker(arguments[0]))
    if origin is dict:
        return _dict(_checker(arguments[1]))
    if origin in (typing.Union, types.UnionType):
        (other,) = (one for one in arguments if one is not type(None))
        return _optional(_checker(other))
    raise TypeError(f"no check for {annotation}")


def _typed_dict(annotation: Any) -> Check:
    checks = {key: _checker(hint) for key, hint in typing.get_type_hints(annotation).items()}
    # `__optional_keys__` does not see what is not required in annotations kept as text.
    extras = typing.get_type_hints(annotation, include_extras=True)
    optional = {key for key, hint in extras.items() if typing.get_origin(hint) is NotRequired}
    optional |= annotation.__optional_keys__

    def check(value: Any, where: str) -> None:
        if type(value) is not dict:
            raise ValueError(f"{where} is not an object")
        for key, check_item in checks.items():
            if key in value:
                check_item(value[key], f"{where}.{key}")
            elif key not in optional:
                raise ValueError(f"{where}.{key} is missing")

    return check


def _list(check_item: Check) -> Check:
    def check(value: Any, where: str) -> None:
        if type(value) is not list:
            raise ValueError(f"{where} is not a list")
        for index, item in enumerate(value):
            check_item(item, f"{where}[{index}]")

    return check


def _dict(check_item: Check) -> Check:
    def check(value: Any, where: str) -> None:
        if type(value) is not dict:
            raise ValueError(f"{where} is not an object")
        for key, item in value.items():
            if type(key) is not str:
                raise ValueError(f"{where} has a key that is not text: {key!r}")
            check_item(item, where)

    return check


def _literal(allowed: tuple[Any, ...]) -> Check:
    def check(value: Any, where: str) -> None:
        if not isinstance(value, str) or value not in allowed:
            raise ValueError(f"{where} is {value!r}, not one of: {', '.join(map(str, allowed))}")

    return check


def _optional(check_present: Check) -> Check:
    def check(value: Any, where: str) -> None:
        if value is not None:
            check_present(value, where)

    return check


def _check_text(value: Any, where: str) -> None:
    if type(value) is not str:
        raise ValueError(f"{where} is not text")


def _check_integer(value: Any, where: str) -> None:
    if type(value) is not int:  # isinstance would let true and false pass
        raise ValueError(f"{where} is not an integer")
    if not -LARGEST <= value <= LARGEST:
        raise ValueError(f"{where} is out of range")


def _check_number(value: Any, where: str) -> None:
    if type(value) is not float and type(value) is not int:
        raise ValueError(f"{where} is not a number")
    # Python's JSON reads 1e999 as infinity; an integer of 400 digits is no float either.
    if not -1.7976931348623157e308 <= value <= 1.7976931348623157e308:
        raise ValueError(f"{where} is not finite")


def _check_json(value: Any, where: str) -> None:
    if isinstance(value, dict):
        for key, item in value.items():
            _check_json(item, f"{where}.{key}")
    elif isinstance(value, list | tuple):
        for item in value:
            _check_json(item, where)
    elif isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError(f"{where} is not finite")
    elif not (value is None or isinstance(value, str | int)):
        raise ValueError(f"{where} is not JSON but {type(value).__name__}")


_SCALARS: dict[Any, Check] = {
    Any: _check_json,
    str: _check_text,
    int: _check_integer,
    float: _check_number,
}
