"""Doing a job: one run in this process, from the job in its folder to the record in its folder.

Called by the local executor in a process that it has forked, and by `ganbench work FOLDER` in a
process that anybody has started. Never imports torch before there is something to do.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from ganbench.api.errors import GanbenchError, OtherCode, UsageError, one_line
from ganbench.execution.executors.processes import end_descendants
from ganbench.execution.fence import tidy
from ganbench.execution.job import BUSY, OTHER_CODE, PREEMPTED, Job, read_job
from ganbench.execution.pins import require_same_code
from ganbench.machine.threads import SINGLE_THREADED
from ganbench.results.media import sheet_files
from ganbench.results.record import RECORD_FILE
from ganbench.results.store import (
    GENERATOR_FILE,
    JOB_FILE,
    LOCK_FILE,
    LOG_FILE,
    PROGRESS_FILE,
    RunStore,
)
from ganbench.running.log import redirect_output, remark
from ganbench.storage.locks import take_fence

if TYPE_CHECKING:
    import torch

    from ganbench.planning.runspec import RunSpec
    from ganbench.results.record import Record
    from ganbench.running.run import Run
    from ganbench.running.together import MakeRun

PROGRESS_SECONDS = 0.5
"""Between two words on how far a run is, and between two looks for a request to cancel it."""

GRACE_SECONDS = 4.0
"""For a run that was cancelled: within five seconds it is to have left."""


def work(folder: Path, tell: Callable[[str], None] = lambda line: None) -> NoReturn:
    """Do the job in a folder, and leave this process.

    Exit codes: 0 where the run has its record, whatever that says; `BUSY`, `PREEMPTED`,
    `OTHER_CODE`; that of the error if the job is refused; 1 if something else was in the way.

    Args:
        folder: of the run.
        tell: takes a line for whoever has started this process: all else goes to the run's log.
    """
    folder = folder.absolute()  # code under test may change the working directory
    try:
        has_job = (folder / JOB_FILE).exists()
        code = _work(folder, tell) if has_job else _without_job(folder, tell)
    except GanbenchError as error:
        remark(f"error: {one_line(error)}")
        tell(f"error: {error}")
        code = OTHER_CODE if isinstance(error, OtherCode) else error.exit_code
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


def _without_job(folder: Path, tell: Callable[[str], None]) -> int:
    """The exit code for a folder in which nothing is to be done, and nothing is written."""
    if (folder / RECORD_FILE).exists():
        tell(f"the run in {folder} has ended before")
        return 0
    try:
        read_job(folder)
    except GanbenchError as error:
        tell(f"error: {error}")
        return error.exit_code
    return BUSY  # somebody has just begun to start it


def _work(folder: Path, tell: Callable[[str], None]) -> int:
    """The exit code; what it raises is a refusal, a bug of ours, or a machine out of something."""
    _on_stop(lambda: os._exit(PREEMPTED))  # there is no state to keep yet
    redirect_output(folder / LOG_FILE)
    fence = take_fence(folder / LOCK_FILE)  # held to the end of the process
    if fence is None:
        tell(f"another process is at work on {folder.name}")
        return BUSY
    store = RunStore(folder.parent)
    if folder.name in store.finished([folder.name]):  # since this process was asked for
        tidy(folder)
        return 0
    if request := store.cancelled(folder.name):  # whoever starts it once more gets no further
        hint = "`ganbench run` with its selection goes on with it"
        raise UsageError(f"the run in {folder} was {request}", hint)
    job = read_job(folder)
    tidy(folder)
    _clear(folder)
    wanted = [one for spec in job.specs if not store.cancelled(one := spec.run_id)]
    with _watched_for_cancelling(store, wanted):
        return _train(job, store)


def _train(job: Job, store: RunStore) -> int:
    os.environ.update(SINGLE_THREADED)  # a run that has more threads asks torch for them itself
    import torch

    from ganbench.catalogue.catalogue import installed_catalogue
    from ganbench.running.company import ALONE, Company
    from ganbench.running.run import Run

    catalogue = installed_catalogue(job.plugins)
    for spec in job.specs:
        require_same_code(spec, catalogue)
    device = torch.device("cuda:0" if job.device == "cuda" else "cpu")

    def make(spec: RunSpec, company: Company = ALONE) -> Run:
        return Run(
            spec,
            store.folder(spec.run_id),
            catalogue,
            device,
            job.commit,
            job.checkpoint_seconds,
            keep_final=job.keep_final,
            origin=store.folder(job.origin) if job.origin else None,
            company=company,
        )

    if job.specs[0].engine == "eager":
        return _do_alone(make(job.specs[0]), store)
    return _do_together(job, make, device, store)


def _do_alone(run: Run, store: RunStore) -> int:
    from ganbench.running.keeper import Preempted

    try:
        with _progress_told([run], store):
            _on_stop(run.stop)
            record = run.execute()
            _on_stop(None)  # too late: the record comes first
    except Preempted:
        _on_stop(None)  # once is enough
        remark(f"asked to stop at step {run.clock.steps}")
        return PREEMPTED
    store.write(record)
    tidy(store.folder(run.spec.run_id))
    return 0


def _do_together(job: Job, make: MakeRun, device: torch.device, store: RunStore) -> int:
    """All seeds of a job that nobody else is at work on; each gets its record when it ends."""
    from ganbench.running.keeper import Preempted
    from ganbench.running.together import Together
    from ganbench.training.stacking.stack import StackBroken

    with contextlib.ExitStack() as fences:
        specs = [spec for spec in job.specs if _is_ours(spec.run_id, job, store, fences)]
        if not specs:
            return 0
        logs = [store.folder(spec.run_id) / LOG_FILE for spec in specs]

        def ended(run: Run, record: Record) -> None:
            store.write(record)
            tidy(store.folder(run.spec.run_id))

        together = Together(specs, make, device, lambda n: redirect_output(logs[n]), ended)
        try:
            with _progress_told(together.runs, store):
                _on_stop(together.stop_soon)
                together.execute()
        except Preempted:
            remark("asked to stop")
            return PREEMPTED
        except StackBroken as error:
            remark(f"each of these goes on by itself: {error}")
            return 1
    return 0


def _is_ours(run_id: str, job: Job, store: RunStore, fences: contextlib.ExitStack) -> bool:
    """Whether a run of a job is to be done here; then its fence is held, and its folder tidy."""
    folder = store.folder(run_id)
    if folder != job.folder:  # whose fence is held
        fence = take_fence(folder / LOCK_FILE)
        if fence is None:
            return False
        fences.enter_context(fence)
    if run_id in store.finished([run_id]) or store.cancelled(run_id):
        return False
    tidy(folder)
    _clear(folder)
    return True


def _on_stop(act: Callable[[], object] | None) -> None:
    """What is done when this process is asked to stop, by a scheduler or by Ctrl-C."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN if act is None else lambda *_: act())


@contextlib.contextmanager
def _watched_for_cancelling(store: RunStore, run_ids: Iterable[str]) -> Iterator[None]:
    """Have this process stop, as by SIGTERM, once somebody cancels a run of it; on any machine.

    Others that it does go on in another process, from the state that they keep.
    """
    over = threading.Event()

    def watch() -> None:
        while not over.wait(PROGRESS_SECONDS):
            if request := next(filter(None, map(store.cancelled, run_ids)), None):
                remark(f"the run was {request}")
                os.kill(os.getpid(), signal.SIGTERM)
                break
        else:
            return
        if not over.wait(GRACE_SECONDS):  # in a step that does not end, or ignoring signals
            end_descendants(os.getpid())
            os._exit(PREEMPTED)

    threading.Thread(target=watch, daemon=True).start()
    try:
        yield
    finally:
        over.set()


def _clear(folder: Path) -> None:
    """Remove what an unfinished try has left: it is done again."""
    for path in (folder / PROGRESS_FILE, folder / GENERATOR_FILE, *sheet_files(folder)):
        path.unlink(missing_ok=True)


@contextlib.contextmanager
def _progress_told(runs: Sequence[Run], store: RunStore) -> Iterator[None]:
    """Tell how far runs are, for as long as they last; nothing half written is left then."""
    over = threading.Event()

    def tell() -> None:
        while not over.wait(PROGRESS_SECONDS):
            for run in runs:
                store.write_progress(run.spec.run_id, _progress(run))

    thread = threading.Thread(target=tell, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join(PROGRESS_SECONDS)


def _progress(run: Run) -> dict[str, object]:
    evaluator = run.evaluator
    points = evaluator.points if evaluator else []
    scores: list[tuple[str, float]] = []
    if evaluator and points:
        columns = evaluator.columns
        scores = [(columns[key]["label"], value) for key, value in points[-1]["scores"].items()]
    return {"fraction": run.clock.fraction(), "step": run.clock.steps, "scores": scores}
