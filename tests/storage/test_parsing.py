"""Files held to types: what is refused, and how it is told."""

from __future__ import annotations

import math
import sys
from typing import Annotated, Any, Literal, NotRequired, TypedDict

import msgspec
import pytest

from ganbench.storage.parsing import TOML, Mismatch, as_type, from_json

LARGEST = sys.float_info.max


class Item(TypedDict):
    name: str
    kind: NotRequired[Literal["red", "green"] | None]


class Whole(TypedDict):
    count: Annotated[int, msgspec.Meta(ge=0, le=9)]
    share: float
    finite: NotRequired[Annotated[float, msgspec.Meta(ge=-LARGEST, le=LARGEST)]]
    items: list[Item]
    sizes: NotRequired[dict[str, int | None]]
    named: NotRequired[dict[str, Item]]
    free: NotRequired[Any]


class Strict(msgspec.Struct, forbid_unknown_fields=True):
    title: str = ""
    parts: Annotated[list[str | Strict], msgspec.Meta(min_length=1)] = msgspec.field(
        default_factory=list
    )
    ratio: bool | float | None = 1.0


GOOD: dict[str, Any] = {
    "count": 3, "share": 1, "items": [{"name": "a"}, {"name": "b", "kind": "red"}],
    "sizes": {"x/y": 1}, "named": {"one": {"name": "c"}}, "free": [None],
}  # fmt: skip

MISMATCHES: dict[str, tuple[dict[str, Any], str]] = {
    "a float for an integer": ({"count": 1.5}, "whole.count is 1.5, not an integer"),
    "a whole float for an integer": ({"count": 1.0}, "whole.count is 1.0, not an integer"),
    "true for an integer": ({"count": True}, "whole.count is True, not an integer"),
    "nan": ({"finite": math.nan}, "whole.finite is nan, not a finite number"),
    "infinity": ({"finite": math.inf}, "whole.finite is inf, not a finite number"),
    "true for a number": ({"share": True}, "whole.share is True, not a number"),
    "too small": ({"count": -1}, "whole.count is -1, it must be at least 0"),
    "too large": ({"count": 10}, "whole.count is 10, it must be at most 9"),
    "no float": ({"share": 10**400}, "out of range"),
    "a list": ({"items": {}}, "whole.items is {}, not a list"),
    "an object": ({"items": ["a"]}, "whole.items[0] is 'a', not an object"),
    "in a list": ({"items": [{"name": "a"}, {"name": 1}]}, "whole.items[1].name is 1, not a str"),
    "missing": ({"items": [{}]}, "whole.items[0].name is missing"),
    "one of": (
        {"items": [{"name": "a", "kind": "blue"}]},
        "kind is 'blue', not one of: red, green",
    ),
    "a key of a mapping": (
        {"sizes": {"a": 1, "b": None, "x/y": "2"}},
        "whole.sizes['x/y'] is '2', not an integer or null",
    ),
    "below a mapping": ({"named": {"a": {"name": 1}}}, "whole.named.a.name is 1, not a string"),
    "a key that is no text": ({"sizes": {1: 1}}, "whole is "),
    "long": ({"count": "9" * 5000}, "999'"),
    "steering": ({"count": "\x1b[2J\n"}, r"whole.count is '\x1b[2J\n', not an integer"),
}


@pytest.mark.parametrize("case", MISMATCHES)
def test_a_mismatch_is_told_with_place_value_and_what_was_expected(case: str) -> None:
    change, message = MISMATCHES[case]
    with pytest.raises(Mismatch) as caught:
        as_type({**GOOD, **change}, Whole, "whole")
    assert message in str(caught.value)
    assert len(str(caught.value)) < 200


def test_what_fits_comes_back_without_what_the_type_has_not() -> None:
    assert as_type({**GOOD, "more": 1}, Whole, "whole") == GOOD


@pytest.mark.parametrize(
    ("value", "message", "hint"),
    [
        ({"titel": 1}, "titel is an unknown key", "did you mean title?"),
        ({"parts": [{"zzz": 1}]}, "parts[0].zzz is an unknown key", "known: parts, ratio, title"),
        ({"x` - at `$.title": 1}, "x is an unknown key", None),
        ({"ratio": False, "x` - at `$.ratio": 1}, "ratio.x is an unknown", None),
        ({"title": 1}, "title is 1, not a string", "write it in quotes"),
        ({"parts": []}, "parts is [], it must hold at least 1", None),
        ({"parts": 1}, "parts is 1, not an array", None),
        ({"parts": [1]}, "parts[0] is 1, not a string or a table", None),
        ({"parts": [{"title": 1}]}, "parts[0].title is 1, not a string", "write it in quotes"),
        ({"ratio": "x"}, "ratio is 'x', not a boolean or a number", None),
    ],
)
def test_strict_types_and_the_words_of_toml(value: Any, message: str, hint: str | None) -> None:
    with pytest.raises(Mismatch) as caught:
        as_type(value, Strict, "", TOML)
    assert str(caught.value).startswith(message)
    assert hint is None or caught.value.hint == hint


def test_the_place_is_kept_in_steps() -> None:
    with pytest.raises(Mismatch) as caught:
        as_type({"parts": ["a", {"title": 1}]}, Strict, "it")
    assert caught.value.place == ("parts", 1, "title")


@pytest.mark.parametrize("text", [b"NaN", b"[-Infinity]", b"1e999", b'{"a": -1e999}', b"", b"\xff"])
def test_what_is_no_json_is_refused(text: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        from_json(text)


def test_what_is_nested_too_deeply_is_refused() -> None:
    with pytest.raises(ValueError, match="nested too deeply"):
        from_json(b"[" * 100_000)
    deep: Any = 1
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(ValueError, match=r"."):
        as_type({**GOOD, "count": deep}, Whole, "whole")


def test_json_is_read_as_it_is_meant() -> None:
    assert from_json(b'{"a": [1, 2.5, "\\udc80", null, 1e308]}') == {
        "a": [1, 2.5, "\udc80", None, 1e308]
    }
