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
from ganbench.catalogue.plugin_files import NO_CHOICE, PluginChoice
from ganbench.execution.executors.forkserver import SERVER_GONE, end_left_behind, start_process
from ganbench.execution.executors.limits import Breach, Limits, Watch
from ganbench.execution.executors.processes import end_group, end_tree
from ganbench.execution.fence import tidy_finished
from ganbench.execution.job import CHECKPOINT_SECONDS, Job
from ganbench.execution.worker import BUSY, PREEMPTED, work
from ganbench.machine.devices import cuda_devices
from ganbench.machine.source import source_commit
from ganbench.planning.runspec import RunSpec
from ganbench.results.record import Record, Status
from ganbench.results.recording import make_failure, make_record
from ganbench.results.store import LOCK_FILE, LOG_FILE, RunStore
from ganbench.running.log import shorten
from ganbench.storage.locks import take_fence
from ganbench.storage.reading import tail

GRACE_SECONDS = 4.0
"""For a worker that was asked to stop: the command is to have left within five seconds."""
BUSY_SECONDS = 0.5


class Cancelled(Exception):
    """The run was stopped on request and has no record."""


class Busy(Exception):
    """Another process has the run's folder."""


class LocalExecutor:
    """Runs specs in processes of their own on this machine.

    Args:
        store: where run folders are.
        device: `cpu` or `cuda`.
        jobs: slots; None: one per core on a CPU, one per GPU on CUDA.
        limits: of one run; what is over one is ended.
        plugins: which ones to load.
        retries: how often a run is tried again, from its checkpoint, whose worker has vanished.
        checkpoint_seconds: between two checkpoints of a run.
    """

    def __init__(
        self,
        store: RunStore,
        device: str,
        jobs: int | None,
        limits: Limits,
        plugins: PluginChoice = NO_CHOICE,
        retries: int = 1,
        checkpoint_seconds: float = CHECKPOINT_SECONDS,
    ) -> None:
        self.slots = jobs or default_slots(device)
        self._store = store
        self._device = device
        self._limits = limits
        self._plugins = plugins
        self._retries = retries
        self._checkpoint_seconds = checkpoint_seconds
        self._threads = max(1, usable_cores() // self.slots)
        self._devices: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        gpus = cuda_devices() if device == "cuda" else ()
        for slot in range(self.slots):
            self._devices.put(gpus[slot % len(gpus)] if gpus else None)
        self._stopping = threading.Event()
        self._killing = threading.Event()
        self._pool = ThreadPoolExecutor(self.slots, thread_name_prefix="ganbench-slot")

    def submit(
        self, spec: RunSpec, on_start: Callable[[RunSpec], None] = lambda spec: None
    ) -> Future[Record]:
        """A future record. It raises `Cancelled` if the executor is stopped first.

        Args:
            spec: what to run.
            on_start: called, in the slot's thread, when the run gets its slot.
        """
        future: Future[Record] = Future()
        self._pool.submit(self._serve, future, spec, on_start)
        return future

    def stop(self) -> None:
        """Ask all workers to keep their state and leave; returns when none is left.

        Those that have not left within `GRACE_SECONDS` are ended, and all at once on a second
        Ctrl-C.
        """
        self._stopping.set()
        try:
            self._pool.shutdown(wait=True, cancel_futures=True)
        except BaseException:
            self._killing.set()
            self._pool.shutdown(wait=True)
            raise

    def _serve(
        self, future: Future[Record], spec: RunSpec, on_start: Callable[[RunSpec], None]
    ) -> None:
        """Run a spec in this slot and resolve its future."""
        if not (future.running() or future.set_running_or_notify_cancel()):
            return
        visible = self._devices.get()
        try:
            if self._stopping.is_set():
                raise Cancelled
            on_start(spec)
            future.set_result(self._run_on(spec, visible))
        except Busy:  # another process has this run: the others first
            time.sleep(BUSY_SECONDS)
            with contextlib.suppress(RuntimeError):  # the pool is being shut down
                self._pool.submit(self._serve, future, spec, on_start)
        except BaseException as error:
            future.set_exception(error)
        finally:
            self._devices.put(visible)

    def _run_on(self, spec: RunSpec, visible: str | None) -> Record:
        started = datetime.now(UTC)
        folder = self._store.create(spec.run_id, spec.to_json())
        job = Job(
            spec=spec,
            folder=folder.absolute(),  # code under test may change the working directory
            device=self._device,
            visible_device=visible,
            threads=self._threads,
            plugins=self._plugins,
            commit=source_commit(),
            checkpoint_seconds=self._checkpoint_seconds,
        )
        for tries_left in range(self._retries, -1, -1):
            process = start_process(work, job)
            breach = self._wait(process, folder)
            record = self._finished(spec)
            if record is not None:
                tidy_finished(folder)
                return record
            if self._stopping.is_set():
                raise Cancelled
            if process.exitcode == BUSY:
                raise Busy
            if not (tries_left and _is_transient(process.exitcode, breach)):
                break
        with take_fence(folder / LOCK_FILE) or contextlib.nullcontext() as fence:
            if fence is None:  # another process has gone on with the run
                raise Busy
            self._store.write(self._lost(spec, folder, process.exitcode, breach, started))
            record = self._finished(spec)
        assert record is not None
        return record

    def _finished(self, spec: RunSpec) -> Record | None:
        return self._store.finished([spec.run_id])[0].get(spec.run_id)

    def _wait(self, process: ForkServerProcess, folder: Path) -> Breach | None:
        """Wait for a worker to end; the limit because of which it had to be ended, if any."""
        assert process.pid is not None
        watch, breach = Watch(self._limits, folder, process.pid), None
        while not wait([process.sentinel], timeout=0.1):
            if self._stopping.is_set():
                self._end_gently(process)
            elif breach is None and (breach := watch.breach()):
                _end(process)
        process.join()
        end_group(process.pid)  # what the run has started and left behind ends with it
        end_left_behind(process)
        shorten(folder / LOG_FILE, self._limits.output_bytes)
        return breach

    def _end_gently(self, process: ForkServerProcess) -> None:
        """Ask a worker to keep its state and leave; end it when its time of grace is over."""
        deadline = time.monotonic() + GRACE_SECONDS
        assert process.pid is not None
        with contextlib.suppress(ProcessLookupError):
            os.kill(process.pid, signal.SIGTERM)
        while not wait([process.sentinel], timeout=0.05):
            if self._killing.is_set() or time.monotonic() > deadline:
                _end(process)

    def _lost(
        self,
        spec: RunSpec,
        folder: Path,
        exit_code: int | None,
        breach: Breach | None,
        started: datetime,
    ) -> Record:
        status, message, name = _cause(exit_code, breach)
        step = (self._store.read_progress(spec.run_id) or {}).get("step")
        failure = make_failure(message, traceback=tail(folder / LOG_FILE), signal=name, step=step)
        return make_record(spec, status, failure, started)


def _cause(exit_code: int | None, breach: Breach | None) -> tuple[Status, str, str | None]:
    """Status, message and signal name of a worker that left no record."""
    if breach:
        return breach.status, breach.message, None
    if exit_code is not None and exit_code < 0:
        known = {one.value: one.name for one in signal.Signals}
        name = known.get(-exit_code, f"signal {-exit_code}")  # real-time signals have no name
        hint = " (by the system when memory ran out, or by somebody)" if name == "SIGKILL" else ""
        return "killed", f"the worker was ended by {name}{hint}", name
    return "error", f"the worker left with exit code {exit_code} and without a record", None


def _is_transient(exit_code: int | None, breach: Breach | None) -> bool:
    """Whether another try may end otherwise: a worker that was ended by a signal, by whomever.

    One that raised, left by itself or was over a limit would do so again.
    """
    if breach or exit_code is None:
        return False
    return exit_code < 0 or exit_code in (PREEMPTED, SERVER_GONE)


def _end(process: ForkServerProcess) -> None:
    """Kill a worker and every process it has started."""
    assert process.pid is not None
    end_tree(process.pid)
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
