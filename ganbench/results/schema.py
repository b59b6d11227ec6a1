"""Is this JSON a record? The annotations of `record.py` are the schema: there is no second copy."""

from __future__ import annotations

from typing import Any, NotRequired, TypedDict, cast

import msgspec

from ganbench.api.version import SCHEMA_VERSION
from ganbench.machine.precision import Precision
from ganbench.planning.budget import BudgetKind
from ganbench.results.record import Integer, Number, Pin, Record
from ganbench.storage.parsing import as_type, from_json

_DECODER = msgspec.json.Decoder(Record)


class _Budget(TypedDict):
    kind: BudgetKind
    amount: Number


class _Task(TypedDict):
    name: str
    dataset: str
    budget: _Budget
    scores: list[str]
    final_scores: list[str]
    fakes: Integer
    split: str
    evaluations: Integer


class _Spec(TypedDict):
    """What tables need of a run's spec (`ganbench.planning.runspec.RunSpec` as JSON)."""

    suite: str
    variant: str
    parameters: dict[str, Any]
    task: _Task
    dataset_parameters: dict[str, Any]
    seed: Integer
    memory_bytes: NotRequired[Integer | None]
    threads: NotRequired[Integer]
    engine: NotRequired[str]
    precision: NotRequired[Precision]
    pins: NotRequired[list[Pin]]


class _Progress(TypedDict):
    """What `status` and `show` tell of a run that has not ended."""

    fraction: Number


class NewerSchemaError(ValueError):
    """A record of a ganbench newer than this one: sound, but not for this version to judge."""


def parse_record(text: bytes) -> Record:
    """The record in a JSON text.

    Raises:
        NewerSchemaError, ValueError: as `as_record`, or it is not JSON.
    """
    try:
        record = _DECODER.decode(text)  # parses and checks at once, at several times the speed
    except (ValueError, RecursionError):
        # Parsed first, the value can be shown in the error. And Python's parser takes halves of
        # characters, which file names in a traceback may have.
        return as_record(from_json(text))
    _check_version(record)
    _check_values(record, plain=_is_plain(text))
    return record


def as_record(data: Any) -> Record:
    """The same object, known to be a record of this schema.

    Under `spec` and `environment` it may still hold what is no JSON, which `ganbench.results.seal`
    refuses to write.

    Raises:
        NewerSchemaError: it was written under a higher `schema` number.
        ValueError: it is no record; the message says which key is wrong and why.
    """
    _check_version(data)
    as_type(data, Record, "record")
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


def check_spec(spec: Any, *, plain: bool = False) -> None:
    """Raise ValueError unless `spec` has all that tables need of it."""
    as_type(spec, _Spec, "spec")
    if not plain:
        check_printable(spec)
    if spec["task"]["budget"]["amount"] <= 0:
        raise ValueError("spec.task.budget.amount is not positive")
    if spec["seed"] < 0:
        raise ValueError("spec.seed is negative")
    if spec.get("threads", 1) < 1:
        raise ValueError("spec.threads is not positive")


def check_progress(progress: Any) -> None:
    """Raise ValueError unless `progress` is what a run tells while it lasts."""
    as_type(progress, _Progress, "progress")


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
