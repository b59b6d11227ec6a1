"""Published results beside ours: verdicts by hand, and the table of a suite."""

from __future__ import annotations

import dataclasses
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ganbench.api.errors import UsageError
from ganbench.planning.claims import Claim
from ganbench.planning.suite import embedded_suites, load_suite, parse_suite
from ganbench.results.frame import collect
from ganbench.tables.claims import AGREES, DIFFERS, NOT_REACHED, claims_table, verdict

from ..results.synthetic import record, spec

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


@pytest.mark.parametrize("name", embedded_suites())
def test_embedded_claims_are_of_variants_that_the_suite_runs(name: str) -> None:
    suite = load_suite(name)
    assert {claim.variant for claim in suite.claims} <= set(suite.variants)


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
