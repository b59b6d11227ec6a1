"""Stopping a plan in every way there is, and going on with the same command."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ganbench.results.store import RunStore
from ganbench.training.checkpoint import load_checkpoint

from ..steering import GATES, HAZARDS, Gates, python_path, until
from .conftest import Start

pytestmark = pytest.mark.whole

SELECTION = ("hazard-gated", "--task", "ring8", "--seeds", "0-1", "--jobs", "2", "--allow-failures")
BUDGET = ("--budget", "60steps")
ALL_THE_TIME = ("--checkpoint-every", "0.000001s")
GATE = "step-8"
"""After the first evaluation, which is at a tenth of the budget."""


def results(runs: Path) -> dict[str, Any]:
    """All that the runs have computed, without times and the number of tries."""
    return {
        record["run_id"]: [
            record["status"],
            record["fresh"],
            [(p["fraction"], p["used"]["steps"], p["scores"]) for p in record["points"]],
        ]
        for record in RunStore(runs).read_all().records
    }


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("undisturbed")
    command = [sys.executable, "-m", "ganbench", "run", *SELECTION, *BUDGET]
    env = {**os.environ, **python_path(HAZARDS, GATES)}
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return results(folder / "runs")


def checkpoints(runs: Path) -> list[int]:
    """Steps that the runs had done when they wrote their latest ones."""
    states = [load_checkpoint(folder, pytest.fail) for folder in runs.glob("*/checkpoint")]
    return [state["clock"]["steps"] for state in states if state]


def finish(start: Start, runs: Path) -> list[int]:
    """Run the same command to its end; how often each run went on from a checkpoint."""
    again = start(*SELECTION, *BUDGET)
    _, stderr = again.communicate()
    assert again.returncode == 0, stderr
    return [record["resumed"] for record in RunStore(runs).read_all().records]


@pytest.mark.parametrize(
    ("number", "code"),
    [
        (signal.SIGTERM, 143),
        pytest.param(signal.SIGINT, 130, marks=pytest.mark.slow),
    ],
)
def test_asked_to_stop_it_keeps_every_state_and_goes_on(
    start: Start,
    gates: Gates,
    tmp_path: Path,
    undisturbed: dict[str, Any],
    number: signal.Signals,
    code: int,
) -> None:
    runs = tmp_path / "runs"
    gates.shut(GATE)
    first = start(*SELECTION, *BUDGET, gates=gates, steered=True)
    until(lambda: len(gates.told(GATE)) == 2, first)
    first.send_signal(number)
    _, stderr = first.communicate()
    assert first.returncode == code
    assert "Traceback" not in stderr
    assert "the same command goes on" in stderr
    assert checkpoints(runs) == [8, 8]
    assert results(runs) == {}
    assert finish(start, runs) == [1, 1]
    assert results(runs) == undisturbed
    assert not list(runs.glob("*/checkpoint/*"))


@pytest.mark.slow
def test_a_second_interrupt_stops_at_once(start: Start, gates: Gates) -> None:
    """Without it, the command would wait for its hanging run for a day."""
    selection = ("hazard-hang", "--task", "ring8", "--seeds", "0")
    first = start(*selection, *BUDGET, gates=gates, steered=True)
    until(lambda: gates.told("hanging"), first)
    first.send_signal(signal.SIGINT)
    until(lambda: gates.told("asked"), first)
    first.send_signal(signal.SIGINT)
    _, stderr = first.communicate()
    assert first.returncode == 130
    assert "Traceback" not in stderr


def test_a_killed_parent_costs_nothing_but_time(
    start: Start, gates: Gates, tmp_path: Path, undisturbed: dict[str, Any]
) -> None:
    runs = tmp_path / "runs"
    gates.shut(GATE)
    first = start(*SELECTION, *BUDGET, *ALL_THE_TIME, gates=gates)
    until(lambda: len(gates.told(GATE)) == 2, first)
    assert checkpoints(runs) == [7, 7]
    first.kill()
    first.communicate()
    assert finish(start, runs) == [1, 1]
    assert results(runs) == undisturbed


@pytest.mark.slow
def test_two_at_once_share_the_runs(
    start: Start, tmp_path: Path, undisturbed: dict[str, Any]
) -> None:
    both = [start(*SELECTION, *BUDGET) for _ in range(2)]
    for one in both:
        _, stderr = one.communicate()
        assert one.returncode == 0, stderr
    assert results(tmp_path / "runs") == undisturbed


FLAKY = ("hazard-flaky", "--task", "ring8", "--seeds", "0", "--budget", "30steps")


def test_a_vanished_worker_is_tried_again_from_its_checkpoint(
    start: Start, gates: Gates, tmp_path: Path
) -> None:
    """It is killed at its 20th step, in its first try only."""
    run = start(*FLAKY, *ALL_THE_TIME, gates=gates)
    _, stderr = run.communicate()
    assert run.returncode == 0, stderr
    (record,) = RunStore(tmp_path / "runs").read_all().records
    assert record["status"] == "ok"
    assert record["resumed"] == 1


@pytest.mark.slow
def test_without_retries_a_vanished_worker_is_recorded(
    start: Start, gates: Gates, tmp_path: Path
) -> None:
    run = start(*FLAKY, "--retries", "0", gates=gates)
    run.communicate()
    assert run.returncode == 1
    (record,) = RunStore(tmp_path / "runs").read_all().records
    assert record["status"] == "killed"
    assert record["failure"]["signal"] == "SIGKILL"
