"""Runs that misbehave cost themselves only, and leave a record that says what happened."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ganbench.results.store import RunStore

HAZARDS = Path(__file__).parents[1] / "data" / "hazards"


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
    "hoard": ("oom", "GiB of main memory in 2 processes, more than the limit of 2.00 GiB", None),
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
    env = {**os.environ, "PYTHONPATH": str(HAZARDS), "NO_COLOR": "1"}
    env["HAZARD_MARK"] = str(folder / "children")
    (folder / "children").touch()
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, timeout=500)
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
    children = [int(line) for line in (hazards[2] / "children").read_text().split()]
    assert len(children) == 80
    assert not [pid for pid in children if _is_alive(pid)]


def test_a_hanging_run_is_ended_with_its_children(ganbench_cli: Any, tmp_path: Path) -> None:
    done = ganbench_cli(
        *("run", "hazard-orphans", "--task", "ring8", "--seeds", "0", "--budget", "30steps"),
        *("--limit", "20s"),
        plugins=[HAZARDS],
    )
    assert done.returncode == 1
    record = _records(tmp_path / "runs")["hazard-orphans"]
    assert record["status"] == "timeout"
    found = re.search(r"child (\d+)", record["failure"]["traceback"])
    assert found is not None
    with pytest.raises(ProcessLookupError):
        os.kill(int(found[1]), 0)


def _start(folder: Path, *arguments: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "ganbench", "run", *arguments, "--task", "ring8"]
    env = {**os.environ, "PYTHONPATH": str(HAZARDS), "HAZARD_MARK": str(folder / "children")}
    pipes = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    return subprocess.Popen([*command, "--budget", "30steps"], cwd=folder, env=env, **pipes)


def _until(condition: Callable[[], Any]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.1)


def test_no_worker_and_none_of_its_children_outlives_a_killed_parent(tmp_path: Path) -> None:
    children = tmp_path / "children"
    children.touch()
    parent = _start(tmp_path, "hazard-children-hang", "hazard-hang", "--seeds", "0", "--jobs", "2")
    _until(lambda: len(children.read_text().split()) == 40)
    _until(lambda: len(_workers(tmp_path / "runs")) == 2)
    left = [*_workers(tmp_path / "runs"), *map(int, children.read_text().split())]
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    killed = time.monotonic()
    _until(lambda: not [pid for pid in left if _is_alive(pid)])
    assert time.monotonic() - killed < 3  # half a second where nothing else is running


@pytest.mark.slow
def test_who_ignores_that_he_is_asked_to_stop_is_ended_in_time(tmp_path: Path) -> None:
    parent = _start(tmp_path, "hazard-handlers", "--seeds", "0-1", "--jobs", "2")
    _until(lambda: len(_workers(tmp_path / "runs")) == 2)
    time.sleep(1.5)
    asked = time.monotonic()
    parent.send_signal(signal.SIGTERM)
    assert parent.wait(timeout=30) == 143
    assert time.monotonic() - asked < 5
    assert not _workers(tmp_path / "runs")


def test_a_pipe_ends_with_the_command(tmp_path: Path) -> None:
    """The server that workers are forked from must not keep the command's output open."""
    command = [sys.executable, "-m", "ganbench", "run", "vanilla", "--task", "ring8"]
    command += ["--seeds", "0", "--budget", "5steps"]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    with subprocess.Popen(command, cwd=tmp_path, **pipes) as run:  # type: ignore[call-overload]
        reader = threading.Thread(target=run.stdout.read)
        reader.start()
        assert run.wait(timeout=120) == 0
        reader.join(timeout=1)
        assert not reader.is_alive()


def _workers(runs: Path) -> list[int]:
    """Processes that hold the lock of a run folder, as the kernel knows them."""
    inodes = {lock.stat().st_ino for lock in runs.glob("*/lock")}
    holders = []
    for line in Path("/proc/locks").read_text().splitlines():
        fields = line.split()
        if int(fields[5].split(":")[2]) in inodes and fields[1] == "POSIX":
            holders.append(int(fields[4]))
    return holders


def _is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def test_interrupt_keeps_finished_runs_and_exits_130(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "ganbench", "run", "vanilla", "hazard-hang"]
    command += ["--task", "ring8", "--seeds", "0", "--budget", "30steps", "--jobs", "1"]
    env = {**os.environ, "PYTHONPATH": str(HAZARDS)}
    parent = subprocess.Popen(
        command, cwd=tmp_path, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if any("hang" in lock.parent.name for lock in (tmp_path / "runs").glob("*/lock")):
            break
        time.sleep(0.1)
    time.sleep(0.5)
    parent.send_signal(signal.SIGINT)
    _, stderr = parent.communicate(timeout=30)
    assert parent.returncode == 130
    assert "Traceback" not in stderr
    assert [record["status"] for record in _records(tmp_path / "runs").values()] == ["ok"]
    assert not _workers(tmp_path / "runs")


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
