"""Declared parameters: what is accepted, in which type, and how a misfit is told."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ganbench.api.errors import UsageError
from ganbench.api.parameters import (
    Parameter,
    Value,
    declared_in,
    located,
    resolve_parameters,
)

if TYPE_CHECKING:
    from torch import Tensor

DEFAULTS: tuple[Value, ...] = (False, 0, 0.0, "")


@pytest.mark.parametrize(
    ("default", "given_value", "expected"),
    [
        (1, "7", 7),
        (1, 7.0, 7),
        (1, "-3", -3),
        (1.0, "2e-4", 2e-4),
        (1.0, 2, 2.0),
        (1.0, "1/9", 1 / 9),
        (1.0, " -10 / 3 ", -10 / 3),
        (1.0, "9/1", 9.0),
        ("a", "1/9", "1/9"),
        (True, "false", False),
        (False, "True", True),
        (False, "1", True),
        (True, 0, False),
        ("a", "b", "b"),
        ("a", 3, "3"),
    ],
)
def test_converts_to_the_type_of_the_default(
    default: Value, given_value: Any, expected: Value
) -> None:
    converted = Parameter(default=default, help="x").convert(given_value, "p")
    assert converted == expected
    assert type(converted) is type(default)


@pytest.mark.parametrize(
    ("default", "given_value", "message"),
    [
        (1, "many", "p is 'many', not an integer"),
        (1, "1.5", "not an integer"),
        (1, 1.5, "not an integer"),
        (1, True, "not an integer"),
        (1, None, "not an integer"),
        (1, [1], "not an integer"),
        (1, float("inf"), "not an integer"),
        (1, "4/2", "not an integer"),
        (1.0, "1/0", "p is '1/0', not a number"),
        (1.0, "1/-3", "not a number"),
        (1.0, "1/2/3", "not a number"),
        (1.0, "0.1/3", "not a number"),
        (1.0, f"{'9' * 400}/1", "not a number"),
        (1.0, "fast", "p is 'fast', not a number"),
        (1.0, False, "not a number"),
        (1.0, {}, "not a number"),
        (1.0, "nan", "not a finite number"),
        (1.0, "inf", "not a finite number"),
        (1.0, "-1e999", "not a finite number"),
        (True, "yes", "p is 'yes', not True or False"),
        (True, 2, "not True or False"),
    ],
)
def test_refuses_what_does_not_fit(default: Value, given_value: Any, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        Parameter(default=default, help="x").convert(given_value, "p")


@pytest.mark.parametrize("value", [0, 1, 0.5])
def test_bounds_are_inclusive(value: float) -> None:
    assert Parameter(default=0.5, minimum=0, maximum=1, help="x").convert(value, "p") == value


@pytest.mark.parametrize(
    ("minimum", "maximum", "value", "bounds"),
    [
        (0, 1, -1e-9, r"\[0, 1\]"),
        (0, 1, 1.001, r"\[0, 1\]"),
        (1, None, 0, r"\[1, inf\]"),
        (None, 1, 2, r"\[-inf, 1\]"),
    ],
)
def test_refuses_what_is_out_of_bounds(
    minimum: float | None, maximum: float | None, value: float, bounds: str
) -> None:
    parameter = Parameter(default=1.0, minimum=minimum, maximum=maximum, help="x")
    with pytest.raises(UsageError, match=f"outside {bounds}"):
        parameter.convert(value, "p")


def test_choices() -> None:
    parameter = Parameter(default="batch", choices=("batch", "layer"), help="x")
    assert parameter.convert("layer", "p") == "layer"
    with pytest.raises(UsageError, match="p is 'group', not one of: batch, layer"):
        parameter.convert("group", "p")


def test_choices_are_compared_in_the_parameters_own_type() -> None:
    assert Parameter(default=8, choices=(8, 16), help="x").convert("16", "p") == 16


def test_resolves_all_parameters_in_the_order_of_declaration() -> None:
    declared = {
        "lr": Parameter(default=1e-4, help="x"),
        "width": Parameter(default=64, help="x"),
        "law": Parameter(default="normal", help="x"),
    }
    resolved = resolve_parameters("dcgan", declared, {"law": "uniform", "lr": "1"})
    assert list(resolved.items()) == [("lr", 1.0), ("width", 64), ("law", "uniform")]


def test_an_unknown_parameter_brings_a_suggestion() -> None:
    declared = {"width": Parameter(default=64, help="x")}
    with pytest.raises(UsageError, match="dcgan has no parameter 'widht'") as caught:
        resolve_parameters("dcgan", declared, {"widht": "3"})
    assert caught.value.hint == "did you mean width?"


def test_a_misfit_names_owner_and_parameter() -> None:
    declared = {"width": Parameter(default=64, minimum=1, help="x")}
    with pytest.raises(UsageError, match=r"dcgan\.width is '0', outside"):
        resolve_parameters("dcgan", declared, {"width": "0"})


@given(st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text())
def test_a_value_written_as_text_reads_back(value: Value) -> None:
    parameter = Parameter(default=value, help="x")
    for written in (value, str(value), repr(value) if isinstance(value, float) else value):
        read = parameter.convert(written, "p")
        assert read == value
        assert type(read) is type(value)


@given(st.sampled_from(DEFAULTS), st.text() | st.integers() | st.floats() | st.none())
def test_any_input_is_converted_or_refused(default: Value, value: Any) -> None:
    with contextlib.suppress(UsageError):
        assert type(Parameter(default=default, help="x").convert(value, "p")) is type(default)


Width = Annotated[int | None, Parameter(minimum=1, help="units")]


def build(
    data: Tensor,
    *,
    lr: Annotated[float, Parameter(minimum=0, help="the rate")] = 2e-4,
    width: Width = None,
    plain: int = 3,
) -> Tensor: ...


class Built:
    def __init__(self, kind: Annotated[str, Parameter(choices=("a", "b"), help="k")] = "a") -> None:
        """Nothing."""


def test_signatures_declare_parameters_also_by_names_for_annotated_types() -> None:
    assert declared_in(build) == {
        "lr": Parameter(default=2e-4, kind=float, minimum=0, help="the rate"),
        "width": Parameter(default=None, kind=int, minimum=1, help="units"),
    }
    assert declared_in(Built) == {
        "kind": Parameter(default="a", kind=str, choices=("a", "b"), help="k")
    }


def test_a_parameter_without_a_default_is_refused() -> None:
    def bare(lr: Annotated[float, Parameter(help="the rate")]) -> None: ...

    with pytest.raises(TypeError, match=r"parameter 'lr' of .*bare has no default"):
        declared_in(bare)


def test_what_cannot_be_resolved_is_an_error_only_where_it_declares_something() -> None:
    def wrong(lr: Annotated[Missing, Parameter(help="x")] = 1.0) -> None: ...  # type: ignore[name-defined]  # noqa: F821

    with pytest.raises(NameError, match="Missing"):
        declared_in(wrong)


@pytest.mark.parametrize(
    ("value", "folder", "path"),
    [
        ("shots", "/suites", "/suites/shots"),
        ("../shots", "/suites", "/suites/../shots"),
        ("/data/shots", "/suites", "/data/shots"),
        ("~/shots", "/suites", "/home/me/shots"),
        ("shots", "", "/here/shots"),
        ("", "/suites", ""),
    ],
)
def test_paths_are_relative_to_a_folder(
    monkeypatch: pytest.MonkeyPatch, value: str, folder: str, path: str
) -> None:
    monkeypatch.setenv("HOME", "/home/me")
    monkeypatch.setattr("os.getcwd", lambda: "/here")
    declared = {
        "path": Parameter(default="", path=True, help="x"),
        "name": Parameter(default="", help="x"),
    }
    found = located(declared, {"path": value, "name": "shots"}, folder)
    assert found == {"path": path, "name": "shots"}


def test_a_folder_may_have_the_name_of_nobodys_home(tmp_path: Path) -> None:
    declared = {"path": Parameter(default="", path=True, help="")}
    for typed in ("~nobody-at-all/photos", "./~root/photos"):
        found = located(declared, {"path": typed}, str(tmp_path))["path"]
        assert found == str(tmp_path / typed)


def test_two_slashes_are_no_other_place_than_one() -> None:
    """As text they look like the end of a URL, which is published as it is."""
    parameter = Parameter(default="", path=True, help="")
    assert parameter.convert("//home/me", "images.path") == "/home/me"


def test_a_path_may_be_a_name_where_there_is_none(tmp_path: Path) -> None:
    declared = {"name": Parameter(default="", path="if there", help="")}
    (tmp_path / "mine").mkdir()
    found = [located(declared, {"name": one}, str(tmp_path))["name"] for one in ("mine", "a/b")]
    assert found == [str(tmp_path / "mine"), "a/b"]
    with pytest.raises(UsageError, match="path is 'maybe'"):
        Parameter(default="", path="maybe", help="")
