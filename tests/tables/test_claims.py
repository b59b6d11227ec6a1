"""Published results beside ours: verdicts by hand, and the table of a suite."""

from __future__ import annotations

import dataclasses
import itertools
import random
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ganbench.api.errors import UsageError
from ganbench.planning.claims import Claim
from ganbench.planning.references import parse_variant
from ganbench.planning.suite import embedded_suites, load_suite, parse_suite
from ganbench.results.frame import collect
from ganbench.statistics.intervals import clopper_pearson
from ganbench.tables.claims import (
    AGREES,
    DIFFERS,
    NOT_REACHED,
    claims_table,
    share_verdict,
    verdict,
)
from ganbench.tables.shares import Share

from ..results.synthetic import FD, record, spec

RING = Claim(
    task="ring8",
    variant="vanilla",
    score="modes",
    published=6.3,
    error=0.5,
    runs=10,
    steps=1000,
    source="Lin et al. 2018, table 1",
)


def changed(**values: Any) -> Claim:
    return msgspec.structs.replace(RING, **values)


@pytest.mark.parametrize(
    ("values", "steps", "said"),
    [
        ([6.0, 6.5, 6.4, 6.1], 1000, AGREES),
        ([6.0, 6.5, 6.4, 6.1], 10, AGREES),
        ([8.0, 8.0, 8.0, 8.0], 1000, DIFFERS),
        ([8.0, 8.0, 8.0, 8.0], 10, NOT_REACHED),
        ([6.3], 1000, NOT_REACHED),
        ([], 0, NOT_REACHED),
        ([7.0] * 4, 1000, AGREES),  # .7 above it, 1.96 errors are .98
        # 1.6 above it: more than hypot(.919, .98) = 1.343, less than their sum
        ([7.4, 7.4, 8.4, 8.4], 1000, DIFFERS),
        ([1.0, 12.0], 1000, NOT_REACHED),  # an interval that agrees with everything says nothing
    ],
)
def test_verdicts(values: list[float], steps: float, said: str) -> None:
    assert verdict(RING, values, steps)[0] == said


def test_why() -> None:
    assert verdict(RING, [8.0] * 4, 1000)[1] == "1.7 above it"
    assert verdict(RING, [4.0] * 4, 1000)[1] == "2.3 below it"
    assert verdict(RING, [8.0] * 4, 10)[1] == "0.01 of its 1,000 steps"
    assert verdict(RING, [6.3] * 4, 1000)[1] == ""
    assert verdict(RING, [6.3] * 4, 1200)[1] == ""
    assert verdict(RING, [6.3] * 4, 2200) == (AGREES, "2.2 times its 1,000 steps")
    assert verdict(RING, [8.0] * 4, 2200) == (DIFFERS, "1.7 above it; 2.2 times its 1,000 steps")
    assert verdict(changed(steps=0), [8.0] * 4, 10)[0] == DIFFERS  # whose length nobody knows


@given(st.floats(0.1, 5), st.lists(st.floats(5, 8), min_size=3, max_size=6))
def test_a_larger_published_error_never_turns_agreement_into_a_difference(
    error: float, values: list[float]
) -> None:
    first = verdict(changed(error=error), values, 1000)[0]
    later = verdict(changed(error=2 * error), values, 1000)[0]
    assert first != AGREES or later == AGREES


def test_the_table_of_a_suite() -> None:
    records = [record(spec("vanilla", seed=seed), [0.01] * 10) for seed in range(5)]
    lost = record(spec("vanilla", seed=5), [0.01] * 4, "nonfinite_weights")
    other = record(dataclasses.replace(spec("vanilla", seed=9), suite="mine"), [0.9] * 10)
    claims = (RING, changed(variant="pacgan", protocol="other nets"))
    table = claims_table(claims, collect([*records, lost, other]), "starter")
    (known, absent), names = table.rows, [heading.name for heading in table.headings]
    cells = dict(zip(names, known.cells, strict=True))
    assert cells["ours"].n == 5
    assert cells["ours"].value == pytest.approx(
        sum(one["points"][-1]["scores"]["modes/8@2500"] for one in records) / 5
    )
    assert cells["published"].value == 6.3
    assert "1 unstable left out" in str(cells["why"].value)
    assert [cell.value for cell in absent.cells[-2:]] == [NOT_REACHED, "not run"]
    assert table.notes == ("Lin et al. 2018, table 1", "Lin et al. 2018, table 1: other nets")


def test_distances_of_two_extractors_are_two_numbers() -> None:
    records = [record(spec("vanilla", "digits", seed), [4.0 + seed]) for seed in range(3)]
    other = FD.replace("classifier-digits@1b2c3d4e", "raw")
    for one in records:
        one["columns"][other] = {**one["columns"][FD], "label": "FD[raw]"}
        one["points"][-1]["scores"][other] = 100.0
    claims = [changed(task="digits", score="fd", published=5.0)]
    table = claims_table(claims, collect(records), "starter")
    told = [(row.cells[1].value, row.cells[5].value, row.cells[5].n) for row in table.rows]
    assert told == [("FD[classifier]", 5.0, 3), ("FD[raw]", 100.0, 3)]


SHARE = changed(score="coverage", success=0.5, published=0.735, runs=200)


@pytest.mark.parametrize(
    ("share", "said", "why"),
    [
        (Share(9, 12, 1000), AGREES, "9 of 12 settings"),
        (Share(9, 12, 10), AGREES, "9 of 12 settings; 0.01 of its 1,000 steps"),
        (Share(0, 12, 1000), DIFFERS, "0 of 12 settings; 0.735 below it"),
        (Share(0, 12, 10), NOT_REACHED, "0 of 12 settings; 0.01 of its 1,000 steps"),
        (Share(2, 3, 1000), NOT_REACHED, "our interval is too wide; add settings"),
        (Share(0, 0, 0), NOT_REACHED, "not run"),
        (Share(0, 12, 1000, possible=False), DIFFERS, "0.735 below it"),
    ],
)
def test_verdicts_of_shares(share: Share, said: str, why: str) -> None:
    assert share_verdict(SHARE, share)[0] == said
    assert why in share_verdict(SHARE, share)[1]


def test_that_something_fails_is_no_finding_where_nothing_works_yet() -> None:
    rare = msgspec.structs.replace(SHARE, published=0.01)
    short = Share(0, 12, 10, possible=False)
    assert share_verdict(rare, short) == (
        NOT_REACHED,
        "0 of 12 settings; nothing succeeds here; 0.01 of its 1,000 steps",
    )
    assert share_verdict(rare, dataclasses.replace(short, possible=True))[0] == AGREES
    assert share_verdict(rare, dataclasses.replace(short, steps=1000))[0] == AGREES
    unknown = msgspec.structs.replace(rare, steps=0)
    assert share_verdict(unknown, short)[0] == NOT_REACHED


@given(st.integers(0, 6), st.integers(0, 200))
def test_six_settings_say_nothing_whatever_comes_out(count: int, published: int) -> None:
    claim = msgspec.structs.replace(SHARE, published=published / 200)
    assert share_verdict(claim, Share(count, 6, 1000))[0] == NOT_REACHED


@given(st.integers(0, 12), st.integers(0, 200))
def test_shares_agree_where_our_interval_has_theirs_and_differ_where_intervals_are_apart(
    count: int, published: int
) -> None:
    claim = msgspec.structs.replace(SHARE, published=published / 200)
    said = share_verdict(claim, Share(count, 12, 1000))[0]
    ours, theirs = clopper_pearson(count, 12), clopper_pearson(published, 200)
    if ours.low <= theirs.estimate <= ours.high:
        assert said == AGREES
    if ours.high < theirs.low or theirs.high < ours.low:
        assert said == DIFFERS


def test_the_table_of_shares() -> None:
    records = [
        record(spec(f"vanilla[lr={lr}]", "digits", parameters={"lr": lr}), [distance] * 10)
        for lr, distance in ((1, 10.0), (2, 10.0), (3, 10.0), (4, 90.0), (5, 90.0), (6, 90.0))
    ]
    claim = changed(task="digits", score="fd", success=40.0, published=0.5, runs=200, steps=0)
    alone = msgspec.structs.replace(claim, variant="pacgan", than="vanilla")
    shown, absent = claims_table((claim, alone), collect(records), "starter").rows
    ours = shown.cells[5]
    assert (ours.value, ours.low, ours.high, ours.n) == (*clopper_pearson(3, 6), 6)
    assert shown.cells[1].value == "share reaching fd 40"
    assert shown.cells[-1].value == "3 of 6 settings; our interval is too wide; add settings"
    assert absent.cells[1].value == "share reaching fd 40 where vanilla does not"
    assert [cell.value for cell in absent.cells[-2:]] == [NOT_REACHED, "not run"]


@pytest.mark.parametrize("name", embedded_suites())
def test_embedded_claims_are_of_variants_that_the_suite_runs(name: str) -> None:
    suite = load_suite(name)
    for claim in suite.claims:
        on_task = suite.variants_on(claim.task)
        if claim.success is None:
            assert claim.variant in on_task
        else:
            names = {parse_variant(text).name for text in on_task}
            assert {claim.variant, claim.than or claim.variant} <= names


def test_both_losses_run_at_the_architectures_of_the_draw() -> None:
    nonlinearities, depths = ("relu", "leaky-relu", "softplus", "tanh"), (4, 8, 12, 20)
    axes: dict[str, tuple[object, ...]] = {
        "activation": nonlinearities,
        "depth": depths,
        "norm": ("batch", "none"),
        "width": (4, 8, 16),
    }
    names = [f"model.{side}_{axis}" for axis in axes for side in ("generator", "discriminator")]
    grid = itertools.product(*(values for values in axes.values() for _ in range(2)))
    drawn = [
        {key: str(value) for key, value in zip(names, point, strict=True) if value != "batch"}
        for point in random.Random(2017).sample(list(grid), 12)  # noqa: S311
    ]
    typed = [parse_variant(text) for text in load_suite("claims").variants_on("architectures")]
    for loss in ("non-saturating", "wgan-gp"):
        own = [dict(one.settings) for one in typed if one.name == f"plain-conv+{loss}"]
        assert own == drawn


SUITE = """
name = "mine"
[[tasks]]
name = "ring"
dataset = "ring8"
budget = "1TFLOP"
scores = ["modes"]
[[claims]]
task = "ring"
variant = "vanilla"
score = "modes"
published = 6.3
source = "a paper"
"""


def test_claims_are_read() -> None:
    (claim,) = parse_suite(SUITE, "mine.toml").claims
    assert (claim.published, claim.error, claim.runs, claim.steps) == (6.3, 0.0, 1, 0)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('task = "ring"', 'task = "rign"', "mine.toml: claim 1: suite mine has no task 'rign'"),
        ("published = 6.3", 'published = "6"', "mine.toml: claim 1: published is '6'"),
        ("published = 6.3", "publshed = 6.3", "mine.toml: claim 1: publshed is an unknown key"),
    ],
)
def test_mistakes_name_the_claim(old: str, new: str, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_suite(SUITE.replace(old, new), "mine.toml")
    assert message in caught.value.message
