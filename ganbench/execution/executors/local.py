"""The local executor: one isolated process per job, one slot per core or GPU."""

from __future__ import annotations

import queue
import time
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from ganbench.api.errors import GanbenchError
from ganbench.api.executors import Ending, JobHandle, Resources
from ganbench.execution.executors.attend import attend
from ganbench.machine.devices import cuda_devices, usable_cores
from ganbench.machine.threads import require_threads


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
        self._limits = resources.limits
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
        visible = self._devices.get()
        try:
            return attend(folder, visible, self._limits, lambda: self._stop_by)
        finally:
            self._devices.put(visible)


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
