"""The local executor: one isolated process per job, one slot per core or GPU."""

from __future__ import annotations

import queue
import time
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from ganbench.api.errors import GanbenchError
from ganbench.api.executors import Ending, JobHandle, Resources
from ganbench.execution.executors.attend import attend
from ganbench.execution.executors.child import Place
from ganbench.machine.cores import own_cores
from ganbench.machine.devices import cuda_devices, usable_cores
from ganbench.machine.threads import require_threads


class LocalExecutor:
    """Runs jobs in processes of their own on this machine.

    Args:
        resources: what they are given. By default there are as many slots on a CPU as its cores
            have threads for, on CUDA one per GPU or as many as are to share it, and a job may use
            nearly all of the main memory. Where slots take all cores, each has its own.

    Raises:
        GanbenchError: there is no GPU to give slots, or a job has more threads than there may be.
    """

    def __init__(self, resources: Resources) -> None:
        require_threads(resources.threads)
        gpus = (resources.gpus or cuda_devices()) if resources.device == "cuda" else ()
        shared = len(gpus) * resources.runs_per_gpu
        self.slots = resources.jobs or default_slots(resources.device, resources.threads, shared)
        self._limits = resources.limits
        self._places: queue.SimpleQueue[Place] = queue.SimpleQueue()
        own = own_cores(self.slots, resources.threads) if resources.device == "cpu" else []
        # A queue, since slots are threads: which place is free is known when one takes a job.
        for slot in range(self.slots):
            gpu = gpus[slot % len(gpus)] if gpus else None
            self._places.put(Place(gpu=gpu, cores=own[slot] if own else None))
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
        place = self._places.get()
        try:
            return attend(folder, place, self._limits, lambda: self._stop_by)
        finally:
            self._places.put(place)


def default_slots(device: str, threads: int, gpus: int) -> int:
    """One slot per share of a GPU, or for as many cores as a job has threads: more would wait for
    each other.

    Raises:
        GanbenchError: there is no GPU to give slots.
    """
    if device != "cuda":
        return max(1, usable_cores() // threads)
    if not gpus:
        raise GanbenchError("no usable GPU was found", "check `nvidia-smi`, or use --device cpu")
    return gpus
