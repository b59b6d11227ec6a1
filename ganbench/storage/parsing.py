"""What files hold, parsed and held to a type. msgspec judges; here its verdicts become sentences.

Live Python objects, such as what plugins describe, are held to their annotations by
`ganbench.api.checked`.
"""

from __future__ import annotations

import contextlib
import json
import math
import re
import reprlib
import sys
import typing
from collections.abc import Iterator, Mapping
from typing import Any, Final, Literal, TypeVar

import msgspec

from ganbench.api.errors import did_you_mean

T = TypeVar("T")

JSON: Final = {
    "str": "a string", "int": "an integer", "float": "a number", "bool": "a boolean",
    "array": "a list", "object": "an object", "null": "null",
}  # fmt: skip
TOML: Final = JSON | {"array": "an array", "object": "a table", "null": ""}
"""What a format calls the types that msgspec names; empty where it has none such."""

_VERDICT = re.compile(r"(?P<said>.*?)(?: - at `\$(?P<path>[^`]*)`)?", re.DOTALL)
_STEP = re.compile(r"\.(?P<key>\w+)|\[(?P<index>\d+)\]|\[\.\.\.\]")
_MISSING = re.compile(r"Object missing required field `(\w+)`")
_UNKNOWN = re.compile(r"Object contains unknown field `([^`]*)")
_EXPECTED = re.compile(r"Expected `([^`]+)`(?:, got .*)?")
_BOUND = re.compile(r"Expected `\w+` (of length )?([<>]=) (\S+)")
_SIDES = {">=": "at least", "<=": "at most"}


class Mismatch(ValueError):
    """A value is not of the type that it should be of.

    Args:
        where: what the whole is called; may be empty.
        place: keys and indices that lead to the part that does not fit.
        problem: what is wrong with that part, such as ``is 3, not a string``.
        value: what is there; None for what is missing.
        hint: what to do about it, if anything helps.
    """

    def __init__(
        self,
        where: str,
        place: tuple[str | int, ...],
        problem: str,
        value: Any = None,
        hint: str | None = None,
    ) -> None:
        super().__init__(f"{''.join(_path(where, place))} {problem}")
        self.place = place
        self.problem = problem
        self.value = value
        self.hint = hint


def from_json(text: bytes) -> Any:
    """What a JSON text says.

    Raises:
        ValueError: it is no JSON, it is nested too deeply, or it holds a number that is not finite:
            Python's parser takes ``NaN``, and reads ``1e999`` as infinity.
    """
    try:
        return json.loads(text, parse_float=_finite, parse_constant=_finite)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def as_type(value: Any, kind: type[T], where: str, words: Mapping[str, str] = JSON) -> T:
    """A parsed value as a type that msgspec knows, without the keys that a `TypedDict` has not.

    Args:
        value: of dicts, lists, strings, numbers, booleans and None.
        kind: a `TypedDict`, `msgspec.Struct` or annotation of these.
        where: what the value is called in errors; may be empty.
        words: what its format calls types.

    Raises:
        Mismatch: the first part of it that is of another type, out of bounds, missing or unknown.
        ValueError: it is nested too deeply.
    """
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        raise _mismatch(str(error), value, kind, where, words) from None
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"{text} is not finite")
    return value


def _mismatch(
    verdict: str, value: Any, kind: Any, where: str, words: Mapping[str, str]
) -> Mismatch:
    """msgspec's verdict with the value that is there, and the place where it is."""
    match = _VERDICT.fullmatch(verdict)
    assert match is not None
    said, place = match["said"], list[str | int]()
    # A verdict may quote the file, in which somebody may have written what looks like a place.
    with contextlib.suppress(LookupError, TypeError, StopIteration):
        for step in _STEP.finditer(match["path"] or ""):
            kind = _inside(kind, step["key"])
            value, key = _part(value, step, kind)
            place.append(key)
    if missing := _MISSING.fullmatch(said):
        return Mismatch(where, (*place, missing[1]), "is missing")
    if unknown := _UNKNOWN.match(said):
        hint = did_you_mean(unknown[1], _fields(kind))
        return Mismatch(where, (*place, unknown[1]), "is an unknown key", hint=hint)
    problem, hint = _problem(said, kind, words)
    return Mismatch(where, tuple(place), f"is {_SHORT.repr(value)}, {problem}", value, hint)


def _part(value: Any, step: re.Match[str], kind: Any) -> tuple[Any, str | int]:
    """The part of a value that a step leads to, and its key or index."""
    if step["index"]:
        return list(value)[int(step["index"])], int(step["index"])
    # msgspec does not tell which key of a mapping it was.
    key = step["key"] or next(key for key in value if not _fits(value[key], kind))
    return value[key], key


def _problem(said: str, kind: Any, words: Mapping[str, str]) -> tuple[str, str | None]:
    """What a value is not, and what to do about it."""
    if bound := _BOUND.fullmatch(said):
        if abs(float(bound[3])) == sys.float_info.max:
            return "not a finite number", None
        return f"it must {'hold' if bound[1] else 'be'} {_SIDES[bound[2]]} {bound[3]}", None
    if expected := _EXPECTED.fullmatch(said):
        types = [name for one in expected[1].split(" | ") if (name := words.get(one, one))]
        listed = " or ".join(filter(None, (", ".join(types[:-1]), types[-1])))
        return f"not {listed}", "write it in quotes" if types == [words["str"]] else None
    if said.startswith("Invalid enum value"):
        return f"not one of: {', '.join(_choices(kind))}", None
    if said.endswith("out of range"):
        return "which is out of range", None
    return said, None


def _inside(kind: Any, key: str | None) -> Any:
    """The type of the part under a key, or of every item, of what is of type `kind`."""
    if key is not None:
        return _fields(kind)[key]
    for member in _members(kind):
        if typing.get_origin(member) in (dict, list, tuple):
            return typing.get_args(member)[typing.get_origin(member) is dict]
    raise LookupError


def _fields(kind: Any) -> dict[str, Any]:
    return {
        key: hint
        for member in _members(kind)
        if typing.is_typeddict(member)
        or (isinstance(member, type) and issubclass(member, msgspec.Struct))
        for key, hint in typing.get_type_hints(member, include_extras=True).items()
    }


def _choices(kind: Any) -> Iterator[str]:
    for member in _members(kind):
        if typing.get_origin(member) is Literal:
            yield from map(str, typing.get_args(member))


def _members(kind: Any) -> Iterator[Any]:
    """The types in a union, and what `Annotated` and `NotRequired` say something about."""
    if typing.get_origin(kind) in (None, dict, list, tuple, Literal):
        yield kind
    else:
        for arg in typing.get_args(kind):
            yield from _members(arg)


def _fits(value: Any, kind: Any) -> bool:
    try:
        msgspec.convert(value, kind)
    except msgspec.ValidationError:
        return False
    return True


def _path(where: str, place: tuple[str | int, ...]) -> Iterator[str]:
    """``record.points[1].scores['fd/raw']``, in parts."""
    yield where or ("" if place else "it")
    for number, step in enumerate(place):
        if isinstance(step, str) and re.fullmatch(r"[\w.-]+", step):
            yield f".{step}" if where or number else step
        else:
            yield f"[{step!r}]"


_SHORT = reprlib.Repr()
_SHORT.maxstring = _SHORT.maxother = 60
