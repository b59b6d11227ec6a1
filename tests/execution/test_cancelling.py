"""Plans and runs are cancelled by whoever sees their folder, and go on with the same command."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ganbench.execution.job import PREEMPTED
from ganbench.results.plans import FOLDER
from ganbench.results.store import RunStore

from ..steering import GATES, HAZARDS, Gates, is_alive, python_path, until, workers
from .conftest import Start
from .test_interruption import ALL_THE_TIME, BUDGET, GATE, SELECTION, finish, results, undisturbed

pytestmark = pytest.mark.whole

__all__ = ["undisturbed"]

Cli = Callable[..., "subprocess.CompletedProcess[str]"]


def rows(ganbench_cli: Cli) -> dict[int, dict[str, Any]]:
    """What `status` says, by seed."""
    said = ganbench_cli("status", "--json")
    assert said.returncode == 0, said.stderr
    return {row["seed"]: row for row in json.loads(said.stdout)}


def plan_of(ganbench_cli: Cli) -> str:
    """The name of the only plan under way."""
    (line,) = [one for one in ganbench_cli("status").stderr.splitlines() if one.startswith("plan ")]
    return line.removeprefix("plan ").partition(":")[0]


@pytest.fixture
def at_gate(start: Start, gates: Gates) -> Callable[..., subprocess.Popen[str]]:
    """Start the plan; it waits where some of its runs have come to."""

    def begin(*options: str, gate: str = GATE, runs: int = 2) -> subprocess.Popen[str]:
        gates.shut(gate)
        process = start(*SELECTION, *BUDGET, *ALL_THE_TIME, *options, gates=gates, steered=True)
        until(lambda: len(gates.told(gate)) == runs, process)
        return process

    return begin


def test_a_cancelled_plan_keeps_every_state_and_goes_on(
    at_gate: Callable[..., subprocess.Popen[str]],
    start: Start,
    ganbench_cli: Cli,
    tmp_path: Path,
    undisturbed: dict[str, Any],
) -> None:
    process = at_gate()
    assert {row["status"] for row in rows(ganbench_cli).values()} == {"running"}
    name = plan_of(ganbench_cli)
    asked = ganbench_cli("cancel", name[:-2])  # as run ids, a beginning will do
    assert (asked.returncode, asked.stdout) == (0, f"{name}\n")
    _, stderr = process.communicate()
    assert process.returncode == PREEMPTED, stderr
    assert f"the plan {name} was cancelled by " in stderr
    assert "the same command goes on where the runs were" in stderr
    assert not (tmp_path / "runs" / FOLDER).exists()
    assert workers(tmp_path / "runs") == []
    assert {row["status"] for row in rows(ganbench_cli).values()} == {"unfinished"}
    assert finish(start, tmp_path / "runs") == [1, 1]
    assert results(tmp_path / "runs") == undisturbed


def test_a_cancelled_run_is_not_tried_again_and_the_others_go_on(
    at_gate: Callable[..., subprocess.Popen[str]],
    start: Start,
    gates: Gates,
    ganbench_cli: Cli,
    tmp_path: Path,
    undisturbed: dict[str, Any],
) -> None:
    process = at_gate()
    run_id = rows(ganbench_cli)[0]["run_id"]
    asked = ganbench_cli("cancel", run_id)
    assert (asked.returncode, asked.stdout) == (0, f"{run_id}\n")
    until(lambda: rows(ganbench_cli)[0]["status"] == "cancelled", process)
    assert "cancelled by" in rows(ganbench_cli)[0]["reason"]
    refused = ganbench_cli("cancel", run_id)
    assert refused.returncode == 2
    assert f"run {run_id} is not under way: it is cancelled" in refused.stderr
    gates.open(GATE)
    _, stderr = process.communicate()
    assert process.returncode == 1
    assert "1 run cancelled; the same command goes on where they were" in stderr
    assert list(results(tmp_path / "runs")) == [rows(ganbench_cli)[1]["run_id"]]

    # No scheduler that starts its job once more, from outside of any plan, undoes it.
    worked = ganbench_cli("work", f"runs/{run_id}", plugins=(HAZARDS, GATES))
    assert worked.returncode == 2
    assert "cancelled by" in worked.stderr

    assert finish(start, tmp_path / "runs") == [1, 0]
    assert results(tmp_path / "runs") == undisturbed
    assert not list((tmp_path / "runs").glob("*/cancel.json"))


def test_a_run_that_waits_for_its_turn(
    at_gate: Callable[..., subprocess.Popen[str]], gates: Gates, ganbench_cli: Cli, tmp_path: Path
) -> None:
    process = at_gate("--jobs", "1", runs=1)
    found = rows(ganbench_cli)
    assert [found[seed]["status"] for seed in (0, 1)] == ["running", "waiting"]
    assert "0 of 2 runs are over, 1 running, 1 waiting" in ganbench_cli("status").stderr
    assert ganbench_cli("cancel", found[1]["run_id"]).returncode == 0
    assert rows(ganbench_cli)[1]["status"] == "cancelled"
    gates.open(GATE)
    _, stderr = process.communicate()
    assert process.returncode == 1, stderr
    assert list(results(tmp_path / "runs")) == [found[0]["run_id"]]


def test_a_run_that_hears_nothing_is_ended(start: Start, gates: Gates, ganbench_cli: Cli) -> None:
    process = start("hazard-hang", "--task", "ring8", "--seeds", "0", gates=gates)
    until(lambda: gates.told("hanging"), process)
    (pid,) = gates.told("hanging")
    assert ganbench_cli("cancel", "hazard-hang").returncode == 0
    _, stderr = process.communicate()
    assert gates.told("asked") == [pid]
    assert not is_alive(pid)
    assert process.returncode == 1, stderr
    assert "1 run cancelled" in stderr


def test_a_worker_that_no_plan_has_started(
    at_gate: Callable[..., subprocess.Popen[str]], gates: Gates, ganbench_cli: Cli, tmp_path: Path
) -> None:
    """As under Kubernetes: the job in its folder is all there is."""
    process = at_gate("--jobs", "1", runs=1)
    run_id = rows(ganbench_cli)[0]["run_id"]
    process.kill()
    process.communicate()
    until(lambda: not workers(tmp_path / "runs"))
    assert rows(ganbench_cli)[0]["status"] == "unfinished"  # and no plan is under way any more
    command = [sys.executable, "-m", "ganbench", "work", f"runs/{run_id}"]
    env = {**os.environ, **python_path(HAZARDS, GATES), **gates.environment}
    worker = subprocess.Popen(command, cwd=tmp_path, env=env, stderr=subprocess.PIPE, text=True)
    until(lambda: workers(tmp_path / "runs") == [worker.pid], worker)
    asked = ganbench_cli("cancel", "--all")
    assert asked.stdout == f"{run_id}\n"
    worker.communicate()
    assert worker.returncode == PREEMPTED
    again = ganbench_cli("cancel", "--all")
    assert again.returncode == 5
    assert "nothing is under way in runs" in again.stderr


def test_what_cannot_be_cancelled(ganbench_cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "runs").mkdir()
    nothing = ganbench_cli("cancel")
    assert nothing.returncode == 5
    assert "nothing is named to cancel" in nothing.stderr
    unknown = ganbench_cli("cancel", "starter-123456")
    assert unknown.returncode == 2
    assert "shows what is under way" in unknown.stderr


def test_a_plan_that_was_killed_leaves_nothing_behind_for_long(
    at_gate: Callable[..., subprocess.Popen[str]], start: Start, ganbench_cli: Cli, tmp_path: Path
) -> None:
    process = at_gate()
    process.kill()
    process.communicate()
    runs = tmp_path / "runs"
    until(lambda: not workers(runs))
    assert list((runs / FOLDER).iterdir())
    assert "plan " not in ganbench_cli("status").stderr
    finish(start, runs)
    assert not (runs / FOLDER).exists()
    assert RunStore(runs).read_all().unfinished == {}


def test_watching_ends_with_the_plan(
    at_gate: Callable[..., subprocess.Popen[str]], gates: Gates, ganbench_cli: Cli, tmp_path: Path
) -> None:
    """From a process that knows nothing but the folder."""
    process = at_gate()
    ids = [row["run_id"] for row in rows(ganbench_cli).values()]
    watcher, reporter = (
        subprocess.Popen(
            [sys.executable, "-m", "ganbench", verb, "--watch"],
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for verb in ("status", "report")
    )
    assert watcher.stderr is not None
    assert "0 of 2 runs are over, 2 running, 0 waiting" in watcher.stderr.readline()
    page = tmp_path / "report.html"
    until(page.exists, reporter)
    assert 'http-equiv="refresh"' in page.read_text("utf-8")
    assert page.read_text("utf-8").count("<progress") == 2
    gates.open(GATE)
    process.communicate()
    stdout, stderr = watcher.communicate()
    assert watcher.returncode == 0
    _, told = reporter.communicate()
    assert reporter.returncode == 0, told
    assert 'http-equiv="refresh"' not in page.read_text("utf-8")
    assert "2 runs, " in told
    for run_id in ids:
        assert f"{run_id}: ok" in stderr
    assert [line.split()[1] for line in stdout.splitlines()] == ["status", "ok", "ok"]
