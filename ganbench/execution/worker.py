"""The entry of a worker process: one run, fenced off from everything else."""

from __future__ import annotations

import fcntl
import multiprocessing
import os
import signal
import sys
import threading
from multiprocessing.connection import wait
from pathlib import Path
from typing import IO, TYPE_CHECKING

from ganbench.execution.job import LOCK_FILE, Job
from ganbench.results.store import HISTORY_FILE, LOG_FILE, PROGRESS_FILE, SAMPLES_FILE, RunStore

if TYPE_CHECKING:
    from ganbench.execution.run import Run

PROGRESS_SECONDS = 0.5


def work(job: Job) -> None:
    """Do one run and leave its record. Called in a fresh process."""
    os.setsid()  # children that plugins start end with this process group
    if job.visible_device is not None:
        os.environ["CUDA_VISIBLE_DEVICES"] = job.visible_device
    _redirect_output(job.folder / LOG_FILE)
    fence = _fence(job.folder)
    store = RunStore(job.folder.parent)
    run_id = job.spec.run_id
    finished, _ = store.finished([run_id])
    if finished:  # by another process, while this one waited for the folder
        return
    _clear(job.folder)

    import torch

    from ganbench.catalogue.catalogue import installed_catalogue
    from ganbench.execution.run import Run

    torch.set_num_threads(job.threads)
    device = torch.device("cuda:0" if job.device == "cuda" else "cpu")
    run = Run(job.spec, job.folder, installed_catalogue(job.blocked), device, job.commit)
    threading.Thread(target=_watch, args=(run, store), daemon=True).start()
    store.write(run.execute())
    fence.close()


def _redirect_output(log: Path) -> None:
    """Send everything this process prints, C libraries included, to the run's log."""
    sys.stdout.flush()
    sys.stderr.flush()
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    os.close(descriptor)


def _fence(folder: Path) -> IO[bytes]:
    """Hold the run folder alone, for the life of this process; wait for whoever holds it now.

    lockf, not flock: a flock is inherited by forked children and can outlive its holder.
    """
    lock = (folder / LOCK_FILE).open("ab")
    fcntl.lockf(lock, fcntl.LOCK_EX)
    return lock


def _clear(folder: Path) -> None:
    """Remove what an unfinished try has left: this one starts over."""
    for name in (HISTORY_FILE, SAMPLES_FILE, PROGRESS_FILE):
        (folder / name).unlink(missing_ok=True)


def _watch(run: Run, store: RunStore) -> None:
    """Tell how far the run is, and end it with its parent: no worker trains on for nobody."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    while not wait([parent.sentinel], timeout=PROGRESS_SECONDS):
        store.write_progress(run.spec.run_id, _progress(run))
    os.killpg(os.getpgrp(), signal.SIGKILL)


def _progress(run: Run) -> dict[str, object]:
    evaluator = run.evaluator
    points = evaluator.points if evaluator else []
    scores: list[tuple[str, float]] = []
    if evaluator and points:
        columns = evaluator.columns
        scores = [(columns[key]["label"], value) for key, value in points[-1]["scores"].items()]
    return {"fraction": run.clock.fraction(), "step": run.clock.steps, "scores": scores}
