"""A third party's executor, as plain as one can be: each job is a process, `ganbench work FOLDER`.

The executor of a cluster hands the same command to its scheduler, asks that for the limits, and
tells how the job ended. Here, where there is no scheduler, a thread per slot looks after each.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import psutil

from ganbench import (
    Breach,
    Ending,
    Executor,
    ExecutorSpec,
    JobHandle,
    Parameter,
    Resources,
    hookimpl,
)

LOOK_SECONDS = 0.05


class SubprocessExecutor:
    """Runs jobs as processes of this machine.

    Args:
        resources: what they are given.
        niceness: of the processes.
    """

    def __init__(self, resources: Resources, niceness: int) -> None:
        self.slots = resources.jobs or 1
        self._limits = resources.limits
        self._niceness = niceness
        self._stop_by: float | None = None
        self._threads = ThreadPoolExecutor(self.slots)

    def start(self, job: JobHandle) -> Future[Ending]:
        """Start it in a free slot."""
        return self._threads.submit(self._run, job)

    def stop(self, grace: float) -> None:
        """Ask all to leave, wait, and kill those that do not."""
        self._stop_by = time.monotonic() + grace
        self._threads.shutdown(wait=True, cancel_futures=True)

    def _run(self, job: JobHandle) -> Ending:
        command = ["nice", "-n", str(self._niceness), *job.command]
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True)
        began, breach, asked = time.monotonic(), None, False
        while process.poll() is None:
            if self._stop_by is not None and not asked:
                process.terminate()
                asked = True
            breach = breach or self._breach(process.pid, job.folder, time.monotonic() - began)
            if breach or (self._stop_by is not None and time.monotonic() > self._stop_by):
                _kill_group(process)
            time.sleep(LOOK_SECONDS)
        _kill_group(process)  # what it has left running
        return Ending.of(process.returncode, breach)

    def _breach(self, pid: int, folder: Path, seconds: float) -> Breach | None:
        limits = self._limits
        if seconds > limits.seconds:
            return Breach("time", f"it ran for more than {limits.seconds:g} s")
        if limits.host_bytes is not None and _memory(pid) > limits.host_bytes:
            return Breach("memory", f"it used more than {limits.host_bytes} bytes of memory")
        if _written(folder) > limits.output_bytes:
            return Breach("output", f"it wrote more than {limits.output_bytes} bytes")
        return None


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def _memory(pid: int) -> int:
    try:
        process = psutil.Process(pid)
        tree = [process, *process.children(recursive=True)]
        return sum(one.memory_info().rss for one in tree)
    except psutil.Error:
        return 0


def _written(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.glob("*") if file.is_file())


def build(resources: Resources, niceness: int) -> Executor:
    return SubprocessExecutor(resources, niceness)


@hookimpl
def ganbench_executors() -> list[ExecutorSpec]:
    return [
        ExecutorSpec(
            name="subprocess",
            description="plain processes on this machine",
            build=build,
            parameters={
                "niceness": Parameter(default=0, help="of the processes", minimum=0, maximum=19)
            },
            argument="niceness",
        )
    ]
