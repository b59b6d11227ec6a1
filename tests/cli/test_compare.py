"""`ganbench compare` as people call it."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pandas as pd
import pytest

import ganbench
from ganbench.api.errors import NothingSelected, UsageError
from ganbench.publishing.publish import publish
from ganbench.results.frame import collect
from ganbench.results.seal import seal

from ..results.synthetic import starter

Cli = Callable[..., "CompletedProcess[str]"]


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("compare") / "runs"
    for one in starter():
        (folder / one["run_id"]).mkdir(parents=True)
        (folder / one["run_id"] / "record.json").write_bytes(seal(one))
    return folder


def test_the_terminal_form(ganbench_cli: Cli, runs: Path) -> None:
    done = ganbench_cli("compare", "vanilla", "wgan-gp", "--runs", str(runs))
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert "starter: B against A = vanilla, over all tasks" in done.stdout
    assert "starter: B against A = vanilla, task by task" in done.stdout
    assert "B better" in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 100


def test_data_forms_are_pure(ganbench_cli: Cli, runs: Path) -> None:
    selection = ("compare", "vanilla", "wgan-gp", "--runs", str(runs), "--task", "grid25")
    document = json.loads(ganbench_cli(*selection, "--json").stdout)
    assert json.loads(ganbench_cli(*selection, "--format", "json").stdout) == document
    (table,) = document["tables"]
    assert [row["section"] for row in table["rows"]] == ["grid25, 1TFLOP"]
    rows = csv.DictReader(io.StringIO(ganbench_cli(*selection, "--format", "csv").stdout))
    found = {row["column"]: row for row in rows}
    assert found["verdict"]["value"] == "B better"
    assert float(found["p (Holm)"]["value"]) == pytest.approx(2 / 252)
    assert float(found["distance B/A"]["high"]) < 1
    for form, mark in (("md", "| task |"), ("latex", r"\begin{tabular}")):
        assert mark in ganbench_cli(*selection, "--format", form).stdout


def test_a_published_leaderboard_gives_the_same(
    ganbench_cli: Cli, runs: Path, tmp_path: Path
) -> None:
    publish(collect(starter()), "starter", tmp_path, unranked=True)
    names = ("compare", "vanilla", "stillborn[lr=1.0]", "--json", "--runs")
    own, published = (ganbench_cli(*names, str(folder)) for folder in (runs, tmp_path / "starter"))
    assert published.returncode == 0, published.stderr
    assert published.stdout == own.stdout


@pytest.mark.parametrize(
    ("arguments", "code", "message", "hint"),
    [
        (["vanilla", "dcgn"], 2, "these runs have no variant 'dcgn'", "did you mean dcgan?"),
        (["vanilla"], 2, "a comparison needs two variants", "to choose from: dcgan, stillborn"),
        (["vanilla", "vanilla"], 2, "vanilla is named twice", ""),
        (["vanilla", "dcgan", "--task", "rings"], 5, "is of task 'rings'", "ring8"),
        (["vanilla", "dcgan", "--suite", "none"], 5, "is of suite 'none'", "starter"),
        (["vanilla", "dcgan", "--format", "pdf"], 2, "'pdf' is not one of", ""),
    ],
)
def test_bad_requests(
    ganbench_cli: Cli, runs: Path, arguments: list[str], code: int, message: str, hint: str
) -> None:
    done = ganbench_cli("compare", *arguments, "--runs", str(runs))
    assert done.returncode == code, done.stderr
    assert message in done.stderr
    assert hint in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_the_function_gives_a_frame(runs: Path) -> None:
    frame = ganbench.compare("vanilla", "wgan-gp", runs=runs, suite="starter")
    assert isinstance(frame, pd.DataFrame)
    assert list(frame["task"].dropna()) == ["digits", "grid25", "ring8"]
    one = ganbench.compare("vanilla", "wgan-gp", runs=runs, tasks=["grid25"])
    assert list(one["verdict"]) == ["B better"]
    assert one["p_holm"][0] == pytest.approx(2 / 252)
    with pytest.raises(UsageError, match="no variant 'x'"):
        ganbench.compare("vanilla", "x", runs=runs)
    with pytest.raises(NothingSelected):
        ganbench.compare("vanilla", "dcgan", runs=runs, suite="none")
