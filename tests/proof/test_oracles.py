"""Generators of known worth go through the whole harness: what each score, mark and rank says."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from ganbench.planning.plan import Selection, make_plan
from ganbench.results.frame import collect
from ganbench.results.record import Record
from ganbench.results.references import (
    COPIES,
    GAUSSIAN,
    NOISE,
    ONE,
    PERFECT,
    SHUFFLED,
    reference_utilities,
)
from ganbench.running.run import Run
from ganbench.tables.aggregate import Aggregate
from ganbench.tables.leaderboard import aggregates
from ganbench.wording import number

from .proofs import CPU, catalogue_with

pytestmark = pytest.mark.whole

Cli = Callable[..., "CompletedProcess[str]"]
ORACLES = Path(__file__).parent.parent / "data" / "oracles"
FILE, SUITE = ORACLES / "oracles.py", ORACLES / "oracles.toml"
DOCUMENT = Path(__file__).parents[2] / "docs" / "scores.md"

VARIANTS = (
    *("the-law", "train-copies", "heldout-copies", "half-classes"),
    *("wide-modes", "noise", "one-sample"),
)
NONE = "–"
Rows = dict[str, dict[str, Aggregate]]
"""Task -> variant -> its row."""


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> list[Record]:
    """Every oracle on every task that it can be made for, five seeds each."""
    catalogue, folder = catalogue_with(str(FILE)), tmp_path_factory.mktemp("oracles")
    plan = make_plan(Selection(variants=VARIANTS, suite=str(SUITE)), catalogue)
    found = []
    for spec in plan.runs:
        (own := folder / spec.run_id).mkdir()
        found.append(Run(spec, own, catalogue, CPU).execute())
    return found


@pytest.fixture(scope="module")
def rows(records: list[Record]) -> Rows:
    found: Rows = {}
    for row in aggregates(collect(records)):
        found.setdefault(row["task"], {})[row.entry["variant"]] = row
    return found


@pytest.fixture(scope="module")
def shown(records: list[Record], rows: Rows) -> dict[str, list[list[str]]]:
    """Task -> the table of the document, cell by cell."""
    columns = {key: one["label"] for (_, key), one in collect(records).scores.items()}
    return {task: table(own, columns) for task, own in rows.items()}


def table(rows: dict[str, Aggregate], columns: dict[str, str]) -> list[list[str]]:
    """A line for each oracle: rank on the task, utility, every score, and marks."""
    known = list(dict.fromkeys(key for row in rows.values() for key in row.scores))
    lines = [["oracle", "rank", "utility", *(columns[key] for key in known), "marks"]]
    for name in VARIANTS:
        if name not in rows:
            continue
        row, scores = rows[name], rows[name].scores
        values = [row.value("utility"), *(scores[key].value for key in known)]
        low, high = row["distance_rank_low"], row["distance_rank_high"]
        rank = NONE if low is None else str(low) if low == high else f"{low}–{high}"
        marks = list(row.marks)
        if row["dead_output"]:
            marks = [f"{row['dead_output']} of {row['runs']} runs dead_output"]
        cells = [NONE if value is None else number(value) for value in values]
        lines.append([name, rank, *cells, "; ".join(marks) or NONE])
    return lines


def in_document(task: str) -> list[list[str]]:
    _, _, rest = DOCUMENT.read_text("utf-8").partition(f"<!-- oracles on {task} -->\n")
    heading, _, *lines = rest.partition("\n\n")[0].splitlines()
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in (heading, *lines)]


def markdown(lines: list[list[str]]) -> str:
    heading, *others = (f"| {' | '.join(cells)} |" for cells in lines)
    rule = f"|---|{'--:|' * (len(lines[0]) - 2)}---|"
    return "\n".join([heading, rule, *others])


def same(one: str, other: str) -> bool:
    """The same words and, but for what machines round otherwise, the same numbers."""
    numeric = r"-?\d[\d,.]*(?:e-?\d+)?"
    if re.sub(numeric, "", one) != re.sub(numeric, "", other):
        return False
    numbers = [
        [float(found.replace(",", "")) for found in re.findall(numeric, text)]
        for text in (one, other)
    ]
    return numbers[0] == pytest.approx(numbers[1], rel=0.05, abs=0.012)


@pytest.mark.parametrize("task", ["ring8", "digits"])
def test_the_documents_show_what_is_computed(task: str, shown: dict[str, list[list[str]]]) -> None:
    told, found = in_document(task), shown[task]
    assert [len(line) for line in told] == [len(line) for line in found], markdown(found)
    for own, other in zip(told, found, strict=True):
        assert all(map(same, own, other)), markdown(found)


def test_no_oracle_without_a_law_is_ranked_where_the_law_is(rows: Rows) -> None:
    """What is not the law is marked, or is worth nothing, or half of what it should be at most."""
    ring = rows["ring8"]
    assert not ring["the-law"].marks
    assert ring["the-law"].value("utility") == 1
    for name in ("half-classes", "noise", "one-sample"):
        assert (ring[name].value("utility") or 0) == 0, name


def test_wide_modes_lose_the_rank_that_their_distance_would_have(rows: Rows) -> None:
    wide = rows["ring8"]["wide-modes"]
    assert wide.entry.values("utility_end") == [1] * 5
    assert wide.value("utility") == 0.5
    assert any(re.fullmatch(r"high quality 0\.1\d+, below 0\.8", mark) for mark in wide.marks)
    assert wide["distance_rank_low"] is None


def test_no_trivial_generator_is_worth_anything(records: list[Record]) -> None:
    """But on the ring copies, which are the law: what keeps them from a rank is a mark."""
    for record in records:
        if record["primary"] is None:
            continue
        utilities = reference_utilities(record["columns"][record["primary"]])
        assert utilities == {
            PERFECT: 1.0, COPIES: 1.0, GAUSSIAN: 0.0, SHUFFLED: 0.0, NOISE: 0.0, ONE: 0.0,
        }  # fmt: skip


def test_noise_is_the_same_from_a_plugin_and_from_the_harness(records: list[Record]) -> None:
    found = [one for one in records if one["spec"]["variant"] == "noise"]
    assert len(found) == 10
    for record in found:
        assert record["primary"] is not None
        expected = record["columns"][record["primary"]]["references"][NOISE]
        own = record["points"][-1]["scores"][record["primary"]]
        assert own == pytest.approx(expected, rel=0.1)


def test_the_command_line_does_the_same_and_tables_are_made_offline(ganbench_cli: Cli) -> None:
    ran = ganbench_cli(
        "-P", str(FILE), "run", "wide-modes", "--suite", str(SUITE), "--seeds", "0", "--runs", "out"
    )
    assert ran.returncode == 0, ran.stderr
    told = ganbench_cli("table", "--runs", "out").stdout
    for name in (COPIES, NOISE, ONE, PERFECT):
        assert name in told
    assert "high quality 0.1" in told


def test_a_threshold_for_what_is_not_measured_ends_before_any_training(
    ganbench_cli: Cli, tmp_path: Path
) -> None:
    text = SUITE.read_text("utf-8").replace("high_quality =", "quality =")
    (tmp_path / "mine.toml").write_text(text)
    ran = ganbench_cli(
        "run", "vanilla", "--suite", "mine.toml", "--task", "ring8", "--seeds", "0",
        "--runs", "out",
    )  # fmt: skip
    assert ran.returncode != 0
    assert "threshold for 'quality', which none of its scores measures" in ran.stdout + ran.stderr
