"""The local executor: one isolated process per job, one slot per core or GPU."""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import time
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from multiprocessing.connection import wait
from multiprocessing.context import ForkServerProcess
from pathlib import Path

import psutil

from ganbench.api.errors import GanbenchError
from ganbench.api.executors import Breach, Ending, JobHandle, Resources
from ganbench.execution.executors.child import work_for_parent
from ganbench.execution.executors.forkserver import SERVER_GONE, end_left_behind, start_process
from ganbench.execution.executors.limits import LimitWatch
from ganbench.execution.executors.processes import end_group, end_tree
from ganbench.machine.devices import cuda_devices, usable_cores
from ganbench.machine.threads import require_threads

LOOK_SECONDS = 0.1
"""Between two looks at a worker; its end is heard of at once."""
END_SECONDS = 4.0
"""For a killed process to be gone."""
MEMORY_SHARE = 0.9
"""Of the machine's main memory: what a run may use that is given no limit."""


class LocalExecutor:
    """Runs jobs in processes of their own on this machine.

    Args:
        resources: what they are given. By default there are as many slots on a CPU as its cores
            have threads for, on CUDA one per GPU, and a job may use nearly all of the main memory.

    Raises:
        GanbenchError: there is no GPU to give slots, or a job has more threads than there may be.
    """

    def __init__(self, resources: Resources) -> None:
        require_threads(resources.threads)
        gpus = (resources.gpus or cuda_devices()) if resources.device == "cuda" else ()
        self.slots = resources.jobs or default_slots(resources.device, resources.threads, len(gpus))
        limits = resources.limits
        if limits.host_bytes is None:
            # Else the kernel chooses whom to end when memory runs out, and it may choose us.
            memory = int(MEMORY_SHARE * psutil.virtual_memory().total)
            limits = replace(limits, host_bytes=memory)
        self._limits = limits
        self._devices: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        # A queue, since slots are threads: which device is free is known when one takes a job.
        for slot in range(self.slots):
            self._devices.put(gpus[slot % len(gpus)] if gpus else None)
        self._stop_by: float | None = None
        self._pool = ThreadPoolExecutor(self.slots, thread_name_prefix="ganbench-slot")

    def start(self, job: JobHandle) -> Future[Ending]:
        """Start a job in the next free slot.

        The future raises an OSError where no process can be started.
        """
        return self._pool.submit(self._run, job.folder)

    def stop(self, grace: float) -> None:
        """Ask all workers to leave, end those that have not after so many seconds, and return."""
        self._stop_by = time.monotonic() + grace
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _run(self, folder: Path) -> Ending:
        """Run a job in this slot, to the end of its last process."""
        visible = self._devices.get()
        try:
            process = start_process(work_for_parent, folder, visible)
            breach = self._wait(process, folder)
            process.join()
            assert process.pid is not None
            end_group(process.pid)  # what the run has started and left behind ends with it
            end_left_behind(process)
            code = process.exitcode
            assert code is not None
            # Without its server nobody knows how it ended: that is not the job's exit code.
            return Ending(breach=breach) if code == SERVER_GONE else Ending.of(code, breach)
        finally:
            self._devices.put(visible)

    def _wait(self, process: ForkServerProcess, folder: Path) -> Breach | None:
        """Wait for a worker to end; the limit because of which it had to be ended, if any."""
        assert process.pid is not None
        watch, breach = LimitWatch(self._limits, folder, process.pid), None
        # The sentinel wakes us at the end; the time-out is for limits, which nobody announces.
        while not wait([process.sentinel], timeout=LOOK_SECONDS):
            if self._stop_by is not None:
                self._end_gently(process)
            elif breach is None and (breach := watch.breach()):
                _end(process)
        return breach

    def _end_gently(self, process: ForkServerProcess) -> None:
        """Ask a worker to keep its state and leave; end it when its time of grace is over."""
        assert process.pid is not None
        with contextlib.suppress(ProcessLookupError):
            os.kill(process.pid, signal.SIGTERM)
        while not wait([process.sentinel], timeout=LOOK_SECONDS / 2):
            # Asked anew each time: whoever stops may lose patience meanwhile.
            if self._stop_by is not None and time.monotonic() > self._stop_by:
                _end(process)


def _end(process: ForkServerProcess) -> None:
    """Kill a worker and every process it has started."""
    assert process.pid is not None
    end_tree(process.pid)
    process.join(END_SECONDS)


def default_slots(device: str, threads: int, gpus: int) -> int:
    """One slot per GPU, or for as many cores as a job has threads: more would wait for each other.

    Raises:
        GanbenchError: there is no GPU to give slots.
    """
    if device != "cuda":
        return max(1, usable_cores() // threads)
    if not gpus:
        raise GanbenchError("no usable GPU was found", "check `nvidia-smi`, or use --device cpu")
    return gpus
