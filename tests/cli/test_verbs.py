"""The verbs do what they say, on real runs."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

Cli = Callable[..., "CompletedProcess[str]"]

TINY = """
name = "tiny"
description = "Two tasks, a few steps each."
seeds = "0-1"

[[tasks]]
name = "ring8"
dataset = "ring8"
budget = "30steps"
fakes = 2500
scores = ["sliced-w2", "modes"]

[[tasks]]
name = "digits"
dataset = "digits"
budget = "30steps"
fakes = 1000
scores = ["fd", "prdc"]
"""


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two variants, two seeds, two tasks, a few steps each."""
    from click.testing import CliRunner

    from ganbench.cli.main import cli

    folder = tmp_path_factory.mktemp("verbs") / "runs"
    suite = folder.parent / "tiny.toml"
    suite.write_text(TINY)
    arguments = ["run", "vanilla", "dcgan", "--suite", str(suite), "--runs", str(folder)]
    result = CliRunner().invoke(cli, arguments, standalone_mode=False, catch_exceptions=False)
    assert result.return_value == 0
    return folder


def test_table_formats(ganbench_cli: Cli, runs: Path) -> None:
    for form in ("terminal", "md", "csv", "json"):
        done = ganbench_cli("table", "--runs", str(runs), "--format", form)
        assert done.returncode == 0, done.stderr
        for word in ("vanilla", "dcgan", "ring8", "digits"):
            assert word in done.stdout, (form, word)
        assert "\x1b" not in done.stdout
    assert json.loads(done.stdout)


def test_table_filters(ganbench_cli: Cli, runs: Path) -> None:
    done = ganbench_cli("table", "--runs", str(runs), "--task", "ring8", "--variant", "vanilla")
    assert "digits" not in done.stdout
    assert "dcgan" not in done.stdout
    assert ganbench_cli("table", "--runs", str(runs), "--task", "none").returncode == 5


def test_report(ganbench_cli: Cli, runs: Path, tmp_path: Path) -> None:
    done = ganbench_cli("report", "--runs", str(runs), "--task", "digits", "--out", "page.html")
    assert done.returncode == 0, done.stderr
    assert (done.stdout, done.stderr.partition(",")[0]) == ("page.html\n", "4 runs")
    page = (tmp_path / "page.html").read_text("utf-8")
    assert page.count('src="data:image/webp;base64,') == 4 * 10
    assert "ring8" not in page
    assert ganbench_cli("report", "--runs", str(runs), "--task", "none").returncode == 5
    assert ganbench_cli("report", "--runs", str(runs), "--out", "no/page.html").returncode == 2


def test_status_and_show(ganbench_cli: Cli, runs: Path) -> None:
    rows = json.loads(ganbench_cli("status", "--runs", str(runs), "--json").stdout)
    assert len(rows) == 8
    assert {row["status"] for row in rows} == {"ok"}
    run_id = rows[0]["run_id"]
    shown = ganbench_cli("show", run_id, "--runs", str(runs))
    assert shown.returncode == 0
    assert "30 steps" in shown.stdout
    assert "real against real" in shown.stdout
    record = json.loads(ganbench_cli("show", run_id, "--runs", str(runs), "--json").stdout)
    assert record["run_id"] == run_id
    assert len(record["points"]) == 10
    prefix = ganbench_cli("show", "vanilla-ring8-s1", "--runs", str(runs))
    assert prefix.returncode == 0
    assert ganbench_cli("show", "vanilla", "--runs", str(runs)).returncode == 2


def test_plan_knows_what_is_finished(ganbench_cli: Cli, runs: Path) -> None:
    suite = str(runs.parent / "tiny.toml")
    selection = ("vanilla", "--suite", suite, "--task", "ring8", "--seeds", "0-2")
    done = ganbench_cli("plan", *selection, "--runs", str(runs), "--json")
    plan: dict[str, Any] = json.loads(done.stdout)
    assert [row["state"] for row in plan["runs"]] == ["finished", "finished", "to run"]
    assert plan["runs"][2]["expected_seconds"] > 0
    assert plan["runs"][2]["basis"] == "2 of this variant and task"
    total = plan["total"]
    assert (total["runs"], total["to_run"]) == (3, 1)
    assert total["seconds"] == plan["runs"][2]["expected_seconds"]
    assert total["flops"] == plan["runs"][2]["flops"] > 0
    assert total["bytes"] > 1000
    shown = ganbench_cli("plan", *selection, "--runs", str(runs)).stderr
    assert "3 runs, 2 finished, 1 to run" in shown
    assert "of one slot on" in shown


def test_plan_says_what_can_go_on_and_what_is_unknown(ganbench_cli: Cli, tmp_path: Path) -> None:
    selection = ("plan", "vanilla", "--task", "ring8", "--seeds", "0")
    first = json.loads(ganbench_cli(*selection, "--json").stdout)
    folder = tmp_path / "runs" / first["runs"][0]["run_id"]
    (folder / "checkpoint").mkdir(parents=True)
    (folder / "checkpoint" / "state.safetensors").touch()
    (folder / "progress.json").write_text('{"fraction": 0.25}')
    done = ganbench_cli(*selection)
    assert "to resume at 25%" in done.stdout
    assert "1 run, 1 to resume, 0 to run" in done.stderr
    assert "600GFLOP of training; time unknown" in done.stderr


def test_publish_writes_three_files(ganbench_cli: Cli, runs: Path, tmp_path: Path) -> None:
    suite = str(runs.parent / "tiny.toml")
    selection = ("publish", "--runs", str(runs), "--suite", suite)
    done = ganbench_cli(*selection, "--out", str(tmp_path / "results"))
    assert done.returncode == 0, done.stderr
    folder = tmp_path / "results" / "tiny"
    names = sorted(path.name for path in folder.iterdir())
    assert names == ["datapackage.json", "leaderboard.csv", "runs.csv"]
    rows = list(csv.DictReader(io.StringIO((folder / "runs.csv").read_text("utf-8"))))
    assert len(rows) == 8
    rows = list(csv.DictReader(io.StringIO((folder / "leaderboard.csv").read_text("utf-8"))))
    assert sorted((row["variant"], row["task"]) for row in rows) == [
        ("dcgan", "digits"),
        ("dcgan", "ring8"),
        ("vanilla", "digits"),
        ("vanilla", "ring8"),
    ]


def test_list_info_plugins_doctor(ganbench_cli: Cli) -> None:
    names = {row["name"] for row in json.loads(ganbench_cli("list", "--json").stdout)}
    assert {"vanilla", "dcgan", "wgan-gp", "ring8", "digits", "starter", "points"} <= names
    assert "wgan-gp" in ganbench_cli("list", "variants").stdout
    assert "ring8" not in ganbench_cli("list", "variants").stdout
    (variant, loss) = json.loads(ganbench_cli("info", "wgan-gp", "--json").stdout)
    assert variant["recipes"]["2-D points"]["training"]["critic_steps"] == 5
    assert loss["kind"] == "loss"
    plugins = json.loads(ganbench_cli("plugins", "--json").stdout)
    assert {plugin["state"] for plugin in plugins if plugin["distribution"] == "ganbench"} == {
        "loaded"
    }
    assert ganbench_cli("plugins", "--requirements").stdout.startswith("ganbench==")
    doctor = ganbench_cli("doctor")
    assert doctor.returncode == 0, doctor.stdout
    assert "torch import" in doctor.stdout
    assert "MB in it" in doctor.stdout


def test_python_functions_are_the_same_thing(runs: Path) -> None:
    import ganbench

    suite = str(runs.parent / "tiny.toml")
    frame = ganbench.run("vanilla", suite=suite, tasks=["ring8"], seeds=[0], runs=runs)
    assert list(frame["variant"]) == ["vanilla"]
    assert list(frame["status"]) == ["ok"]
