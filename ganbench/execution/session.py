"""Running a whole plan: what is finished is reused, what is missing is run, nothing vanishes."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass
from typing import Any, Protocol, cast

from ganbench.catalogue.catalogue import Catalogue
from ganbench.execution.local import Cancelled
from ganbench.planning.plan import Plan
from ganbench.planning.runspec import RunSpec
from ganbench.results.record import Record
from ganbench.results.store import RunStore


class Executor(Protocol):
    """Where runs run. Truth is the run folder: a future only says when to look."""

    slots: int

    def submit(self, spec: RunSpec, on_start: Any = ...) -> Future[Record]:
        """A future that resolves to the run's record."""

    def stop(self) -> None:
        """End all runs at once."""


class Listener(Protocol):
    """What wants to know how a plan is going. Methods may be called from several threads."""

    def started(self, spec: RunSpec) -> None:
        """A run has got its slot."""

    def finished(self, spec: RunSpec, record: Record, *, reused: bool) -> None:
        """A run has its record."""

    def warned(self, message: str) -> None:
        """Something on disk is not as it should be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The records of a plan, in its order, and how many of them were there already."""

    records: list[Record]
    reused: int
    stopped_early: bool

    @property
    def failures(self) -> list[Record]:
        """Records whose status is not `ok`."""
        return [record for record in self.records if record["status"] != "ok"]


def run_plan(
    plan: Plan,
    store: RunStore,
    executor: Executor,
    catalogue: Catalogue,
    listener: Listener,
    *,
    fail_fast: bool = False,
) -> Outcome:
    """Run what is missing and return all records.

    Args:
        plan: the runs.
        store: where finished ones are found and new ones go.
        executor: where new ones run.
        catalogue: whose observers hear of every new record.
        listener: hears of every run.
        fail_fast: start no further run once one has failed.

    Raises:
        KeyboardInterrupt: after every worker has ended; finished runs keep their records.
    """
    records, warnings = store.finished(spec.run_id for spec in plan.runs)
    for warning in warnings:
        listener.warned(warning)
    for spec in plan.runs:
        if spec.run_id in records:
            listener.finished(spec, records[spec.run_id], reused=True)
    reused = len(records)
    missing = [spec for spec in plan.runs if spec.run_id not in records]
    observers = catalogue.observers()
    stopped_early = False
    futures = {executor.submit(spec, listener.started): spec for spec in missing}
    try:
        pending: set[Future[Record]] = set(futures)
        while pending:
            done, pending = wait(pending, timeout=0.5, return_when=FIRST_COMPLETED)
            for future in done:
                record = _result(future)
                if record is None:
                    continue
                records[record["run_id"]] = record
                listener.finished(futures[future], record, reused=False)
                observers.ganbench_run_finished(record=cast("dict[str, Any]", record))
                if fail_fast and record["status"] != "ok":
                    stopped_early = True
                    pending = {one for one in pending if not one.cancel()}
    finally:
        executor.stop()
    ordered = [records[spec.run_id] for spec in plan.runs if spec.run_id in records]
    return Outcome(records=ordered, reused=reused, stopped_early=stopped_early)


def _result(future: Future[Record]) -> Record | None:
    try:
        return future.result()
    except Cancelled:
        return None


def forget(specs: Sequence[RunSpec], store: RunStore) -> None:
    """Set aside the records of these runs, so that they are run again (`--fresh`)."""
    for spec in specs:
        store.discard(spec.run_id)
