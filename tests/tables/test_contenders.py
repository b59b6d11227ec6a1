"""Names that `compare` takes, as people type them for a run."""

from __future__ import annotations

import json

import pytest

from ganbench.api.errors import UsageError
from ganbench.planning.references import parse_variant
from ganbench.tables.contenders import Contenders, choose, is_setting_of
from ganbench.tables.grouping import Entry


def known(**variants: dict[str, object]) -> Contenders:
    """Variants by name, each with all its parameters."""
    found: Contenders = {}
    for name, parameters in variants.items():
        row = {"variant": name, "variant_parameters": json.dumps(parameters)}
        found[name] = [Entry(part=(), runs=[row])]
    return found


RUNS = known(
    **{
        "vanilla": {"lr": 1e-4, "width": None},
        "vanilla+r1": {"lr": 1e-4, "r1.gamma": 10.0, "r1.every": 1},
        "vanilla+r1:20": {"lr": 1e-4, "r1.gamma": 20.0, "r1.every": 1},
        "vanilla+r1[r1.every=16]": {"lr": 1e-4, "r1.gamma": 10.0, "r1.every": 16},
    }
)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("vanilla+r1:10", "vanilla+r1"),
        ("vanilla+r1:1e1", "vanilla+r1"),
        ("vanilla+r1:2e1", "vanilla+r1:20"),
        ("vanilla+r1:10[r1.every=16]", "vanilla+r1[r1.every=16]"),
        ("vanilla[width=auto]", "vanilla"),
        ("vanilla+r1 (control)", "vanilla+r1"),
    ],
)
def test_what_stands_behind_a_colon_may_be_typed_in_any_form(typed: str, meant: str) -> None:
    assert choose([typed, "vanilla" if meant != "vanilla" else "vanilla+r1"], RUNS)[0] == meant


@pytest.mark.parametrize("typed", ["vanilla+r1:30", "vanilla+gp", "vanilla+r1+gp", "r1"])
def test_other_values_and_other_techniques_are_others(typed: str) -> None:
    with pytest.raises(UsageError, match="these runs have no variant"):
        choose([typed, "vanilla"], RUNS)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("vanilla", ["vanilla"]),
        ("vanilla+r1", ["vanilla+r1", "vanilla+r1:20", "vanilla+r1[r1.every=16]"]),
        ("vanilla+r1:10", ["vanilla+r1", "vanilla+r1[r1.every=16]"]),
        ("vanilla+r1[r1.every=1]", ["vanilla+r1", "vanilla+r1:20"]),
        ("vanilla[depth=3]", []),
    ],
)
def test_settings_of_what_is_typed_are_all_of_which_it_holds(typed: str, meant: list[str]) -> None:
    reference = parse_variant(typed)
    rows = {name: own[0].runs[0] for name, own in RUNS.items()}
    assert [name for name, row in rows.items() if is_setting_of(reference, row)] == meant
