"""One process at a time in a run's folder, and nothing half-written left in it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from ganbench.execution.fence import tidy, tidy_finished
from ganbench.results.record import COUNTED
from ganbench.results.seal import seal
from ganbench.results.store import LOCK_FILE
from ganbench.storage.locks import take_fence

from ..results.synthetic import curve, record, spec

HOLD = """
import sys, pathlib
from ganbench.storage.locks import take_fence
fence = take_fence(pathlib.Path(sys.argv[1], "lock"))
print(fence is not None, flush=True)
sys.stdin.read()
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A run's folder in which writers of every file have been killed."""
    (tmp_path / "checkpoint").mkdir()
    for name in (
        *("spec.json", "log.txt", ".record.json.a1b2.tmp", ".spec.json.c3.tmp"),
        ".cancel.json.d4.tmp",
        *(".progress.json.tmp", "checkpoint/latest.safetensors", "checkpoint/previous.safetensors"),
        *("checkpoint/.latest.safetensors.17.tmp", "checkpoint/.tmp1zBWnE"),
        *("checkpoint/latest.safetensors.damaged-1",),
    ):
        (tmp_path / name).touch()
    return tmp_path


def names(folder: Path) -> set[str]:
    files = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    return files - {"lock"}


KEPT = {"spec.json", "log.txt", "checkpoint/latest.safetensors.damaged-1"}
OTHERS = {".spec.json.c3.tmp", ".cancel.json.d4.tmp"}
"""Of commands that need no fence to write them, as one that waits for this run."""
CHECKPOINTS = {"checkpoint/latest.safetensors", "checkpoint/previous.safetensors"}


def test_an_unfinished_run_keeps_its_checkpoints(folder: Path) -> None:
    tidy(folder)
    assert names(folder) == KEPT | CHECKPOINTS | OTHERS


def end(folder: Path, status: str) -> None:
    ended = record(spec(), curve("ring8", 2, 0), status)
    (folder / "record.json").write_bytes(seal(ended))


@pytest.mark.parametrize("status", COUNTED)
def test_a_run_with_a_result_does_not(folder: Path, status: str) -> None:
    end(folder, status)
    tidy_finished(folder)
    assert names(folder) == KEPT | {"record.json"}


@pytest.mark.parametrize("status", ["error", "oom", "timeout", "killed", "damaged"])
def test_after_an_accident_they_are_kept_for_the_next_try(folder: Path, status: str) -> None:
    if status == "damaged":
        (folder / "record.json").touch()
    else:
        end(folder, status)
    tidy_finished(folder)
    assert names(folder) == KEPT | CHECKPOINTS | {"record.json"}


def test_where_nothing_is_left_nothing_is_touched(tmp_path: Path) -> None:
    tidy_finished(tmp_path / "nowhere")
    tidy_finished(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_the_fence_keeps_others_out_until_its_holder_ends(folder: Path) -> None:
    (folder / "record.json").touch()
    before = names(folder)
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", HOLD, str(folder)], **pipes) as other:  # type: ignore[call-overload]
        assert other.stdout.readline() == b"True\n"
        assert take_fence(folder / LOCK_FILE) is None
        tidy_finished(folder)
        assert names(folder) == before
        other.kill()
    with take_fence(folder / LOCK_FILE) or pytest.fail("the fence outlived its holder"):
        pass
