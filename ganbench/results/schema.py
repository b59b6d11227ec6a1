"""Is this JSON a record? The annotations of `record.py` are the schema: there is no second copy."""

from __future__ import annotations

import functools
import json
import math
import types
import typing
from collections.abc import Callable, Iterable
from typing import Any, Literal, NoReturn, NotRequired, TypedDict, cast

import msgspec

from ganbench.api.version import SCHEMA_VERSION
from ganbench.planning.budget import BudgetKind
from ganbench.results.record import LARGEST, Pin, Record

Check = Callable[[Any], None]


_DECODER = msgspec.json.Decoder(Record)


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


def parse_record(text: bytes) -> Record:
    """The record in a JSON text.

    Raises:
        NewerSchemaError, ValueError: as `as_record`, or it is not JSON.
    """
    try:
        record = _DECODER.decode(text)  # checks all types on the way, at several times the speed
    except (msgspec.MsgspecError, RecursionError):  # what is wrong is said better here
        try:
            return as_record(json.loads(text, parse_constant=_refuse))
        except RecursionError:
            raise ValueError("it is nested too deeply") from None
    _check_version(record)
    _check_values(record, plain=_is_plain(text))
    return record


def as_record(data: Any) -> Record:
    """The same object, known to be a record of this schema.

    Raises:
        NewerSchemaError: it was written under a higher `schema` number.
        ValueError: it is no record; the message says which key is wrong and why.
    """
    _check_version(data)
    check(Record, data, "record")
    _check_values(record := cast("Record", data))
    return record


def _check_version(data: Any) -> None:
    schema = data.get("schema") if isinstance(data, dict) else None
    if type(schema) is int and schema > SCHEMA_VERSION:
        raise NewerSchemaError(f"schema {schema}, this ganbench reads up to {SCHEMA_VERSION}")


def _check_values(record: Record, *, plain: bool = False) -> None:
    """What types do not say. `plain`: all text is known to be printable."""
    if record["schema"] != SCHEMA_VERSION:
        raise ValueError(f"record.schema is {record['schema']}, not {SCHEMA_VERSION}")
    check_spec(record["spec"], plain=plain)
    if not plain:
        check_printable([record["columns"], record["pins"], record["parameters"]])
    if record["protocol"] < 0:
        raise ValueError("record.protocol is negative")
    _check_points(record)


def _is_plain(text: bytes) -> bool:
    """Whether all strings in a JSON text are printable: ASCII, nothing escaped."""
    return text.isascii() and b"\\" not in text and b"\x7f" not in text


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")


def check_spec(spec: Any, *, plain: bool = False) -> None:
    """Raise ValueError unless `spec` has all that tables need of it."""
    check(_Spec, spec, "spec")
    if not plain:
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
    try:
        _checker(annotation)(value)
    except _Misfit as misfit:
        raise ValueError(f"{where}{misfit.place} {misfit.problem}") from None


def check_printable(value: Any) -> None:
    """Raise ValueError unless all text in a value can be shown as it is.

    Names go to terminals and into cells: no escape sequences, no line breaks, no letters that turn
    the direction of writing, no halves of characters.
    """
    left = [value]
    while left:
        one = left.pop()
        if isinstance(one, str):
            if not one.isprintable():
                raise ValueError(f"the name {one!r} has characters that cannot be printed")
        elif isinstance(one, dict):
            left.extend(one)
            left.extend(one.values())
        elif isinstance(one, list | tuple):
            left.extend(one)


class _Misfit(Exception):
    """What is wrong with a value, and, added by what is around it, where in the whole it stands.

    Most values fit: naming the place only where one does not takes a third of the time.
    """

    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.problem = problem
        self.place = ""

    def inside(self, step: str) -> _Misfit:
        self.place = step + self.place
        return self


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
    items = tuple(checks.items())

    def check(value: Any) -> None:
        if type(value) is not dict:
            raise _Misfit("is not an object")
        for key, check_item in items:
            if key in value:
                try:
                    check_item(value[key])
                except _Misfit as misfit:
                    raise misfit.inside(f".{key}") from None
            elif key not in optional:
                raise _Misfit("is missing").inside(f".{key}")

    return check


def _list(check_item: Check) -> Check:
    def check(value: Any) -> None:
        if type(value) is not list:
            raise _Misfit("is not a list")
        for index, item in enumerate(value):
            try:
                check_item(item)
            except _Misfit as misfit:
                raise misfit.inside(f"[{index}]") from None

    return check


def _dict(check_item: Check) -> Check:
    def check(value: Any) -> None:
        if type(value) is not dict:
            raise _Misfit("is not an object")
        for key, item in value.items():
            if type(key) is not str:
                raise _Misfit(f"has a key that is not text: {key!r}")
            try:
                check_item(item)
            except _Misfit as misfit:
                raise misfit.inside(f".{key}") from None

    return check


def _literal(allowed: tuple[Any, ...]) -> Check:
    def check(value: Any) -> None:
        if not isinstance(value, str) or value not in allowed:
            raise _Misfit(f"is {value!r}, not one of: {', '.join(map(str, allowed))}")

    return check


def _optional(check_present: Check) -> Check:
    def check(value: Any) -> None:
        if value is not None:
            check_present(value)

    return check


def _check_text(value: Any) -> None:
    if type(value) is not str:
        raise _Misfit("is not text")


def _check_integer(value: Any) -> None:
    if type(value) is not int:  # isinstance would let true and false pass
        raise _Misfit("is not an integer")
    if not -LARGEST <= value <= LARGEST:
        raise _Misfit("is out of range")


def _check_number(value: Any) -> None:
    if type(value) is not float and type(value) is not int:
        raise _Misfit("is not a number")
    # Python's JSON reads 1e999 as infinity; an integer of 400 digits is no float either.
    if not -1.7976931348623157e308 <= value <= 1.7976931348623157e308:
        raise _Misfit("is not finite")


def _check_json(value: Any) -> None:
    if value is None or isinstance(value, str | int):
        return
    if isinstance(value, float):
        if not math.isfinite(value):
            raise _Misfit("is not finite")
    elif isinstance(value, list | tuple):
        _check_items(enumerate(value))
    elif isinstance(value, dict):
        _check_items(value.items())
    else:
        raise _Misfit(f"is not JSON but {type(value).__name__}")


def _check_items(items: Iterable[tuple[Any, Any]]) -> None:
    for key, item in items:
        try:
            _check_json(item)
        except _Misfit as misfit:
            raise misfit.inside(f".{key}" if isinstance(key, str) else f"[{key}]") from None


_SCALARS: dict[Any, Check] = {
    Any: _check_json,
    str: _check_text,
    int: _check_integer,
    float: _check_number,
}
