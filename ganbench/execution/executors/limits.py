"""Limits of one run, seen from outside: a run that is over one is ended by who attends to it."""

from __future__ import annotations

import os
import time
from dataclasses import replace
from pathlib import Path

import psutil

from ganbench.api.executors import Breach, Limits
from ganbench.execution.executors.processes import memory
from ganbench.wording import file_size, memory_size

LOOK_SECONDS = 0.5
"""Between two looks at memory and output: each takes about a millisecond."""
MEMORY_SHARE = 0.9
"""Of the machine's main memory: what a run may use that is given no limit."""


def bounded(limits: Limits) -> Limits:
    """The same limits, that of main memory being this machine's if there was none."""
    if limits.host_bytes is not None:
        return limits
    # Else the kernel chooses whom to end when memory runs out, and it may choose us.
    return replace(limits, host_bytes=int(MEMORY_SHARE * psutil.virtual_memory().total))


class LimitWatch:
    """Holds one run against its limits.

    Args:
        limits: the limits.
        folder: the run's.
        pid: its worker.
    """

    def __init__(self, limits: Limits, folder: Path, pid: int) -> None:
        self._limits = limits
        self._folder = folder
        self._pid = pid
        self._deadline = time.monotonic() + limits.seconds
        self._next = 0.0

    def breach(self) -> Breach | None:
        """The limit that the run is over now, if any. Cheap enough to be asked all the time."""
        now = time.monotonic()
        if now > self._deadline:
            message = f"stopped after its limit of {self._limits.seconds:g} s; --limit sets it"
            return Breach("time", message)
        if now < self._next:
            return None
        self._next = now + LOOK_SECONDS
        return self._memory() or self._output()

    def _memory(self) -> Breach | None:
        allowed = self._limits.host_bytes
        if allowed is None:
            return None
        used, processes = memory(self._pid, allowed)
        if used <= allowed:
            return None
        where = "" if processes < 2 else f" in {processes} processes"
        message = (
            f"used {memory_size(used)} of main memory{where}, more than the limit of "
            f"{memory_size(allowed)}; --host-memory sets it"
        )
        return Breach("memory", message)

    def _output(self) -> Breach | None:
        written = output_bytes(self._folder)
        if written <= self._limits.output_bytes:
            return None
        message = (
            f"wrote {file_size(written)} to its folder, more than the limit of "
            f"{file_size(self._limits.output_bytes)}; --max-output sets it"
        )
        return Breach("output", message)


def output_bytes(folder: Path) -> int:
    """Bytes of the files that lie directly in a run's folder: checkpoints have their own."""
    try:
        with os.scandir(folder) as entries:
            return sum(
                entry.stat(follow_symlinks=False).st_size
                for entry in entries
                if entry.is_file(follow_symlinks=False)
            )
    except OSError:  # it is being changed, or has been deleted
        return 0
