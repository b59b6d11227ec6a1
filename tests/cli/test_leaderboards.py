"""The verbs of published leaderboards: what they print, and their exit codes."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from ganbench.publishing.publish import publish
from ganbench.results.record import Record
from ganbench.results.store import RunStore
from ganbench.tables.coverage import Coverage

from ..results.synthetic import curve, record, spec

Cli = Callable[..., "CompletedProcess[str]"]

SUITE = """
name = "mine"
description = "As the made-up runs have it."
seeds = "0-1"

[[tasks]]
name = "ring8"
dataset = "ring8"
budget = "1TFLOP"
fakes = 2500
scores = ["w2", "modes"]
"""
ALL = [
    record(spec(name, seed=seed), curve("ring8", 3, seed))
    for name in ("vanilla", "wgan-gp")
    for seed in range(2)
]


@pytest.fixture
def suite(tmp_path: Path) -> str:
    (tmp_path / "mine.toml").write_text(SUITE)
    return "mine.toml"


def kept(folder: Path, records: list[Record]) -> str:
    for one in records:
        RunStore(folder).write(one)
    return folder.name


def test_publish_validate_and_merge(ganbench_cli: Cli, suite: str, tmp_path: Path) -> None:
    runs = kept(tmp_path / "runs", ALL[:3])
    refused = ganbench_cli("publish", "--suite", suite, "--runs", runs)
    assert refused.returncode == 4
    assert "not all of this may be ranked: wgan-gp: 1 of 2 seeds on ring8" in refused.stderr
    assert "`ganbench publish --suite mine.toml --unranked`" in refused.stderr
    done = ganbench_cli("publish", "--suite", suite, "--runs", runs, "--unranked")
    assert done.returncode == 0, done.stderr
    done = ganbench_cli("validate", "results")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "results/mine: valid, 2 rows from 3 runs\n"
    more = kept(tmp_path / "more", ALL[2:])
    done = ganbench_cli("merge", "results/mine", more, "--out", "all")
    assert done.returncode == 0, done.stderr
    assert "4 runs from 2 sources, 1 of them in several and equal" in done.stderr
    assert done.stdout.split() == [
        f"all/mine/{name}" for name in ("runs.csv", "leaderboard.csv", "datapackage.json")
    ]
    assert ganbench_cli("validate", *done.stdout.split()).returncode == 0


def test_every_mismatch_is_printed_with_its_place(ganbench_cli: Cli, tmp_path: Path) -> None:
    folder = publish(ALL, "mine", tmp_path, Coverage(("ring8",), (0, 1)))[0].parent
    text = (folder / "runs.csv").read_text("utf-8")
    (folder / "runs.csv").write_text(text.replace(",0.1.0,", ",0.2.0,"), "utf-8")
    done = ganbench_cli("validate", "mine")
    assert done.returncode == 4
    assert "mine/runs.csv: it is not the file that its manifest describes: hash" in done.stdout
    assert "mine/runs.csv:2 [version]: '0.2.0', the run's spec says '0.1.0'" in done.stdout
    assert "mine/runs.csv:5 [version]" in done.stdout
    assert "mismatches" in done.stderr
    (report,) = json.loads(ganbench_cli("validate", "mine", "--json").stdout)
    assert (report["ok"], report["runs"]) == (False, 4)
    assert {"file": "runs.csv", "row": 2, "column": "version"}.items() <= report["findings"][
        1
    ].items()


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["validate", "none"], 2, "none is no published leaderboard"),
        (["validate"], 2, "Missing argument"),
        (["merge", "none", "--out", "all"], 2, "there is no folder none"),
        (["verify", "x", "--runs", "none"], 2, "cannot read the runs folder none"),
    ],
)
def test_bad_input_is_said_in_one_line(
    ganbench_cli: Cli, arguments: list[str], code: int, message: str
) -> None:
    done = ganbench_cli(*arguments)
    assert (done.returncode, "Traceback" in done.stderr) == (code, False)
    assert message in done.stderr
