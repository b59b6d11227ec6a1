"""Limits of one run: what is counted, and what is said."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

from ganbench.api.executors import Limits
from ganbench.execution.executors import limits as module
from ganbench.execution.executors.limits import LimitWatch, bounded, output_bytes
from ganbench.execution.executors.processes import descendants, end_descendants, memory
from ganbench.running.log import KEPT_BYTES, shorten
from ganbench.storage.reading import tail


def _watch(folder: Path, **limits: float) -> LimitWatch:
    wide = {"seconds": 1e6, "host_bytes": 2**40, "output_bytes": 2**40}
    return LimitWatch(Limits(**{**wide, **limits}), folder, os.getpid())  # type: ignore[arg-type]


def test_within_its_limits_nothing_is_said(tmp_path: Path) -> None:
    assert _watch(tmp_path).breach() is None


def test_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1000.0]
    monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda: now[0]))
    watch = _watch(tmp_path, seconds=90)
    for now[0] in (1000.0, 1045.0, 1090.0):
        assert watch.breach() is None
    now[0] = 1090.1
    breach = watch.breach()
    assert breach is not None
    assert (breach.limit, breach.message) == (
        "time",
        "stopped after its limit of 90 s; --limit sets it",
    )


def test_memory_of_all_processes_counts(tmp_path: Path) -> None:
    own, one = memory(os.getpid(), 2**40)
    script = "import signal; hoard = b'x' * 300_000_000; print('ready', flush=True); signal.pause()"
    child = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE)
    try:
        assert child.stdout is not None
        assert child.stdout.readline() == b"ready\n"
        both, two = memory(os.getpid(), 2**40)
        assert both - own > 290e6
        assert two == one + 1
        breach = _watch(tmp_path, host_bytes=100_000_000).breach()
        assert breach is not None
        assert breach.limit == "memory"
        assert f"in {two} processes, more than the limit of 95.4 MiB" in breach.message
        assert child.pid in [process.pid for process in descendants(os.getpid())]
        end_descendants(child.pid)
        assert child.poll() is None  # that ends what it has started, and not the process
    finally:
        child.kill()
        child.communicate()


def test_pages_that_processes_share_count_once(tmp_path: Path) -> None:
    hoard = bytearray(os.urandom(1)) * 200_000_000
    pid = os.fork()
    if pid == 0:
        signal.pause()
        os._exit(0)
    try:
        lazy, _ = memory(os.getpid(), 2**40)
        exact, _ = memory(os.getpid(), 0)
        assert lazy - exact > 0.9 * len(hoard)
    finally:
        os.kill(pid, 9)
        os.waitpid(pid, 0)


def test_output_counts_files_and_not_checkpoints(tmp_path: Path) -> None:
    (tmp_path / "log.txt").write_bytes(b"x" * 1000)
    (tmp_path / "checkpoint").mkdir()
    (tmp_path / "checkpoint" / "latest.safetensors").write_bytes(b"x" * 5000)
    assert output_bytes(tmp_path) == 1000
    assert output_bytes(tmp_path / "gone") == 0
    breach = _watch(tmp_path, output_bytes=999).breach()
    assert breach is not None
    assert breach.limit == "output"
    assert "--max-output" in breach.message


def test_by_default_a_run_may_use_nearly_all_of_the_memory() -> None:
    def host_bytes(asked: int | None) -> int | None:
        return bounded(Limits(seconds=1.0, host_bytes=asked, output_bytes=1)).host_bytes

    total = psutil.virtual_memory().total
    found = host_bytes(None)
    assert found is not None
    assert 0.85 * total < found < total
    assert host_bytes(5) == 5


def test_a_log_within_its_limit_is_left_alone(tmp_path: Path) -> None:
    log = tmp_path / "log.txt"
    log.write_bytes(b"a" * 100)
    shorten(log, 50)  # so short a log has no middle to cut
    assert log.read_bytes() == b"a" * 100
    shorten(tmp_path / "none", 50)


def test_of_a_log_over_its_limit_the_ends_are_kept(tmp_path: Path) -> None:
    log = tmp_path / "log.txt"
    log.write_bytes(b"begin\n" + b"x" * 5 * KEPT_BYTES + b"\nend\n")
    shorten(log, 3 * KEPT_BYTES)
    assert log.read_bytes().startswith(b"begin\nxxx")
    assert tail(log, 1) == "end"
    assert 2 * KEPT_BYTES < log.stat().st_size < 2 * KEPT_BYTES + 100
