"""Generators that copy the data are ranked by nobody, whatever they score: the whole way."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pandas as pd
import pytest

pytestmark = pytest.mark.whole

Cli = Callable[..., "CompletedProcess[str]"]

DATA = Path(__file__).parents[1] / "data" / "oracles"
COPIES = {
    "train-copies": ["near train"],
    "held-out-copies": ["near held-out"],
    "both-copies": ["near held-out", "near train"],
}
TELLING = {"noisy-copies": [], **COPIES}


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from click.testing import CliRunner

    from ganbench.cli.main import cli

    folder = tmp_path_factory.mktemp("marks") / "runs"
    arguments = ["-P", str(DATA / "copies.py"), "run", *TELLING]
    arguments += ["--suite", str(DATA / "copies.toml"), "--runs", str(folder)]
    result = CliRunner().invoke(cli, arguments, standalone_mode=False, catch_exceptions=False)
    assert result.return_value == 0
    return folder


def tables(cli: Cli, runs: Path) -> dict[str, Any]:
    done = cli("table", "--runs", str(runs), "--json")
    assert done.returncode == 0, done.stderr
    return {table["name"]: table for table in json.loads(done.stdout)["tables"]}


def test_copies_are_listed_apart_with_the_reason(ganbench_cli: Cli, runs: Path) -> None:
    ranking = tables(ganbench_cli, runs)["ranking"]
    rows = {row["cells"][1]["value"]: row for row in ranking["rows"]}
    first, *rest = ranking["rows"]
    assert first["cells"][1]["value"] == "noisy-copies"
    assert (first["kind"], first["cells"][0]["value"]) == ("ranked", "1")
    assert [row["kind"] for row in rest if row["kind"] != "reference"] == ["below"] * len(COPIES)
    for variant, labels in COPIES.items():
        rank, _, utility, *_, why = rows[variant]["cells"]
        assert rank["value"] is None
        assert utility["value"] == 1
        assert all(f"{label} " in why["value"] for label in labels)
        assert why["value"].endswith("on digits")


def test_what_the_distance_takes_for_perfect_is_told_by_the_rates(runs: Path) -> None:
    from ganbench import leaderboard

    board = leaderboard(runs).set_index("variant")
    for variant, labels in COPIES.items():
        assert board.loc[variant, "utility"] == 1
        assert board.loc[variant, "distance"] < board.loc[variant, "distance_floor"]
        marks = board.loc[variant, "marks"].split("; ")
        for label in ("near train", "near held-out"):
            assert any(mark.startswith(label) for mark in marks) == (label in labels)
    assert pd.isna(board.loc["noisy-copies", "marks"])


def test_nobody_is_better_than_copies_or_worse(ganbench_cli: Cli, runs: Path) -> None:
    done = ganbench_cli("compare", "noisy-copies", *COPIES, "--runs", str(runs), "--json")
    (table,) = json.loads(done.stdout)["tables"]
    verdicts = {row["cells"][0]["value"]: row["cells"][1]["value"] for row in table["rows"]}
    assert verdicts == dict.fromkeys(COPIES, "marked")
    assert any(note.startswith("marked, so without a verdict") for note in table["notes"])


def test_a_page_and_a_leaderboard_have_the_marks(
    ganbench_cli: Cli, runs: Path, tmp_path: Path
) -> None:
    page = tmp_path / "page.html"
    assert ganbench_cli("report", "--runs", str(runs), "--out", str(page)).returncode == 0
    assert "near train 1, of real samples 0.01" in page.read_text("utf-8")
    arguments = ["--suite", str(DATA / "copies.toml"), "--runs", str(runs), "--out", str(tmp_path)]
    done = ganbench_cli("publish", *arguments, "--unranked")  # a plugin's file is no package
    assert done.returncode == 0, done.stderr
    board = pd.read_csv(tmp_path / "copies" / "leaderboard.csv").set_index("variant")
    for variant, labels in COPIES.items():
        assert all(label in board.loc[variant, "marks"] for label in labels)
    assert pd.isna(board.loc["noisy-copies", "marks"])
    assert ganbench_cli("validate", str(tmp_path / "copies")).returncode == 0


def test_headings_of_two_extractors_are_told_apart(ganbench_cli: Cli, runs: Path) -> None:
    run_id = next(one.name for one in sorted(runs.iterdir()) if one.name.startswith("train-copies"))
    for arguments in (["show"], ["-P", str(DATA / "copies.py"), "verify"]):
        done = ganbench_cli(*arguments, run_id, "--runs", str(runs))
        assert done.returncode == 0, done.stderr
        assert "precision (classifier-digits)" in done.stdout
        assert "precision (raw)" in done.stdout
    (collapse,) = [one for name, one in tables(ganbench_cli, runs).items() if name == "collapse"]
    names = [heading["name"] for heading in collapse["headings"]]
    assert len(set(names)) == len(names)
    assert {"recall (classifier-digits)", "recall (raw)", "near train"} <= set(names)


def test_floors_have_their_errors(ganbench_cli: Cli, runs: Path) -> None:
    run_id = next(one.name for one in sorted(runs.iterdir()) if one.name.startswith("train-copies"))
    record = json.loads(ganbench_cli("show", run_id, "--runs", str(runs), "--json").stdout)
    floor = record["columns"][record["primary"]]
    assert 0 < floor["floor_error"] <= 0.03 * floor["measured_floor"]
    assert floor["floor_error"] < floor["floor_spread"]
    assert "(measured 2.31 ±0.07)" in ganbench_cli("show", run_id, "--runs", str(runs)).stdout
    distance = tables(ganbench_cli, runs)["distance"]
    (measured,) = [row for row in distance["rows"] if row["cells"][1]["value"] == "floor, measured"]
    assert "±" in measured["cells"][-1]["text"]
