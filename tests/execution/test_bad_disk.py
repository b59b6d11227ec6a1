"""Disks that are really full, folders that really cannot be written to, files that hit a limit.

Mounting needs root; without it the limit on the size of files, which needs nothing, is what is
left, and the other tests say why they are skipped.
"""

from __future__ import annotations

import contextlib
import os
import resource
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from ganbench.api.errors import GanbenchError
from ganbench.publishing.publish import publish
from ganbench.results.store import RunStore
from ganbench.storage import tensorcache
from ganbench.storage.tensorcache import TensorCache
from ganbench.training.checkpoint import load_checkpoint, save_checkpoint

from ..results.synthetic import curve, record, spec
from .conftest import mount

Cli = Callable[..., "subprocess.CompletedProcess[str]"]
RUNS = [record(spec("vanilla", "ring8", seed), curve("ring8", 2, seed)) for seed in (0, 1, 2)]
STATE = {"run_id": "a", "weights": torch.arange(4000.0)}


@contextlib.contextmanager
def full(folder: Path) -> Iterator[None]:
    """Not a byte is left, until the block ends."""
    ballast = folder / "ballast"
    with ballast.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(bytes(4096))
    try:
        yield
    finally:
        ballast.unlink()


@contextlib.contextmanager
def read_only(folder: Path) -> Iterator[None]:
    mount("-o", "remount,ro", str(folder))
    try:
        yield
    finally:
        mount("-o", "remount,rw", str(folder))


@contextlib.contextmanager
def limited(_: Path) -> Iterator[None]:
    """No file may grow beyond 100 bytes: as a quota, or `ulimit -f`."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.fixture(params=[full, read_only, limited], ids=["full", "read-only", "limited"])
def bad(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Path, Any]:
    """A folder, and what makes it impossible to write there while a block lasts."""
    if request.param is limited:
        return tmp_path, limited
    return request.getfixturevalue("disk"), request.param


def contents(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name != "ballast"
    }


def test_no_record_is_lost_and_none_is_half_there(bad: tuple[Path, Any]) -> None:
    folder, broken = bad
    store = RunStore(folder / "runs")
    assert store.write(RUNS[0])
    before = contents(folder)
    with broken(folder):
        with pytest.raises(GanbenchError, match=r"cannot write .*record\.json|cannot write .*runs"):
            store.write(RUNS[1])
        assert store.read_all().records == RUNS[:1]
        assert contents(folder) == before
    assert store.write(RUNS[1])
    assert len(store.read_all().records) == 2


def test_a_leaderboard_stays_what_it_was(bad: tuple[Path, Any]) -> None:
    folder, broken = bad
    publish(RUNS[:2], "starter", folder)
    before = contents(folder)
    with broken(folder):
        with pytest.raises(GanbenchError, match=r"cannot write .*starter/"):
            publish(RUNS, "starter", folder)
        assert contents(folder) == before
    publish(RUNS, "starter", folder)
    assert contents(folder) != before


def test_a_checkpoint_stays_what_it_was(bad: tuple[Path, Any]) -> None:
    folder, broken = bad
    save_checkpoint(folder / "checkpoint", STATE)
    before = contents(folder)
    with broken(folder):
        with pytest.raises(OSError, match=r"cannot write|not written whole|No space|Read-only"):
            save_checkpoint(folder / "checkpoint", {**STATE, "run_id": "b"})
        assert contents(folder) == before
    found = load_checkpoint(folder / "checkpoint", pytest.fail)
    assert found is not None
    assert found["run_id"] == "a"


def test_a_cache_costs_time_and_nothing_else(
    bad: tuple[Path, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, broken = bad
    monkeypatch.setenv("GANBENCH_CACHE", str(folder))
    monkeypatch.setattr(tensorcache, "LEAST_SECONDS", -1.0)
    remarks: list[str] = []
    wanted = (torch.arange(1000.0),)
    TensorCache(remarks.append).tensors({"n": 0}, lambda: wanted)
    before = contents(folder)
    with broken(folder):
        cache = TensorCache(remarks.append)
        assert torch.equal(cache.tensors({"n": 0}, pytest.fail)[0], wanted[0])
        for key in (1, 2):
            assert torch.equal(cache.tensors({"n": key}, lambda: wanted)[0], wanted[0])
        assert contents(folder) == before
    assert len(remarks) == 1
    assert remarks[0].startswith("real features are computed and not kept: ")


def test_what_is_damaged_on_a_read_only_disk_is_not_used(disk: Path) -> None:
    store = RunStore(disk)
    for one in RUNS:
        store.write(one)
    file = disk / RUNS[0]["run_id"] / "record.json"
    file.write_bytes(file.read_bytes()[:-1])
    with read_only(disk):
        found = store.read_all()
        assert len(found.records) == 2
        (warning,) = found.warnings
    assert "cannot be renamed: Read-only file system" in warning


@pytest.mark.slow
def test_a_plan_stops_clearly_and_goes_on_when_there_is_room(disk: Path, ganbench_cli: Cli) -> None:
    """The whole way: no space, then a folder that is read-only, then the same command again."""
    chosen = ("run", "vanilla", "--task", "ring8", "--budget", "5steps", "--runs", str(disk))
    assert ganbench_cli(*chosen, "--seeds", "0").returncode == 0
    (first,) = disk.glob("*/record.json")
    kept = first.read_bytes()
    for broken, reason in ((full, "No space left on device"), (read_only, "Read-only file system")):
        with broken(disk):
            done = ganbench_cli(*chosen, "--seeds", "0-1")
            assert done.returncode == 1, done.stderr
            assert reason in done.stderr
            assert f"cannot write {disk}" in done.stderr
            assert "free some space or make the folder writable" in done.stderr
            assert "Traceback" not in done.stderr
            assert ganbench_cli("table", "--runs", str(disk)).returncode == 0
        assert first.read_bytes() == kept
        assert [path for path in disk.glob("*/record.json*") if path != first] == []
    again = ganbench_cli(*chosen, "--seeds", "0-1")
    assert again.returncode == 0, again.stderr
    assert "2 runs (1 new)" in again.stderr
    assert first.read_bytes() == kept


@pytest.mark.slow
def test_a_disk_that_fills_up_while_runs_train(disk: Path, ganbench_cli: Cli) -> None:
    """The runs fill it themselves: some end, and the others when there is room."""
    chosen = ("run", "vanilla", "--task", "ring8", "--budget", "20steps", "--runs", str(disk))
    size = os.statvfs(disk)
    (disk / "big").write_bytes(bytes(size.f_bavail * size.f_frsize - 2**19))  # two runs
    done = ganbench_cli(*chosen, "--seeds", "0-5", "--jobs", "1")
    assert done.returncode == 1
    assert "No space left on device" in done.stderr
    assert "Traceback" not in done.stderr
    store = RunStore(disk)
    before = store.read_all()
    assert 0 < len(before.records) < 6
    assert not before.warnings
    (disk / "big").unlink()
    again = ganbench_cli(*chosen, "--seeds", "0-5", "--retry-failed")
    assert again.returncode == 0, again.stderr
    after = store.read_all()
    assert [one["status"] for one in after.records] == ["ok"] * 6
    assert not after.warnings
