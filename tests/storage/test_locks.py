"""Locks that keep other processes and threads out, and end with their holder."""

from __future__ import annotations

import fcntl
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from ganbench.storage.locks import is_held, locked, take_fence


def test_a_lock_is_held_inside_and_free_afterwards(tmp_path: Path) -> None:
    target = tmp_path / "weights"
    with (tmp_path / ".weights.lock").open("w") as other:
        with locked(target), pytest.raises(BlockingIOError):
            fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
        fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)


def test_lock_keeps_others_out(tmp_path: Path) -> None:
    inside, together, kept_out = 0, [], []

    def is_free() -> bool:
        with (tmp_path / ".file.lock").open("w") as other:
            try:
                fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
        return True

    def work() -> None:
        nonlocal inside
        for _ in range(20):  # those who come back meet a lock that was removed meanwhile
            with locked(tmp_path / "file"):
                inside += 1
                kept_out.append(not is_free())
                together.append(inside)
                inside -= 1

    threads = [threading.Thread(target=work) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert together == [1] * 100
    assert kept_out == [True] * 100
    assert list(tmp_path.iterdir()) == []


def test_a_missing_folder_is_told(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), locked(tmp_path / "missing" / "weights"):
        pass
    with pytest.raises(FileNotFoundError):
        take_fence(tmp_path / "missing" / "lock")


HOLD = """
import sys, pathlib
from ganbench.storage.locks import take_fence
fence = take_fence(pathlib.Path(sys.argv[1]))
print(fence is not None, flush=True)
sys.stdin.read()
"""


def test_a_fence_is_seen_and_ends_with_its_holder(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    assert not is_held(lock)
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", HOLD, str(lock)], **pipes) as other:  # type: ignore[call-overload]
        assert other.stdout.readline() == b"True\n"
        assert is_held(lock)
        assert take_fence(lock) is None
        other.kill()
    assert not is_held(lock)
    with take_fence(lock) or pytest.fail("the fence outlived its holder"):
        pass


LOOK = """
import os, sys, pathlib
from ganbench.storage.locks import is_held
os.chdir(sys.argv[1])  # where nobody but its owner may come by a path
if os.geteuid() == 0:  # who may write everywhere
    os.seteuid(65534)
lock = pathlib.Path("lock")
try:
    lock.open("r+b")
    sys.exit("it may be written to")
except PermissionError:
    print(is_held(lock))
"""


def test_who_may_only_read_sees_whether_a_fence_is_held(tmp_path: Path) -> None:
    """As a colleague does on a shared folder, whose owner's process has died or goes on."""
    (lock := tmp_path / "lock").touch()
    lock.chmod(0o444)
    tmp_path.chmod(0o755)

    def look() -> str:
        done = subprocess.run(
            [sys.executable, "-c", LOOK, str(tmp_path)], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    assert look() == "False\n"
    lock.chmod(0o644)  # for its owner, who takes it
    command = [sys.executable, "-c", HOLD, str(lock)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, **pipes) as owner:  # type: ignore[call-overload]
        assert owner.stdout.readline() == b"True\n"
        lock.chmod(0o444)
        assert look() == "True\n"
        owner.kill()
    assert look() == "False\n"


LOOK_ON = """
import fcntl, sys
file = open(sys.argv[1], "rb")
fcntl.lockf(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
print("looks", flush=True)
sys.stdin.read()
"""


def test_two_who_look_at_once_do_not_see_each_other(tmp_path: Path) -> None:
    (lock := tmp_path / "lock").touch()
    command = [sys.executable, "-c", LOOK_ON, str(lock)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, **pipes) as other:  # type: ignore[call-overload]
        assert other.stdout.readline() == b"looks\n"
        assert not is_held(lock)
        other.kill()
