"""Specs refuse what could not be named, shown or built."""

from __future__ import annotations

import os.path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ganbench import (
    LossSpec,
    ModelSpec,
    Optimiser,
    Parameter,
    TechniqueSpec,
    Training,
    VariantSpec,
)
from ganbench.api.errors import UsageError
from ganbench.api.specs import NAME_PATTERN, SPEC_TYPES, import_builder

ADAM = Training(generator=Optimiser(lr=1e-4), discriminator=Optimiser(lr=1e-4))


def spec(**changes: Any) -> ModelSpec:
    return ModelSpec(**{"name": "mlp", "description": "layers", "build": "m:f", **changes})


@pytest.mark.parametrize("name", ["mlp", "wgan-gp", "sn_gan", "gan2.1", "7", "a" * 63])
def test_good_names(name: str) -> None:
    assert spec(name=name).name == name


@pytest.mark.parametrize(
    "name",
    [
        *(
            "",
            "WGAN",
            "a b",
            "../mlp",
            "a/b",
            ".hidden",
            "-all",
            "a+b",
            "a[b]",
            "a:b",
            "a,b",
            "a=b",
        ),
        *("gän", "a\n", "=cmd", "a" * 64, None, 3),
    ],
)
def test_bad_names(name: Any) -> None:
    with pytest.raises(ValueError, match=r"model name .* must be lower-case"):
        spec(name=name)


@given(st.from_regex(NAME_PATTERN, fullmatch=True))
def test_names_are_safe_in_files_options_and_references(name: str) -> None:
    assert os.path.basename(name) == name  # noqa: PTH119
    assert name not in (".", "..")
    assert not name.startswith("-")
    assert not set(name) & set("+[]:,= \t\n\"'\\;")


@pytest.mark.parametrize("description", ["", "  ", "two\nlines"])
def test_a_description_is_one_line(description: str) -> None:
    with pytest.raises(ValueError, match="model 'mlp' needs a one-line description"):
        spec(description=description)


@pytest.mark.parametrize("modalities", [("images",), ("image", "pictures"), "image"])
def test_modalities_are_known_ones(modalities: Any) -> None:
    with pytest.raises(TypeError, match="modalities must be a tuple, each item one of"):
        spec(modalities=modalities)


@pytest.mark.parametrize(
    "parameter",
    [
        Parameter(default=0, minimum=1, help="x"),
        Parameter(default="c", choices=("a", "b"), help="x"),
        Parameter(default=float("nan"), help="x"),
    ],
)
def test_a_default_fits_its_own_bounds(parameter: Parameter) -> None:
    with pytest.raises(UsageError, match=r"mlp\.width is"):
        spec(parameters={"width": parameter})


@pytest.mark.parametrize(
    ("kind", "more"), [(ModelSpec, {}), (LossSpec, {"training": ADAM}), (TechniqueSpec, {})]
)
def test_parts_of_recipes_take_no_files(kind: Any, more: dict[str, Any]) -> None:
    """A run's id tells what a path says, and not what lies there."""
    weights = {"weights": Parameter(default="", path=True, help="a file")}
    with pytest.raises(ValueError, match="weights has path=True"):
        kind(name="filed", description="reads a file", build=dict, parameters=weights, **more)


def test_by_default_a_spec_works_on_every_modality() -> None:
    assert spec().modalities == ("points", "image", "audio", "text", "tabular", "pair")


def test_every_kind_has_a_spec_type() -> None:
    kinds = [
        "variant",
        "model",
        "loss",
        "technique",
        "dataset",
        "score",
        "extractor",
        "executor",
    ]
    assert list(SPEC_TYPES) == kinds
    assert SPEC_TYPES["variant"] is VariantSpec


def test_import_builder_returns_a_function_as_it_is() -> None:
    assert import_builder(len) is len


def test_import_builder_imports_by_name() -> None:
    assert import_builder("os.path:join") is os.path.join


@pytest.mark.parametrize(
    ("builder", "error", "message"),
    [
        ("no_such_module_:build", ModuleNotFoundError, "no_such_module_"),
        ("os.path:no_such_function", AttributeError, "no_such_function"),
        ("os.path", ImportError, "not of the form module:function"),
        ("os.path:", ImportError, "not of the form module:function"),
        (":join", ImportError, "not of the form module:function"),
        ("", ImportError, "not of the form module:function"),
    ],
)
def test_import_builder_names_what_is_missing(
    builder: str, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        import_builder(builder)


@pytest.mark.parametrize("lines", ["one text", ("a line", 3), None])
def test_differences_from_a_paper_are_lines(lines: Any) -> None:
    adam = Optimiser(lr=1e-3)
    training = Training(generator=adam, discriminator=adam)
    with pytest.raises(TypeError, match="deviations"):
        LossSpec(name="l", description="x", build=len, training=training, deviations=lines)
    with pytest.raises(TypeError, match="deviations"):
        TechniqueSpec(name="t", description="x", build=len, deviations=lines)


def test_a_loss_and_a_technique_need_not_differ_from_a_paper() -> None:
    adam = Optimiser(lr=1e-3)
    training = Training(generator=adam, discriminator=adam)
    loss = LossSpec(name="l", description="x", build="m:f", training=training)
    assert loss.deviations == TechniqueSpec(name="t", description="x", build="m:f").deviations == ()
