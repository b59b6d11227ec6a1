"""Limits of one run, seen from outside: a run that is over one is ended by its parent."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

from ganbench.execution.executors.processes import memory
from ganbench.results.record import Status
from ganbench.wording import file_size, memory_size

LOOK_SECONDS = 0.5
"""Between two looks at memory and output: each takes about a millisecond."""


OUTPUT_BYTES = 10**9
"""By default, of a run's files without its checkpoints."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one run may use.

    Args:
        seconds: wall time.
        host_bytes: main memory, of the worker and of all that it starts.
        output_bytes: in its folder, checkpoints left out.
    """

    seconds: float
    host_bytes: int
    output_bytes: int


def run_limits(seconds: float, host_bytes: int | None, output_bytes: int) -> Limits:
    """Limits of a run; without one of its own, it may use nine tenths of the machine's memory."""
    if host_bytes is None:
        host_bytes = int(0.9 * psutil.virtual_memory().total)
    return Limits(seconds=seconds, host_bytes=host_bytes, output_bytes=output_bytes)


@dataclass(frozen=True, slots=True)
class Breach:
    """Which limit was broken: the status it gives a run, and how to say it."""

    status: Status
    message: str


class Watch:
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
            return Breach("timeout", message)
        if now < self._next:
            return None
        self._next = now + LOOK_SECONDS
        return self._memory() or self._output()

    def _memory(self) -> Breach | None:
        used, processes = memory(self._pid, self._limits.host_bytes)
        if used <= self._limits.host_bytes:
            return None
        where = "" if processes < 2 else f" in {processes} processes"
        message = (
            f"used {memory_size(used)} of main memory{where}, more than the limit of "
            f"{memory_size(self._limits.host_bytes)}; --host-memory sets it"
        )
        return Breach("oom", message)

    def _output(self) -> Breach | None:
        written = output_bytes(self._folder)
        if written <= self._limits.output_bytes:
            return None
        message = (
            f"wrote {file_size(written)} to its folder, more than the limit of "
            f"{file_size(self._limits.output_bytes)}; --max-output sets it"
        )
        return Breach("error", message)


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
