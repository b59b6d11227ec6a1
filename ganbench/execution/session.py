"""Running a whole plan: what is finished is reused, what is missing is run, nothing vanishes."""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass
from typing import Any, Protocol

from ganbench.catalogue.catalogue import Catalogue
from ganbench.execution.executors.local import Cancelled
from ganbench.execution.fence import tidy_finished
from ganbench.planning.plan import Plan
from ganbench.planning.runspec import RunSpec
from ganbench.results.record import COUNTED, Record
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
    """What became of a plan.

    Args:
        plan: what was asked for.
        records: in the plan's order.
        reused: ids of those that were there already.
        slot_seconds: wall time of the whole plan times the number of slots.
    """

    plan: Plan
    records: list[Record]
    reused: frozenset[str]
    slot_seconds: float

    @property
    def failures(self) -> list[Record]:
        """Records whose status is not `ok`."""
        return [record for record in self.records if record["status"] != "ok"]

    @property
    def worth_retrying(self) -> int:
        """How many reused records tell of a failure of the machine or the code."""
        return sum(
            record["run_id"] in self.reused and record["status"] not in COUNTED
            for record in self.records
        )

    @property
    def busy_share(self) -> float:
        """The share of the slots' time in which new runs trained or were evaluated."""
        new = [record for record in self.records if record["run_id"] not in self.reused]
        clocks = [record["clocks"] for record in new]
        busy = sum(clock.get("training", 0.0) + clock.get("evaluation", 0.0) for clock in clocks)
        return busy / self.slot_seconds


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
    began = time.monotonic()
    records, warnings = store.finished(spec.run_id for spec in plan.runs)
    for warning in warnings:
        listener.warned(warning)
    for spec in plan.runs:
        if spec.run_id in records:
            tidy_finished(store.folder(spec.run_id))
            listener.finished(spec, records[spec.run_id], reused=True)
    reused = frozenset(records)
    missing = [spec for spec in plan.runs if spec.run_id not in records]
    observers = catalogue.observers()
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
                observers.notify("ganbench_run_finished", listener.warned, record=record)
                if fail_fast and record["status"] != "ok":
                    pending = {one for one in pending if not one.cancel()}
    finally:
        executor.stop()
    ordered = [records[spec.run_id] for spec in plan.runs if spec.run_id in records]
    slot_seconds = (time.monotonic() - began) * executor.slots
    return Outcome(plan=plan, records=ordered, reused=reused, slot_seconds=slot_seconds)


def _result(future: Future[Record]) -> Record | None:
    try:
        return future.result()
    except Cancelled:
        return None


def forget(
    specs: Sequence[RunSpec], store: RunStore, *, everything: bool = False, failed: bool = False
) -> None:
    """Set records aside, so that their runs are run again; nothing is deleted.

    Args:
        specs: the runs in question.
        store: where their records are.
        everything: all of them; they start over.
        failed: those that ended for reasons of the machine or the code; an unstable run is a
            result, and stays. They go on from their checkpoints.
    """
    if not (everything or failed):
        return
    records, _ = store.finished(spec.run_id for spec in specs)
    for run_id, record in records.items():
        if everything or record["status"] not in COUNTED:
            store.discard(run_id, start_over=everything)
