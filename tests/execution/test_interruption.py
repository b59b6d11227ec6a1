"""Stopping a plan in every way there is, and going on with the same command."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ganbench.results.store import RunStore

HAZARDS = Path(__file__).parents[1] / "data" / "hazards"
SELECTION = ("vanilla", "--task", "ring8", "--seeds", "0-1", "--jobs", "2", "--allow-failures")
BUDGET = ("--budget", "700steps")


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Start `ganbench run` in the background; whatever is left of it ends with the test."""
    started = []

    def begin(*arguments: str, **environment: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "ganbench", "run", *arguments]
        env = {**os.environ, "NO_COLOR": "1", "PYTHONPATH": str(HAZARDS), **environment}
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        started.append(subprocess.Popen(command, cwd=tmp_path, env=env, **pipes))  # type: ignore[call-overload]
        return started[-1]

    yield begin
    for process in started:
        process.kill()
        process.communicate()


def progress(runs: Path) -> list[int]:
    """Steps of the runs under way."""
    return [
        int(json.loads(path.read_bytes())["step"])
        for path in runs.glob("*/progress.json")
        if not (path.parent / "record.json").exists()
    ]


def until(condition: Callable[[], Any], seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


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
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return results(folder / "runs")


def finish(start: Any, runs: Path) -> list[int]:
    """Run the same command to its end; how often each run went on from a checkpoint."""
    again = start(*SELECTION, *BUDGET)
    _, stderr = again.communicate(timeout=300)
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
    start: Any, tmp_path: Path, undisturbed: dict[str, Any], number: signal.Signals, code: int
) -> None:
    runs = tmp_path / "runs"
    first = start(*SELECTION, *BUDGET)
    until(lambda: len(steps := progress(runs)) == 2 and min(steps) > 5)
    first.send_signal(number)
    asked = time.monotonic()
    first.wait(timeout=30)
    assert time.monotonic() - asked < 5
    _, stderr = first.communicate(timeout=30)
    assert first.returncode == code
    assert "Traceback" not in stderr
    assert "the same command goes on" in stderr
    assert len(list(runs.glob("*/checkpoint/latest.safetensors"))) == 2
    assert results(runs) == {}
    assert finish(start, runs) == [1, 1]
    assert results(runs) == undisturbed
    assert not list(runs.glob("*/checkpoint/*"))


@pytest.mark.slow
def test_a_second_interrupt_stops_at_once(start: Any, tmp_path: Path) -> None:
    first = start("hazard-hang", "--task", "ring8", "--seeds", "0", *BUDGET)
    until(lambda: len(list((tmp_path / "runs").glob("*/lock"))) == 1)
    time.sleep(1.5)
    first.send_signal(signal.SIGINT)
    time.sleep(0.5)
    first.send_signal(signal.SIGINT)
    asked = time.monotonic()
    first.wait(timeout=30)
    assert time.monotonic() - asked < 2  # a hanging run would have five seconds of grace
    _, stderr = first.communicate(timeout=30)
    assert first.returncode == 130
    assert "Traceback" not in stderr


def test_a_killed_parent_costs_nothing_but_time(
    start: Any, tmp_path: Path, undisturbed: dict[str, Any]
) -> None:
    runs = tmp_path / "runs"
    first = start(*SELECTION, *BUDGET, "--checkpoint-every", "0.2s")
    until(lambda: len(list(runs.glob("*/checkpoint/latest.safetensors"))) == 2)
    first.kill()
    first.communicate()
    assert finish(start, runs) == [1, 1]
    assert results(runs) == undisturbed


@pytest.mark.slow
def test_two_at_once_share_the_runs(
    start: Any, tmp_path: Path, undisturbed: dict[str, Any]
) -> None:
    both = [start(*SELECTION, *BUDGET) for _ in range(2)]
    for one in both:
        _, stderr = one.communicate(timeout=300)
        assert one.returncode == 0, stderr
    assert results(tmp_path / "runs") == undisturbed


def test_a_vanished_worker_is_tried_again_from_its_checkpoint(start: Any, tmp_path: Path) -> None:
    """It is killed at its 2,000th step, in its first try only."""
    selection = ("hazard-flaky", "--task", "ring8", "--seeds", "0", "--budget", "2100steps")
    mark = {"HAZARD_MARK": str(tmp_path / "mark")}
    run = start(*selection, "--checkpoint-every", "0.05s", **mark)
    _, stderr = run.communicate(timeout=120)
    assert run.returncode == 0, stderr
    (record,) = RunStore(tmp_path / "runs").read_all().records
    assert record["status"] == "ok"
    assert record["resumed"] == 1


@pytest.mark.slow
def test_without_retries_a_vanished_worker_is_recorded(start: Any, tmp_path: Path) -> None:
    selection = ("hazard-flaky", "--task", "ring8", "--seeds", "0", "--budget", "2100steps")
    run = start(*selection, "--retries", "0", HAZARD_MARK=str(tmp_path / "mark"))
    run.communicate(timeout=120)
    assert run.returncode == 1
    (record,) = RunStore(tmp_path / "runs").read_all().records
    assert record["status"] == "killed"
    assert record["failure"]["signal"] == "SIGKILL"
