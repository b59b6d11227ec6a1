"""Runs that misbehave cost themselves only, and leave a record that says what happened."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import IO, Any

import psutil
import pytest

from ganbench.execution.executors.executor import GRACE_SECONDS
from ganbench.results.store import RunStore

from ..steering import GATES, HAZARDS, Gates, is_alive, python_path, until, workers
from .conftest import Start

pytestmark = pytest.mark.whole

ONE = ("--task", "ring8", "--seeds", "0", "--budget", "30steps")


def _records(runs: Path) -> dict[str, Any]:
    return {record["spec"]["variant"]: record for record in RunStore(runs).read_all().records}


QUICK: dict[str, tuple[str, str | None, str | None]] = {
    "raise": ("error", "ValueError: a bug in the loss", None),
    "sys-exit": ("error", "sys.exit(7)", None),
    "hard-exit": ("error", "exit code 3", None),
    "kill": ("killed", "SIGKILL", "SIGKILL"),
    "segfault": ("killed", "SIGSEGV", "SIGSEGV"),
    "memory": ("oom", "allocate", None),
    "nan": ("nonfinite_weights", "not finite at step", None),
    "hoard": ("oom", "GiB of main memory in 2 processes, more than the limit of 2 GiB", None),
    "cuda-memory": ("oom", "CUDA out of memory", None),
    "flood": ("error", "more than the limit of 50 MB; --max-output sets it", None),
    "thread": ("ok", None, None),
    "closed": ("ok", None, None),
    "children": ("ok", None, None),
    "children-killed": ("killed", "SIGKILL", "SIGKILL"),
    "folder": ("ok", None, None),
    "own-folder": ("error", "FileNotFoundError", None),
    "garbage": ("ok", None, None),
    "patched": ("error", "torch is broken", None),
    "interrupt": ("error", "KeyboardInterrupt", None),
    "recursion": ("error", "RecursionError", None),
    "descriptors": ("error", "exit code 1", None),
    "stdin": ("ok", None, None),
}
"""Hazard -> status, part of the message, signal."""


@pytest.fixture(scope="module")
def hazards(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Any:
    """One plan with every quick hazard in it, and a sound variant last."""
    folder = tmp_path_factory.mktemp("hazards")
    command = [sys.executable, "-m", "ganbench", "run", *(f"hazard-{name}" for name in QUICK)]
    command += ["vanilla", "--task", "ring8", "--seeds", "0", "--budget", "30steps"]
    command += ["--retries", "0", "--memory", "3800MB", "--host-memory", "2GiB"]
    command += ["--max-output", "50MB", "--runs", "runs"]
    (folder / "gates").mkdir()
    env = {**os.environ, **python_path(HAZARDS, GATES), "NO_COLOR": "1"}
    env |= Gates(folder / "gates").environment
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True)
    return done, _records(folder / "runs"), folder


def test_the_rest_of_the_plan_finishes_and_the_exit_code_tells(hazards: Any) -> None:
    done, records, folder = hazards
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert len(records) == len(QUICK) + 1 == len(list(folder.glob("runs/*/record.json")))
    assert records["vanilla"]["status"] == "ok"


@pytest.mark.parametrize("name", QUICK)
def test_status(hazards: Any, name: str) -> None:
    record = hazards[1][f"hazard-{name}"]
    status, message, number = QUICK[name]
    assert record["status"] == status
    if message is None:
        assert record["failure"] is None
        assert record["used"]["steps"] == 30
    else:
        assert message in record["failure"]["message"]
        assert record["failure"]["signal"] == number


def test_a_raised_error_keeps_its_traceback_and_a_lost_worker_its_log(hazards: Any) -> None:
    assert "in act" in hazards[1]["hazard-raise"]["failure"]["traceback"]
    assert "about to leave" in hazards[1]["hazard-hard-exit"]["failure"]["traceback"]


def test_the_log_of_a_flood_keeps_its_two_ends(hazards: Any) -> None:
    (log,) = hazards[2].glob("runs/hazard-flood-*/log.txt")
    text = log.read_text()
    assert text.startswith("the first line\n")
    assert re.search(r"\n\.\.\. [\d,]+ bytes of this log were cut \.\.\.\n", text)
    assert text.splitlines()[-2] == "a line of a flood"  # it was killed amid the last one
    assert log.stat().st_size < 3e6


def test_garbage_in_place_of_a_record_is_set_aside(hazards: Any) -> None:
    (garbage,) = hazards[2].glob("runs/hazard-garbage-*/record.json.damaged-1")
    assert garbage.read_text() == '{"status": "ok"}'


def test_no_child_outlives_its_run(hazards: Any) -> None:
    """40 were left running by a run that ended well, and 40 by one that was killed."""
    children = Gates(hazards[2] / "gates").told("child-of-*")
    assert len(children) == 80
    assert not [pid for pid in children if is_alive(pid)]


def test_a_hanging_run_is_ended_with_its_children(
    start: Start, gates: Gates, tmp_path: Path
) -> None:
    """To the command, an hour passes while it hangs."""
    run = start("hazard-orphans", *ONE, "--limit", "30m", gates=gates, steered=True)
    run.communicate()
    assert run.returncode == 1
    record = _records(tmp_path / "runs")["hazard-orphans"]
    assert record["status"] == "timeout"
    assert "stopped after its limit of 1800 s" in record["failure"]["message"]
    found = re.search(r"child (\d+)", record["failure"]["traceback"])
    assert found is not None
    assert not is_alive(int(found[1]))


def test_no_worker_and_none_of_its_children_outlives_a_killed_parent(
    start: Start, gates: Gates, tmp_path: Path
) -> None:
    parent = start("hazard-children-hang", "hazard-hang", *ONE, "--jobs", "2", gates=gates)
    until(lambda: len(gates.told("hanging")) == 2, parent)
    hanging = gates.told("hanging")
    assert sorted(workers(tmp_path / "runs")) == hanging
    children = gates.told("child-of-*")
    assert len(children) == 40
    parent.kill()
    parent.wait()
    until(lambda: not any(map(is_alive, [*hanging, *children])))


@pytest.mark.slow
def test_who_ignores_that_he_is_asked_to_stop_is_ended_in_time(
    start: Start, gates: Gates, tmp_path: Path
) -> None:
    """Within five seconds; that nobody waits for him for ever is what is tested here."""
    assert GRACE_SECONDS < 5
    selection = ("hazard-handlers", "--task", "ring8", "--seeds", "0-1", "--jobs", "2")
    parent = start(*selection, "--budget", "30steps", gates=gates)
    until(lambda: len(gates.told("hanging")) == 2, parent)
    parent.terminate()
    assert parent.wait() == 143
    assert not workers(tmp_path / "runs")


def test_a_pipe_ends_with_the_command(start: Start, gates: Gates) -> None:
    """Neither the server that workers are forked from nor a worker keeps its output open."""
    run = start("hazard-hang", *ONE, gates=gates)
    until(lambda: gates.told("hanging"), run)
    pipes = {_pipe(run.stdout), _pipe(run.stderr)}
    assert pipes <= _open_files(run.pid)
    children = psutil.Process(run.pid).children(recursive=True)
    # Python's own tracker of shared memory does, and leaves with the command.
    others = [one.pid for one in children if "resource_tracker" not in " ".join(one.cmdline())]
    assert len(others) == 2
    assert gates.told("hanging")[0] in others
    assert not any(pipes & _open_files(pid) for pid in others)
    run.terminate()
    run.communicate()


def _pipe(end: IO[str] | None) -> Path:
    assert end is not None
    return Path(f"/proc/self/fd/{end.fileno()}").readlink()


def _open_files(pid: int) -> set[Path]:
    found = set()
    for one in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # closed since
            found.add(one.readlink())
    return found


def test_interrupt_keeps_finished_runs_and_exits_130(
    start: Start, gates: Gates, tmp_path: Path
) -> None:
    parent = start("vanilla", "hazard-hang", *ONE, "--jobs", "1", gates=gates)
    until(lambda: gates.told("hanging"), parent)
    parent.send_signal(signal.SIGINT)
    _, stderr = parent.communicate()
    assert parent.returncode == 130
    assert "Traceback" not in stderr
    assert [record["status"] for record in _records(tmp_path / "runs").values()] == ["ok"]
    assert not workers(tmp_path / "runs")


def test_finished_runs_are_reused(ganbench_cli: Any, tmp_path: Path) -> None:
    selection = ("run", "vanilla", "--task", "ring8", "--seeds", "0-1", "--budget", "20steps")
    assert ganbench_cli(*selection).returncode == 0
    stamps = {path: path.stat().st_mtime_ns for path in tmp_path.glob("runs/*/record.json")}
    assert len(stamps) == 2
    again = ganbench_cli(*selection)
    assert again.returncode == 0
    assert "2 runs (0 new)" in again.stderr
    assert stamps == {path: path.stat().st_mtime_ns for path in tmp_path.glob("runs/*/record.json")}


def test_one_spec_twice_gives_the_same_bits(ganbench_cli: Any, tmp_path: Path) -> None:
    for runs in ("a", "b"):
        done = ganbench_cli(
            *("run", "--all", "--seeds", "3", "--budget", "40steps", "--runs", runs)
        )
        assert done.returncode == 0, done.stderr
    first, second = (
        {record["run_id"]: record for record in RunStore(tmp_path / runs).read_all().records}
        for runs in ("a", "b")
    )
    assert first.keys() == second.keys()
    assert len(first) == 9
    for run_id, record in first.items():
        assert _results(record) == _results(second[run_id])
        for name in ("history.jsonl", "samples.png"):
            one, other = (tmp_path / runs / run_id / name for runs in ("a", "b"))
            assert one.read_bytes() == other.read_bytes()


def _results(record: Any) -> str:
    """All that a run has computed, without its times."""
    points = [{**point, "used": {**point["used"], "seconds": None}} for point in record["points"]]
    return json.dumps([record["status"], record["columns"], points], sort_keys=True)
