"""The entry of a worker process: one run, fenced off from everything else."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import sys
import threading
import traceback
from multiprocessing.connection import wait
from pathlib import Path
from typing import TYPE_CHECKING

from ganbench.execution.executors.processes import adopt_orphans, end_descendants
from ganbench.execution.fence import tidy
from ganbench.execution.job import Job
from ganbench.results.media import sheet_files
from ganbench.results.store import GENERATOR_FILE, LOCK_FILE, LOG_FILE, PROGRESS_FILE, RunStore
from ganbench.running.log import redirect_output, remark
from ganbench.storage.locks import take_fence

if TYPE_CHECKING:
    from ganbench.running.run import Run

PROGRESS_SECONDS = 0.5
PREEMPTED = 128 + signal.SIGTERM
"""Exit code of a worker that was asked to stop and has kept its state."""
BUSY = 75
"""Exit code of a worker whose run another process has: EX_TEMPFAIL of sysexits.h."""


def work(job: Job) -> None:
    """Do one run, leave its record, and leave. Called in a fresh process."""
    try:
        code = _work(job)
    except BaseException:
        with contextlib.suppress(OSError, ValueError):  # a plugin may have closed the output
            traceback.print_exc()
        code = 1
    with contextlib.suppress(BaseException):
        end_descendants(os.getpid())
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(BaseException):
            stream.flush()
    os._exit(code)  # a thread that a plugin has left running would keep any other exit waiting


def _work(job: Job) -> int:
    """The exit code; what it raises is a bug of ours, or a machine that is out of something."""
    os.setsid()  # children that plugins start end with this process group
    adopt_orphans()  # and those that leave it are found here
    _offer_to_the_kernel()
    if job.visible_device is not None:
        os.environ["CUDA_VISIBLE_DEVICES"] = job.visible_device
    redirect_output(job.folder / LOG_FILE)
    fence = take_fence(job.folder / LOCK_FILE)
    if fence is None:
        return BUSY
    store = RunStore(job.folder.parent)
    run_id = job.spec.run_id
    finished, _ = store.finished([run_id])
    tidy(job.folder)
    if finished:  # by another process, since this one was asked for
        return 0
    _clear(job.folder)

    import torch

    from ganbench.catalogue.catalogue import installed_catalogue
    from ganbench.running.keeper import Preempted
    from ganbench.running.run import Run

    torch.set_num_threads(job.threads)
    device = torch.device("cuda:0" if job.device == "cuda" else "cpu")
    run = Run(
        job.spec,
        job.folder,
        installed_catalogue(job.plugins),
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
        remark(f"asked to stop at step {run.clock.steps}")
        return PREEMPTED
    store.write(record)
    tidy(job.folder)
    return 0


def _offer_to_the_kernel() -> None:
    """When memory runs out, a run is what the kernel should end, and not the harness."""
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("500", "ascii")


def _clear(folder: Path) -> None:
    """Remove what an unfinished try has left, but for what this one may go on from."""
    for path in (folder / PROGRESS_FILE, folder / GENERATOR_FILE, *sheet_files(folder)):
        path.unlink(missing_ok=True)


def _watch(run: Run, store: RunStore) -> None:
    """Tell how far the run is, and end it with its parent: no worker trains on for nobody."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    while not wait([parent.sentinel], timeout=PROGRESS_SECONDS):
        store.write_progress(run.spec.run_id, _progress(run))
    end_descendants(os.getpid())
    os.killpg(os.getpgrp(), signal.SIGKILL)


def _progress(run: Run) -> dict[str, object]:
    evaluator = run.evaluator
    points = evaluator.points if evaluator else []
    scores: list[tuple[str, float]] = []
    if evaluator and points:
        columns = evaluator.columns
        scores = [(columns[key]["label"], value) for key, value in points[-1]["scores"].items()]
    return {"fraction": run.clock.fraction(), "step": run.clock.steps, "scores": scores}
