"""The local executor: one isolated process per run, one slot per core or GPU."""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime
from multiprocessing.connection import wait
from multiprocessing.context import ForkServerProcess
from pathlib import Path

from ganbench.api.errors import GanbenchError
from ganbench.execution.forkserver import start_process
from ganbench.execution.job import Job, tail
from ganbench.execution.recording import make_failure, make_record
from ganbench.execution.source import source_commit
from ganbench.execution.worker import work
from ganbench.planning.devices import cuda_devices
from ganbench.planning.runspec import RunSpec
from ganbench.results.record import Record, Status
from ganbench.results.store import LOG_FILE, RunStore

GRACE_SECONDS = 5.0


class Cancelled(Exception):
    """The run was stopped on request and has no record."""


class LocalExecutor:
    """Runs specs in processes of their own on this machine.

    Args:
        store: where run folders are.
        device: `cpu` or `cuda`.
        jobs: slots; None: one per core on a CPU, one per GPU on CUDA.
        limit_seconds: wall time after which a run is stopped as `timeout`.
        blocked: names of plugins not to load.
    """

    def __init__(
        self,
        store: RunStore,
        device: str,
        jobs: int | None,
        limit_seconds: float,
        blocked: tuple[str, ...] = (),
    ) -> None:
        self.slots = jobs or default_slots(device)
        self._store = store
        self._device = device
        self._limit = limit_seconds
        self._blocked = blocked
        self._threads = max(1, usable_cores() // self.slots)
        self._devices: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        gpus = cuda_devices() if device == "cuda" else ()
        for slot in range(self.slots):
            self._devices.put(gpus[slot % len(gpus)] if gpus else None)
        self._stopping = threading.Event()
        self._pool = ThreadPoolExecutor(self.slots, thread_name_prefix="ganbench-slot")

    def submit(
        self, spec: RunSpec, on_start: Callable[[RunSpec], None] = lambda spec: None
    ) -> Future[Record]:
        """A future record. It raises `Cancelled` if the executor is stopped first.

        Args:
            spec: what to run.
            on_start: called, in the slot's thread, when the run gets its slot.
        """
        return self._pool.submit(self._run, spec, on_start)

    def stop(self) -> None:
        """End all workers, now; returns when none is left."""
        self._stopping.set()
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _run(self, spec: RunSpec, on_start: Callable[[RunSpec], None]) -> Record:
        if self._stopping.is_set():
            raise Cancelled
        visible = self._devices.get()
        try:
            on_start(spec)
            return self._run_on(spec, visible)
        finally:
            self._devices.put(visible)

    def _run_on(self, spec: RunSpec, visible: str | None) -> Record:
        started = datetime.now(UTC)
        folder = self._store.create(spec.run_id, spec.to_json())
        job = Job(
            spec=spec,
            folder=folder,
            device=self._device,
            visible_device=visible,
            threads=self._threads,
            blocked=self._blocked,
            commit=source_commit(),
        )
        process = start_process(work, job)
        timed_out = not self._wait(process)
        if self._stopping.is_set():
            raise Cancelled
        record = self._finished(spec)
        if record is None:
            self._store.write(self._lost(spec, folder, process.exitcode, timed_out, started))
            record = self._finished(spec)
        assert record is not None
        return record

    def _finished(self, spec: RunSpec) -> Record | None:
        return self._store.finished([spec.run_id])[0].get(spec.run_id)

    def _wait(self, process: ForkServerProcess) -> bool:
        """Wait for a worker to end by itself; False if it had to be ended."""
        deadline = time.monotonic() + self._limit
        while not wait([process.sentinel], timeout=0.1):
            if self._stopping.is_set() or time.monotonic() > deadline:
                _end(process)
                return False
        process.join()
        return True

    def _lost(
        self,
        spec: RunSpec,
        folder: Path,
        exit_code: int | None,
        timed_out: bool,
        started: datetime,
    ) -> Record:
        status, message, name = _cause(exit_code, timed_out, self._limit)
        step = (self._store.read_progress(spec.run_id) or {}).get("step")
        failure = make_failure(message, traceback=tail(folder / LOG_FILE), signal=name, step=step)
        return make_record(spec, status, failure, started)


def _cause(exit_code: int | None, timed_out: bool, limit: float) -> tuple[Status, str, str | None]:
    """Status, message and signal name of a worker that left no record."""
    if timed_out:
        return "timeout", f"stopped after its limit of {limit:g} s", None
    if exit_code is not None and exit_code < 0:
        known = {one.value: one.name for one in signal.Signals}
        name = known.get(-exit_code, f"signal {-exit_code}")  # real-time signals have no name
        hint = " (by the system when memory ran out, or by somebody)" if name == "SIGKILL" else ""
        return "killed", f"the worker was ended by {name}{hint}", name
    return "error", f"the worker left with exit code {exit_code} and without a record", None


def _end(process: ForkServerProcess) -> None:
    """Kill a worker and every process it has started."""
    assert process.pid is not None
    for target in (os.killpg, os.kill):  # the group exists once the worker has called setsid
        with contextlib.suppress(ProcessLookupError, PermissionError):
            target(process.pid, signal.SIGKILL)
    process.join(GRACE_SECONDS)


def usable_cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def default_slots(device: str) -> int:
    """One slot per GPU, or per core: small networks gain nothing from a second thread.

    Raises:
        GanbenchError: there is no GPU to give slots.
    """
    if device != "cuda":
        return usable_cores()
    if not cuda_devices():
        raise GanbenchError("no usable GPU was found", "check `nvidia-smi`, or use --device cpu")
    return len(cuda_devices())
