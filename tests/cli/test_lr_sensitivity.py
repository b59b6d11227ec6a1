"""Learning-rate sensitivity from the command line: a suite with a grid, run and read."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest
from click.testing import CliRunner

from ganbench.cli.main import cli
from ganbench.statistics.stability import LEARNING_RATE_GRID

Cli = Callable[..., "CompletedProcess[str]"]
SUITE = ("--suite", "lr-sensitivity")
TASK = """
[[tasks]]
name = "ring"
dataset = "ring8"
budget = "20steps"
fakes = 500
evaluations = 2
scores = ["sliced-w2"]
"""
MINE = 'name = "mine"\nseeds = "0"\ngrid.lr_scale = ["1/9", "1/3", 1, 3, 9]\n' + TASK


def call(*arguments: str) -> Any:
    done = CliRunner().invoke(cli, arguments, standalone_mode=False, catch_exceptions=False)
    return done.stdout if done.return_value is None else done.return_value


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One variant at all its learning rates, a few steps each."""
    folder: Path = tmp_path_factory.mktemp("sensitivity") / "runs"
    suite = folder.parent / "mine.toml"
    suite.write_text(MINE)
    assert call("run", "vanilla", "--suite", str(suite), "--runs", str(folder)) == 0
    return folder


@pytest.mark.whole
def test_every_learning_rate_is_run(runs: Path) -> None:
    specs = [json.loads(file.read_text("utf-8")) for file in runs.glob("*/spec.json")]
    assert sorted(spec["parameters"]["lr_scale"] for spec in specs) == list(LEARNING_RATE_GRID)
    assert {spec["variant"] for spec in specs} == {
        "vanilla",
        *(f"vanilla[lr_scale={scale}]" for scale in ("1/9", "1/3", "3", "9")),
    }


def test_the_learning_rate_reaches_the_training(runs: Path) -> None:
    ends = [
        json.loads(file.read_text("utf-8"))["points"][-1]["scores"]
        for file in runs.glob("*/record.json")
    ]
    assert len({json.dumps(scores) for scores in ends}) == len(LEARNING_RATE_GRID)


@pytest.mark.slow
def test_the_embedded_suite_runs(tmp_path: Path) -> None:
    folder = str(tmp_path / "runs")
    small = ("--seeds", "0", "--budget", "20steps", "--runs", folder)
    assert call("run", "--all", *SUITE, *small, "--allow-failures") == 0
    made = json.loads(call("table", "--runs", folder, "--json"))["tables"]
    sections = {row["section"] for row in made[1]["rows"]}
    assert sections == {"digits, 20steps", "ring8, 20steps"}
    assert all("not run" not in row["cells"][-1]["value"] for row in made[1]["rows"])


def test_the_table_has_one_row(runs: Path) -> None:
    made = json.loads(call("table", "--runs", str(runs), "--json"))["tables"]
    assert [table["name"] for table in made[:2]] == ["ranking", "sensitivity"]
    (row,) = made[1]["rows"]
    assert row["cells"][0]["value"] == "vanilla"
    assert row["section"] == "ring, 20steps"
    assert 0 <= row["cells"][1]["value"] <= 1


def test_a_name_from_the_table_is_the_same_run(runs: Path) -> None:
    typed = ("vanilla[lr_scale=1/9]",)
    where = ("--suite", str(runs.parent / "mine.toml"), "--runs", str(runs), "--json")
    (row,) = json.loads(call("plan", *typed, *where))["runs"]
    assert row["state"] == "finished"


def test_the_plan_shows_what_a_grid_and_a_wildcard_stand_for(ganbench_cli: Cli) -> None:
    done = ganbench_cli("plan", "mlp+*", *SUITE, "--task", "ring8", "--seeds", "0", "--json")
    variants = {row["variant"] for row in json.loads(done.stdout)["runs"]}
    assert {"mlp+minimax", "mlp+wgan-gp[lr_scale=1/3]"} <= variants
    assert len(variants) % len(LEARNING_RATE_GRID) == 0


def test_a_mistake_in_a_grid_is_told(ganbench_cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(MINE.replace("lr_scale", "lr_scal"))
    done = ganbench_cli("plan", "vanilla", "--suite", "mine.toml")
    assert done.returncode == 2
    assert "the grid of suite mine: vanilla has no parameter 'lr_scal'" in done.stderr
    assert "did you mean lr_scale" in done.stderr


def test_info_tells_of_the_grid_and_of_the_parameter_that_all_have(ganbench_cli: Cli) -> None:
    assert (
        "every variant with lr_scale = 1/9, 1/3, 1, 3, 9" in ganbench_cli("info", SUITE[1]).stdout
    )
    shown = ganbench_cli("info", "wgan-gp").stdout
    # Of the variant, not of the loss.
    assert shown.count("parameter lr_scale = 1, at least 1e-06: ") == 1
