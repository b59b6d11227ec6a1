"""Bringing runs to their records, whatever becomes of the processes that they run in.

The same for every executor, which only starts jobs and says how these ended. Whose turn it is, how
often a run is tried and what its record says if its worker could write none is decided here. Truth
is the run folder: what an executor says only tells when to look.
"""

from __future__ import annotations

import contextlib
import queue
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from ganbench.api.errors import OtherCode
from ganbench.api.executors import Ending, Executor
from ganbench.execution.conditions import Conditions
from ganbench.execution.engines import jobs_of
from ganbench.execution.fence import tidy_finished
from ganbench.execution.job import BUSY, OTHER_CODE, Job
from ganbench.execution.lost import is_transient, last_words, lost_record
from ganbench.execution.turns import Claims
from ganbench.machine.source import source_commit
from ganbench.planning.runspec import RunSpec
from ganbench.results.record import Record
from ganbench.results.requests import Request
from ganbench.results.store import LOCK_FILE, LOG_FILE, RunStore
from ganbench.running.log import shorten
from ganbench.storage.locks import take_fence
from ganbench.storage.reading import tail
from ganbench.storage.writing import make_folder

LOOK_SECONDS = 1.0
"""Between two looks at whether the plan is still wanted."""

Ended = tuple[RunSpec, Record]


@dataclass(slots=True)
class _Run:
    """A run on its way to a record.

    Args:
        spec: what to run.
        run_id: of it, which takes a while to compute.
        tries: how many it has left, beside the one under way.
        due: it is not to be looked at before, by `time.monotonic`.
        started: when it was for the first time, in UTC.
        parted: whether it was under way in a stack that has ended for another's sake.
    """

    spec: RunSpec
    run_id: str
    tries: int
    due: float = 0.0
    started: datetime | None = None
    parted: bool = False


Unit = list[_Run]
"""Runs that one job does: mostly one."""


class Supervisor:
    """Runs specs on an executor; no more at a time than it has slots.

    Args:
        store: where run folders are.
        executor: where runs run.
        conditions: retries, pace of checkpoints, plugins and the like.
        device: `cpu` or `cuda`.
        claims: whose turn it is to work on a run; None: a folder's.
        origins: run id -> id of the finished run that it goes on from.
        judged: run id -> the record that is to make way for another one; None: one that cannot be
            read. It is set aside when it is the run's turn, if it is still that one: another
            command may have replaced it meanwhile.
        on_start: hears of every run that is started.
        on_cancel: hears of every run that is not gone on with, since somebody has cancelled it.
        warn: takes a line for what is on disk and not as it should be.
        require_wanted: called once a second; what it raises ends the plan.
    """

    def __init__(
        self,
        store: RunStore,
        executor: Executor,
        conditions: Conditions,
        *,
        device: str,
        claims: Claims | None = None,
        origins: Mapping[str, str] | None = None,
        judged: Mapping[str, Record | None] | None = None,
        on_start: Callable[[RunSpec], None] = lambda spec: None,
        on_cancel: Callable[[RunSpec, Request], None] = lambda spec, request: None,
        warn: Callable[[str], None] = lambda line: None,
        require_wanted: Callable[[], None] = lambda: None,
    ) -> None:
        self.foreign: set[str] = set()
        """Ids of runs that have got a record meanwhile which cannot be read here."""
        self.cancelled: set[str] = set()
        """Ids of runs that somebody has cancelled: they have no record, and keep their state."""
        self._store = store
        self._executor = executor
        self._conditions = conditions
        self._device = device
        self._claims = claims or Claims()
        self._origins = origins or {}
        self._judged = dict(judged or {})
        self._on_start = on_start
        self._on_cancel = on_cancel
        self._warn = warn
        self._require_wanted = require_wanted
        self._has_failed = False
        self._other_code: str | None = None
        self._waiting: deque[Unit] = deque()
        self._running: dict[Future[Ending], Unit] = {}
        # Futures put themselves here: nobody looks at those that go on, however many there are.
        self._ended: queue.SimpleQueue[Future[Ending]] = queue.SimpleQueue()

    def records(self, specs: Iterable[RunSpec]) -> Iterator[Ended]:
        """Each run with its record, as they come; slots are filled again before it is told.

        With `fail_fast` nothing is started after the first run that fails, nor after one whose
        worker has other code than the plan. What is under way then goes on to its end, retries
        included: it has cost most of its time already.

        Raises:
            OtherCode: a worker has; runs that were not started have no record.
            Exception: what the executor raises where it cannot start a job, or `require_wanted`.
            GanbenchError: a run folder cannot be written to.
        """
        retries = self._conditions.retries
        for job in jobs_of(list(specs), self._executor.slots):
            unit = [_Run(spec, spec.run_id, retries) for spec in job]
            if any(run.run_id in self._origins for run in unit):  # a job goes on from one run
                self._waiting.extend([run] for run in unit)
            else:
                self._waiting.append(unit)
        ended = self._fill()
        while ended or self._running or self._waiting:
            if not ended:
                ended = self._await_one()
            self._has_failed |= any(record["status"] != "ok" for _, record in ended)
            told, ended = ended, self._fill()
            yield from told
        if self._other_code is not None:
            raise OtherCode(
                f"the code is no longer that of the plan: {self._other_code}",
                "type the same command again: it plans with the code that is here now, and goes on "
                "with what is left",
            )

    def _fill(self) -> list[Ended]:
        """Give free slots to those whose turn it is; what another process has ended meanwhile."""
        if self._other_code is not None:
            self._waiting.clear()
        elif self._has_failed and self._conditions.fail_fast:
            self._waiting = deque(unit for unit in self._waiting if unit[0].parted)
        ended: list[Ended] = []
        # Nobody twice: who is put off again and again must not keep those that have ended waiting.
        for _ in range(len(self._waiting)):
            # Who is put off goes to the back: all behind the first one are due later still.
            is_full = len(self._running) >= self._executor.slots
            if is_full or self._due() > time.monotonic():
                break
            ended += self._begin(self._waiting.popleft())
        return ended

    def _begin(self, unit: Unit) -> list[Ended]:
        """Start what is to be done of a unit; the records of those that have ended meanwhile."""
        ours = [run for run in unit if self._claims.take(run.run_id)]
        self._put_off([run for run in unit if run not in ours])
        left, ended = self._without_ended([run for run in ours if self._is_cleared(run)])
        self._start(left)
        return ended

    def _due(self) -> float:
        """When the first unit that waits is to be looked at."""
        return max(run.due for run in self._waiting[0])

    def _await_one(self) -> list[Ended]:
        """Wait for the end of a job, but no longer than until there is something to look at."""
        self._require_wanted()
        patience = LOOK_SECONDS
        if self._waiting and len(self._running) < self._executor.slots:
            patience = min(patience, max(0.0, self._due() - time.monotonic()))
        try:
            future = self._ended.get(timeout=patience)
        except queue.Empty:
            return []
        return self._settle(self._running.pop(future), future.result())

    def _start(self, unit: Unit) -> None:
        """Hand runs to the executor, but for those that another process is at work on."""
        unit = [run for run in unit if self._is_free(run)]
        if not unit:
            return
        job = Job(
            specs=tuple(run.spec for run in unit),
            folder=self._store.folder(unit[0].run_id).absolute(),
            device=self._device,
            checkpoint_seconds=self._conditions.checkpoint_seconds,
            plugins=self._conditions.plugins,
            commit=source_commit(),
            keep_final=self._conditions.keep_checkpoints,
            origin=self._origins.get(unit[0].run_id),
        )
        with _fence(job.folder) as is_ours:
            if not is_ours:  # since a moment ago
                self._put_off(unit)
                return
            job.write()
        for run in unit:
            if run.started is None:
                run.started = datetime.now(UTC)
                self._on_start(run.spec)
        future = self._executor.start(job)
        self._running[future] = unit
        future.add_done_callback(self._ended.put)

    def _is_free(self, run: _Run) -> bool:
        """Whether nobody is at work on a run, whose folder there is then; else it is put off."""
        folder = self._store.create(run.run_id, run.spec.to_json())
        with _fence(folder) as is_ours:
            if not is_ours:
                self._put_off([run])
        return is_ours

    def _is_cleared(self, run: _Run) -> bool:
        """Whether the record that is to be replaced is gone; the run is put off if that cannot be
        told, since another process is at work on it."""
        if run.run_id not in self._judged:
            return True
        folder = self._store.create(run.run_id, run.spec.to_json())
        # Whoever writes a record holds the fence: it is the same one until it is set aside.
        with _fence(folder) as is_ours:
            if is_ours:
                judged, found = self._judged.pop(run.run_id), self._store.finished([run.run_id])
                if run.run_id in found and found.records.get(run.run_id) == judged:
                    self._store.discard(run.run_id, start_over=self._conditions.fresh)
            else:
                self._put_off([run])
        return is_ours

    def _settle(self, unit: Unit, ending: Ending) -> list[Ended]:
        """Records of runs whose worker has ended; those that have none are gone on with, or get
        one if that makes no sense."""
        if ending.exit_code != BUSY:
            for run in unit:
                shorten(self._store.folder(run.run_id) / LOG_FILE, self._conditions.output_bytes)
        # Somebody else had some of them, or a scheduler has started it again without the first.
        many = ending.exit_code == 0 and len(unit) > 1
        lost = [run for run in unit if self._claims.lost(run.run_id)]
        self._put_off(lost)
        left, ended = self._without_ended([run for run in unit if run not in lost])
        if not left:
            return ended
        if ending.exit_code == BUSY:  # which is no try
            self._put_off(left)
        elif ending.exit_code == OTHER_CODE:  # so would the workers of all others have
            log = tail(self._store.folder(unit[0].run_id) / LOG_FILE)
            self._other_code = last_words(log).removeprefix("error: ")
        elif lost or any(run.run_id in self.cancelled for run in unit):  # they left for these
            self._start(left)
        elif (is_transient(ending) or many) and all(run.tries for run in left):
            for run in left:
                run.tries -= 1
            self._start(left)
        elif len(left) > 1:  # one of them has cost the others their process: each by itself
            for run in reversed(left):
                run.parted = True
                self._waiting.appendleft([run])
        elif (buried := self._bury(left[0], ending)) is not None:
            ended.append((left[0].spec, buried))
        return ended

    def _without_ended(self, unit: Unit) -> tuple[Unit, list[Ended]]:
        """Those of a unit that are to be gone on with; the records of the others, as far as they
        have one that can be read."""
        left, ended = [], []
        for run in unit:
            is_over, record = self._look(run)
            if is_over:
                tidy_finished(self._store.folder(run.run_id))
            elif not self._is_cancelled(run):
                left.append(run)
                continue
            if (record := self._hand_in(run, record)) is not None:
                ended.append((run.spec, record))
        return left, ended

    def _bury(self, run: _Run, ending: Ending) -> Record | None:
        """Write the record that the worker could not write."""
        assert run.started is not None
        folder = self._store.folder(run.run_id)
        step = (self._store.read_progress(run.run_id) or {}).get("step")
        make_folder(folder)  # a plugin may have removed it
        with _fence(folder) as is_ours:
            if not is_ours:  # another process has gone on with the run
                self._put_off([run])
                return None
            self._store.write(lost_record(run.spec, folder, ending, run.started, step))
        return self._hand_in(run, self._look(run)[1])

    def _hand_in(self, run: _Run, record: Record | None) -> Record | None:
        """The record that counts, once this command has nothing more to do with a run."""
        return self._look(run)[1] if self._claims.end(run.run_id) else record

    def _is_cancelled(self, run: _Run) -> bool:
        request = self._store.cancelled(run.run_id)
        if request is not None:
            self.cancelled.add(run.run_id)
            self._on_cancel(run.spec, request)
        return request is not None

    def _put_off(self, unit: Unit) -> None:
        """The others first."""
        if not unit:
            return
        for run in unit:
            run.due = time.monotonic() + self._claims.patience
        self._waiting.append(unit)

    def _look(self, run: _Run) -> tuple[bool, Record | None]:
        """Whether a run has ended, and its record if that can be read."""
        found = self._store.finished([run.run_id])
        for warning in found.warnings:
            self._warn(warning)
        self.foreign |= found.foreign
        return run.run_id in found, found.records.get(run.run_id)


@contextlib.contextmanager
def _fence(folder: Path) -> Iterator[bool]:
    """Hold a run folder for a moment; whether nobody else does.

    The lock is this process's, and goes with the first handle of its file that is closed: no two of
    these may ever be nested.
    """
    fence = take_fence(folder / LOCK_FILE)
    if fence is None:
        yield False
        return
    with fence:
        yield True
