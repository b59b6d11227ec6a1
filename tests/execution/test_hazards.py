"""Runs that misbehave cost themselves only, and leave a record that says what happened."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest

from ganbench.results.store import RunStore

HAZARDS = Path(__file__).parents[1] / "data" / "hazards"


def _records(runs: Path) -> dict[str, Any]:
    return {record["spec"]["variant"]: record for record in RunStore(runs).read_all().records}


@pytest.fixture(scope="module")
def hazards(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Any:
    """One plan with every quick hazard in it, and a sound variant last."""
    import subprocess
    import sys

    folder = tmp_path_factory.mktemp("hazards")
    names = ["raise", "sys-exit", "hard-exit", "kill", "segfault", "memory", "nan"]
    command = [sys.executable, "-m", "ganbench", "run", *(f"hazard-{name}" for name in names)]
    command += ["vanilla", "--task", "ring8", "--seeds", "0", "--budget", "30steps"]
    command += ["--memory", "2GiB", "--runs", str(folder / "runs")]
    env = {**os.environ, "PYTHONPATH": str(HAZARDS), "NO_COLOR": "1"}
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=300)
    return done, _records(folder / "runs")


def test_the_rest_of_the_plan_finishes_and_the_exit_code_tells(hazards: Any) -> None:
    done, records = hazards
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert len(records) == 8
    assert records["vanilla"]["status"] == "ok"


@pytest.mark.parametrize(
    ("name", "status", "message", "signal"),
    [
        ("raise", "error", "ValueError: a bug in the loss", None),
        ("sys-exit", "error", "sys.exit(7)", None),
        ("hard-exit", "error", "exit code 3", None),
        ("kill", "killed", "SIGKILL", "SIGKILL"),
        ("segfault", "killed", "SIGSEGV", "SIGSEGV"),
        ("memory", "oom", "allocate", None),
        ("nan", "nonfinite_weights", "not finite at step", None),
    ],
)
def test_status(hazards: Any, name: str, status: str, message: str, signal: str | None) -> None:
    record = hazards[1][f"hazard-{name}"]
    assert record["status"] == status
    assert message in record["failure"]["message"]
    assert record["failure"]["signal"] == signal


def test_a_raised_error_keeps_its_traceback_and_a_lost_worker_its_log(hazards: Any) -> None:
    assert "in act" in hazards[1]["hazard-raise"]["failure"]["traceback"]
    assert "about to leave" in hazards[1]["hazard-hard-exit"]["failure"]["traceback"]


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


def test_no_worker_outlives_a_killed_parent(ganbench_cli: Any, tmp_path: Path) -> None:
    import signal
    import subprocess
    import sys
    import time

    command = [sys.executable, "-m", "ganbench", "run", "hazard-hang"]
    command += ["--task", "ring8", "--seeds", "0-1", "--budget", "30steps", "--jobs", "2"]
    env = {**os.environ, "PYTHONPATH": str(HAZARDS)}
    parent = subprocess.Popen(
        command, cwd=tmp_path, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and len(_workers(tmp_path / "runs")) < 2:
        time.sleep(0.1)
    workers = _workers(tmp_path / "runs")
    assert len(workers) == 2
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    time.sleep(1)
    assert not [pid for pid in workers if _is_alive(pid)]


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
    import signal
    import subprocess
    import sys
    import time

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
