from __future__ import annotations

import copy
import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ganbench.results.schema import as_record
from ganbench.results.seal import seal, unseal

from .synthetic import W2, curve, record, spec

GOOD = record(spec(), curve("ring8", 2, 0)[:2])


def _paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    if isinstance(value, dict):
        return [path, *(one for key in value for one in _paths(value[key], (*path, key)))]
    if isinstance(value, list):
        return [path, *(one for i, item in enumerate(value) for one in _paths(item, (*path, i)))]
    return [path]


def _changed(path: tuple[Any, ...], value: Any) -> Any:
    data = copy.deepcopy(GOOD)
    target: Any = data
    for key in path[:-1]:
        target = target[key]
    target[path[-1]] = value
    return data


FREE = {"spec", "environment"}
TYPED = [path for path in _paths(GOOD) if path and path[0] not in FREE]


@settings(max_examples=200)
@given(st.sampled_from(TYPED), st.sampled_from([math.nan, math.inf, True, b"", object(), {1: 2}]))
def test_no_field_takes_what_is_no_json_of_its_type(path: tuple[Any, ...], value: Any) -> None:
    with pytest.raises(ValueError, match=r"."):
        as_record(_changed(path, value))


@pytest.mark.parametrize(
    ("path", "value", "complaint"),
    [
        (("status",), "fine", "record.status is 'fine', not one of: ok, "),
        (("schema",), 0, "record.schema is 0"),
        (("used", "steps"), 1.5, "record.used.steps is 1.5, not an integer"),
        (("used", "flops"), 10**400, "record.used.flops is 1000.*out of range"),
        (("primary",), "fd/gone", "record.primary names no column"),
        (("points", 0, "scores"), {"fd/gone": 1.0}, "has no column 'fd/gone'"),
        (("points", 1, "fraction"), 0.1, r"points\[1\].fraction is not in"),
        (("points", 1, "fraction"), 1.1, r"points\[1\].fraction is not in"),
        (("spec", "seed"), "0", "spec.seed is '0', not an integer"),
        (("spec", "task"), {}, "spec.task.name is missing"),
        (("spec", "variant"), "\x1b[31mred", "cannot be printed"),
        (("columns", W2, "label"), "two\nlines", "cannot be printed"),
        (("failure",), "oops", "record.failure is 'oops', not an object"),
    ],
)
def test_the_complaint_names_the_place(path: tuple[Any, ...], value: Any, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        as_record(_changed(path, value))


def test_every_key_is_required() -> None:
    for key in GOOD:
        data = {name: value for name, value in GOOD.items() if name != key}
        with pytest.raises(ValueError, match=key):
            as_record(data)


def test_infinity_written_as_a_large_number_is_refused() -> None:
    import hashlib

    body = (
        seal(GOOD).partition(b',"sha256"')[0].replace(b'"flops":1000000000000.0', b'"flops":1e999')
    )
    body += b"}"
    digest = hashlib.sha256(body).hexdigest()
    with pytest.raises(ValueError, match="not finite"):
        unseal(body[:-1] + f',"sha256":"{digest}"}}\n'.encode())


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_finite_float_survives_exactly(value: float) -> None:
    changed = _changed(("points", 0, "scores", W2), value)
    assert unseal(seal(changed))["points"][0]["scores"][W2] == value


@pytest.mark.parametrize("text", ["caf\udce9.py", "\x1b[31m", "\u202e", "漢字", "a\nb"])
def test_what_errors_quote_survives(text: str) -> None:
    failure = {"message": text, "traceback": text, "signal": None, "step": None}
    failed = record(spec(), [0.5], "error", failure=failure)
    assert unseal(seal(failed)) == failed


def test_what_is_free_may_be_anything_that_json_can_hold() -> None:
    free = {"a": [1, None, 2.5, {"b": True}], "n": 2**80}
    assert unseal(seal(_changed(("environment",), free)))["environment"] == free
    for value in (math.nan, [math.inf], object(), {1, 2}):
        with pytest.raises(ValueError, match="JSON"):
            seal(_changed(("environment", "x"), value))
