"""The entry of a worker process: one run, fenced off from everything else."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
from multiprocessing.connection import wait
from pathlib import Path
from typing import TYPE_CHECKING

from ganbench.execution.fence import take_fence, tidy
from ganbench.execution.job import Job
from ganbench.results.store import LOG_FILE, PROGRESS_FILE, SAMPLES_FILE, RunStore

if TYPE_CHECKING:
    from ganbench.execution.run import Run

PROGRESS_SECONDS = 0.5
PREEMPTED = 128 + signal.SIGTERM
"""Exit code of a worker that was asked to stop and has kept its state."""
BUSY = 75
"""Exit code of a worker whose run another process has: EX_TEMPFAIL of sysexits.h."""


def work(job: Job) -> None:
    """Do one run and leave its record. Called in a fresh process."""
    os.setsid()  # children that plugins start end with this process group
    if job.visible_device is not None:
        os.environ["CUDA_VISIBLE_DEVICES"] = job.visible_device
    _redirect_output(job.folder / LOG_FILE)
    fence = take_fence(job.folder)
    if fence is None:
        sys.exit(BUSY)
    store = RunStore(job.folder.parent)
    run_id = job.spec.run_id
    finished, _ = store.finished([run_id])
    tidy(job.folder)
    if finished:  # by another process, since this one was asked for
        return
    _clear(job.folder)

    import torch

    from ganbench.catalogue.catalogue import installed_catalogue
    from ganbench.execution.keeper import Preempted
    from ganbench.execution.run import Run

    torch.set_num_threads(job.threads)
    device = torch.device("cuda:0" if job.device == "cuda" else "cpu")
    run = Run(
        job.spec,
        job.folder,
        installed_catalogue(job.blocked),
        device,
        job.commit,
        job.checkpoint_seconds,
    )
    threading.Thread(target=_watch, args=(run, store), daemon=True).start()
    try:
        signal.signal(signal.SIGTERM, lambda *_: run.stop())
        record = run.execute()
        signal.signal(signal.SIGTERM, signal.SIG_IGN)  # too late: the record comes first
    except Preempted:
        print(f"asked to stop at step {run.clock.steps}", flush=True)
        os._exit(PREEMPTED)
    store.write(record)
    tidy(job.folder)
    fence.close()


def _redirect_output(log: Path) -> None:
    """Send everything this process prints, C libraries included, to the run's log."""
    sys.stdout.flush()
    sys.stderr.flush()
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    os.close(descriptor)


def _clear(folder: Path) -> None:
    """Remove what an unfinished try has left, but for what this one may go on from."""
    for name in (SAMPLES_FILE, PROGRESS_FILE):
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
