"""At how many settings a variant succeeds: counted by hand."""

from __future__ import annotations

import json
from typing import Any

import msgspec

from ganbench.planning.claims import Claim
from ganbench.tables.grouping import Entry
from ganbench.tables.shares import Share, shares

from ..results.synthetic import column

KEY = "coverage/x"
CLAIM = Claim(
    task="digits", variant="conv+gp", score="coverage", success=0.5, published=0.5, source="a paper"
)
SCORES = {("s", KEY): column("coverage", "collapse", "higher")}
PART = ("starter", 3, None, "digits", "s", "fd")


def entry(variant: str, *values: float | None, part: tuple[Any, ...] = PART) -> Entry:
    """One run for each value; None: it became unstable."""
    name, _, settings = variant.partition("[")
    parameters: dict[str, Any] = {"conv+hinge": {"lr": 2.0}, "conv+gp": {"lr": 7.0}}.get(name, {})
    behind = {
        f"{one.split(':')[0]}.weight": one.split(":")[1] for one in name.split("+") if ":" in one
    }
    given = dict(one.split("=") for one in settings.strip("]").split(",") if one)
    parameters = {**parameters, **{key: float(text) for key, text in {**behind, **given}.items()}}
    return Entry(
        part=part,
        runs=[
            {
                "variant": variant,
                "variant_parameters": json.dumps(parameters),
                "task": part[3],
                "setting": "s",
                "status": "diverged" if value is None else "ok",
                "steps": 10,
                KEY: value,
            }
            for value in values
        ],
    )


def test_the_mean_over_seeds_decides_and_an_unstable_run_fails_its_setting() -> None:
    found = [
        entry("conv+gp", 0.5),
        entry("conv+gp[lr=1]", 0.2, 0.9),
        entry("conv+gp[lr=2]", 0.2, 0.7),
        entry("conv+gp[lr=3]", 0.9, None),
        entry("conv+gp[lr=4]", None),
        entry("conv+hinge", 0.9),
        entry("conv+gp+r1", 0.9),
    ]
    assert shares(CLAIM, found, SCORES) == [Share(2, 5, 10)]
    lower = {key: column("coverage", "collapse", "lower") for key in SCORES}
    assert shares(CLAIM, found, lower) == [Share(2, 5, 10)]  # .5 is reached from above as well


def test_who_succeeds_alone() -> None:
    alone = msgspec.structs.replace(CLAIM, than="conv+hinge")
    found = [
        entry("conv+gp[lr=1]", 0.9),
        entry("conv+gp[lr=2]", 0.9),
        entry("conv+gp[lr=3]", 0.1),
        entry("conv+gp[lr=4]", 0.9),  # which the other was not run at
        entry("conv+hinge[lr=1]", 0.1),
        entry("conv+hinge[lr=2]", 0.9),
        entry("conv+hinge[lr=3]", 0.1),
        entry("conv+hinge[lr=5]", 0.1),
    ]
    assert shares(alone, found, SCORES) == [Share(1, 3, 10)]
    other = msgspec.structs.replace(CLAIM, variant="conv+hinge", than="conv+gp")
    assert shares(other, found, SCORES) == [Share(0, 3, 10)]


def test_settings_behind_colons_are_settings_too() -> None:
    found = [entry(f"conv+gp:{weight}", value) for weight, value in ((1, 0.9), (2, 0.1), (3, 0.9))]
    assert shares(CLAIM, found, SCORES) == [Share(2, 3, 10)]
    against = msgspec.structs.replace(CLAIM, variant="conv+hinge+gp", than="conv+gp")
    found += [entry(f"conv+hinge+gp:{weight}", 0.9) for weight in (1, 2, 4)]
    assert shares(against, found, SCORES) == [Share(1, 2, 10)]


def test_another_variant_may_be_what_shows_that_it_can_be_done() -> None:
    found = [entry("conv+gp", 0.1), entry("conv+hinge+r1", 0.9)]
    assert shares(CLAIM, found, SCORES) == [Share(0, 1, 10, possible=True)]
    assert shares(CLAIM, found[:1], SCORES) == [Share(0, 1, 10, possible=False)]


def test_other_tasks_and_settings_of_the_task_are_apart() -> None:
    found = [
        entry("conv+gp[lr=1]", 0.9),
        entry("conv+gp[lr=2]", 0.1, part=("starter", 3, None, "digits", "s", "kid")),
        entry("conv+gp[lr=1]", 0.9, part=("starter", 3, None, "ring8", "s", "fd")),
    ]
    assert shares(CLAIM, found, SCORES) == [Share(1, 1, 10), Share(0, 1, 10, possible=False)]


def test_settings_are_the_same_by_their_values_where_a_name_leaves_out_a_default() -> None:
    alone = msgspec.structs.replace(CLAIM, than="conv+hinge")
    found = [
        entry("conv+gp", 0.9),  # lr 7, its default
        entry("conv+gp[lr=2]", 0.9),
        entry("conv+hinge[lr=7]", 0.9),
        entry("conv+hinge", 0.1),  # lr 2, its default
    ]
    assert shares(alone, found, SCORES) == [Share(1, 2, 10)]


def test_a_setting_succeeds_under_each_version_that_ran_it() -> None:
    found = [entry("conv+gp[lr=3]", 0.9), entry("conv+gp[lr=3]", 0.1), entry("conv+gp[lr=4]", 0.9)]
    assert shares(CLAIM, found, SCORES) == [Share(1, 2, 10)]


def test_all_columns_of_a_score_must_reach_it() -> None:
    found = [entry("conv+gp", 0.9)]
    found[0].runs[0]["coverage/y"] = 0.1
    both = {**SCORES, ("s", "coverage/y"): SCORES["s", KEY]}
    assert shares(CLAIM, found, both) == [Share(0, 1, 10, possible=False)]
