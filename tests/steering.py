"""Waiting for other processes. No test may depend on how fast, slow or busy a machine is.

So nothing here has a limit of its own: what never happens runs into pytest's time-out, which is
long and only there for that. Runs wait for tests at gates, see `data/gates/ganbench_gates.py`.
"""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from .data.gates.ganbench_gates import POLL_SECONDS, Gates

__all__ = ["GATES", "HAZARDS", "Gates", "is_alive", "python_path", "until", "workers"]

GATES = Path(__file__).parent / "data" / "gates"
"""The folder of modules that let a test steer another process."""

HAZARDS = Path(__file__).parent / "data" / "hazards"
"""The folder of a distribution whose plugins misbehave or wait at gates."""

Found = TypeVar("Found")


def until(condition: Callable[[], Found], *processes: subprocess.Popen[Any]) -> Found:
    """What the condition gives, once that is true.

    Args:
        condition: asked again and again.
        processes: whose work it is to bring it about.

    Raises:
        AssertionError: one of them has ended, and it is still not true.
    """
    while True:
        ended = [one for one in processes if one.poll() is not None]
        if found := condition():
            return found
        for one in ended:
            said = one.stderr.read() if one.stderr else ""
            raise AssertionError(f"waited in vain, exit code {one.returncode}: {said}")
        time.sleep(POLL_SECONDS)


def python_path(*folders: Path) -> dict[str, str]:
    """The variable that lets a process import from these folders, before those of this one."""
    return {"PYTHONPATH": os.pathsep.join([*map(str, folders), os.environ.get("PYTHONPATH", "")])}


def workers(runs: Path) -> list[int]:
    """Processes that hold the lock of a run folder, as the kernel knows them."""
    inodes = {lock.stat().st_ino for lock in runs.glob("*/lock")}
    holders = []
    for line in Path("/proc/locks").read_text().splitlines():
        fields = line.split()
        if fields[1] == "POSIX" and int(fields[5].split(":")[2]) in inodes:
            holders.append(int(fields[4]))
    return holders


def is_alive(pid: int) -> bool:
    """Whether that process runs: one that has ended and waits to be collected does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"
