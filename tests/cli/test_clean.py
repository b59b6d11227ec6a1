"""Cleaning removes what can be made again, on request, and nothing else."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

Cli = Callable[..., "CompletedProcess[str]"]

CACHED = {"features/0ab.safetensors", "extractors/classifier-1.safetensors"}
CACHED |= {"datasets/images/2.safetensors", "features/3.safetensors.damaged-1"}
CACHED |= {"features/.4.safetensors.old.tmp", "hashes/6.json"}
FOREIGN = {"features/.0ab.safetensors.lock", "features/.5.safetensors.new.tmp", "mine.txt"}
FOREIGN |= {"datasets/cifar-10/data_batch_1", "datasets/coco/notes.json"}
FOREIGN |= {"notes/thesis.safetensors"}
OURS = {"a/checkpoint/state.safetensors", "a/checkpoint/state.previous.safetensors"}
KEPT = {"a/spec.json", "a/record.json", "a/log.txt", "a/samples.png", "b/spec.json", "b/lock"}
KEPT |= {"b/checkpoint/state.safetensors", "stranger/checkpoint/state.safetensors"}


@pytest.fixture
def heaps(tmp_path: Path) -> Path:
    """A cache, a runs folder, and in both files that are not to go; run `b` is being worked on."""
    for folder, names in (("cache", CACHED | FOREIGN), ("runs", OURS | KEPT)):
        for name in names:
            path = tmp_path / folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(b"x" * 1000)
    os.utime(tmp_path / "cache/features/.4.safetensors.old.tmp", (0, 0))
    return tmp_path


def files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def clean(cli: Cli, heaps: Path, *flags: str) -> dict[str, tuple[int, int, str]]:
    with (heaps / "runs" / "b" / "lock").open("r+b") as lock:
        fcntl.lockf(lock, fcntl.LOCK_EX)
        done = cli("clean", *flags, "--json", GANBENCH_CACHE=str(heaps / "cache"))
    assert done.returncode == 0, done.stderr
    rows = json.loads(done.stdout)
    return {row["name"]: (row["files"], row["bytes"], row["state"]) for row in rows}


@pytest.mark.parametrize("flags", [(), ("--cache", "--checkpoints", "--dry-run")])
def test_nothing_goes_without_a_word(ganbench_cli: Cli, heaps: Path, flags: tuple[str]) -> None:
    state = "would be removed" if flags else "kept"
    assert clean(ganbench_cli, heaps, *flags) == {
        "features": (3, 3000, state),
        "extractors": (1, 1000, state),
        "datasets": (1, 1000, state),
        "hashes": (1, 1000, state),
        "checkpoints": (2, 2000, state),
    }
    assert files(heaps / "cache") == CACHED | FOREIGN
    assert files(heaps / "runs") == OURS | KEPT


def test_what_is_asked_for_goes_and_nothing_else(ganbench_cli: Cli, heaps: Path) -> None:
    assert clean(ganbench_cli, heaps, "--cache")["features"][2] == "removed"
    assert files(heaps / "cache") == FOREIGN
    assert files(heaps / "runs") == OURS | KEPT
    assert clean(ganbench_cli, heaps, "--checkpoints")["checkpoints"] == (2, 2000, "removed")
    assert files(heaps / "runs") == KEPT
    assert clean(ganbench_cli, heaps)["checkpoints"] == (0, 0, "kept")


def test_where_there_is_nothing(ganbench_cli: Cli, tmp_path: Path) -> None:
    done = ganbench_cli("clean", "--cache", "--checkpoints", GANBENCH_CACHE=str(tmp_path / "none"))
    assert done.returncode == 0
    assert "checkpoints" in done.stdout


def test_checkpoints_of_a_bucket_are_not_removed_from_its_mirror(
    ganbench_cli: Cli, tmp_path: Path
) -> None:
    (tmp_path / "bucket").mkdir()
    url = f"file://{tmp_path}/bucket"
    refused = ganbench_cli("clean", "--checkpoints", "--runs", url)
    assert refused.returncode == 2
    assert "kept there" in refused.stderr
    assert ganbench_cli("clean", "--runs", url).returncode == 0
