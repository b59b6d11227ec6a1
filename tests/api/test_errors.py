"""Errors have the documented exit codes and say what to type next."""

from __future__ import annotations

import pytest

from ganbench.api.errors import (
    GanbenchError,
    InvalidResults,
    MissingData,
    NothingSelected,
    PluginNotUsable,
    UsageError,
    did_you_mean,
    one_line,
    type_and_line,
)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (GanbenchError, 1),
        (UsageError, 2),
        (MissingData, 2),
        (PluginNotUsable, 3),
        (InvalidResults, 4),
        (NothingSelected, 5),
    ],
)
def test_exit_codes_are_the_documented_ones(error: type[GanbenchError], code: int) -> None:
    assert error.exit_code == code


def test_message_and_hint() -> None:
    assert str(GanbenchError("broken")) == "broken"
    assert str(GanbenchError("broken", "mend it")) == "broken; mend it"


def test_message_and_hint_do_not_run_into_each_other_however_they_are_told() -> None:
    error = GanbenchError("not 8 bits\na channel", "convert it\n  or remove it")
    told = "not 8 bits a channel; convert it or remove it"
    assert one_line(error) == one_line(str(error)) == " ".join(f"{error}".split()) == told
    assert type_and_line(error) == f"GanbenchError: {told}"


@pytest.mark.parametrize(
    ("name", "known", "hint"),
    [
        ("dcgna", ["vanilla", "dcgan"], "did you mean dcgan?"),
        ("xyz", ["b", "a"], "known: a, b"),
        ("xyz", [], None),
    ],
)
def test_did_you_mean(name: str, known: list[str], hint: str | None) -> None:
    assert did_you_mean(name, known) == hint


def test_capitals_are_no_difference() -> None:
    assert did_you_mean("WGAN-GP", ["wgan-gp", "mlp"]) == "did you mean wgan-gp?"
    assert did_you_mean("r1", ["R1", "mlp"]) == "did you mean R1?"


def test_did_you_mean_names_several_that_are_close() -> None:
    hint = did_you_mean("wgan", ["wgan-gp", "wgan-lp", "dcgan", "mlp"])
    assert hint is not None
    assert {"wgan-gp", "wgan-lp"} <= set(
        hint.removeprefix("did you mean ").rstrip("?").split(" or ")
    )


def test_errors_in_one_line() -> None:
    assert one_line("two\n  lines\t") == "two lines"
    assert one_line(ValueError("two\nlines")) == "two lines"
    assert one_line(ValueError()) == type_and_line(ValueError()) == "ValueError"
    assert type_and_line(ValueError("two\nlines")) == "ValueError: two lines"
