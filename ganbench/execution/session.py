"""Running a whole plan: what is finished is reused, what is missing is run, nothing vanishes."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from ganbench.api.errors import InvalidResults
from ganbench.api.executors import Executor
from ganbench.catalogue.catalogue import Catalogue
from ganbench.execution.conditions import Conditions
from ganbench.execution.fence import tidy_finished
from ganbench.execution.supervisor import Supervisor
from ganbench.execution.turns import Claims
from ganbench.planning.plan import Plan
from ganbench.planning.runspec import RunSpec
from ganbench.results.plans import announced
from ganbench.results.record import COUNTED, Record
from ganbench.results.requests import Request
from ganbench.results.store import Finished, RunStore
from ganbench.wording import counted


class Listener(Protocol):
    """What wants to know how a plan is going."""

    def started(self, spec: RunSpec) -> None:
        """A run has got its slot."""

    def finished(self, spec: RunSpec, record: Record, *, reused: bool) -> None:
        """A run has its record."""

    def cancelled(self, spec: RunSpec, request: Request) -> None:
        """A run is given up, as somebody has asked; it may have been started or not."""

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
        foreign: ids of runs with a record that cannot be read here; they are left out.
        cancelled: ids of runs that somebody has cancelled; they have no record.
    """

    plan: Plan
    records: list[Record]
    reused: frozenset[str]
    slot_seconds: float
    foreign: frozenset[str] = field(default=frozenset())
    cancelled: frozenset[str] = field(default=frozenset())

    def require_readable(self) -> None:
        """Make sure that every run of the plan has a record, or was left without one by somebody.

        Raises:
            InvalidResults: a newer ganbench has written records that this one cannot read.
        """
        if self.foreign:
            raise InvalidResults(
                f"{counted(len(self.foreign), 'run')} of the plan ended before, with a record that "
                "this ganbench cannot read: not trained, and not in the tables (see the warnings)",
                "update ganbench; or run them again with --fresh, which sets all records aside",
            )

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
    finished: Finished,
    store: RunStore,
    executor: Executor,
    catalogue: Catalogue,
    conditions: Conditions,
    listener: Listener,
    device: str,
    origins: Mapping[str, str] | None = None,
    claims: Claims | None = None,
    judged: Mapping[str, Record | None] | None = None,
) -> Outcome:
    """Run what is missing and return all records.

    Args:
        plan: the runs.
        finished: those that have ended before, as they were read, and are reused.
        store: where new ones go.
        executor: where new ones run.
        catalogue: whose observers hear of every new record.
        conditions: how they are run.
        listener: hears of every run.
        device: `cpu` or `cuda`.
        origins: run id -> id of the finished run that it goes on from.
        claims: whose turn it is to work on a run; None: a folder's.
        judged: records that are there and not reused, as `Supervisor` takes them.

    Raises:
        Cancelled: somebody has cancelled the plan.
        GanbenchError: a run folder cannot be written to, or nothing can be started.
    """
    began = time.monotonic()
    for spec in plan.runs:
        if spec.run_id in finished.records:
            # Whoever was killed after its record was written has left a checkpoint behind.
            tidy_finished(store.folder(spec.run_id))
            listener.finished(spec, finished.records[spec.run_id], reused=True)
    missing = [spec for spec in plan.runs if spec.run_id not in finished]
    for spec in missing:
        store.go_on(spec.run_id)
    observers = catalogue.observers()
    records = dict(finished.records)
    with announced(store, plan.suite.name, len(plan.runs), missing) as announcement:
        supervisor = Supervisor(
            store,
            executor,
            conditions,
            device=device,
            claims=claims,
            origins=origins,
            judged=judged,
            on_start=listener.started,
            on_cancel=listener.cancelled,
            warn=listener.warned,
            require_wanted=announcement.require_wanted,
        )
        for spec, record in supervisor.records(missing):
            records[spec.run_id] = record
            # People first: what an observer does with the record may take its time.
            listener.finished(spec, record, reused=False)
            observers.notify("ganbench_run_finished", listener.warned, record=record)
    return Outcome(
        plan=plan,
        # In the plan's order, not in that of their ends, which is another one every time.
        records=[records[spec.run_id] for spec in plan.runs if spec.run_id in records],
        reused=frozenset(finished.records),
        slot_seconds=(time.monotonic() - began) * executor.slots,
        foreign=frozenset(finished.foreign | supervisor.foreign),
        cancelled=frozenset(supervisor.cancelled),
    )


def reusable(finished: Finished, conditions: Conditions) -> Finished:
    """What is not to be run again.

    With `fresh` that is nothing; with `retry_failed`, what did not end for reasons of the machine
    or the code: an unstable run is a result, and stays. Nor is what ran on other threads than its
    spec says, as runs did when they were given the cores that were idle.
    """
    if conditions.fresh:
        return Finished()
    records = {
        run_id: record
        for run_id, record in finished.records.items()
        if (not conditions.retry_failed or record["status"] in COUNTED) and _as_planned(record)
    }
    return Finished(records=records, foreign=finished.foreign)


def _as_planned(record: Record) -> bool:
    planned = record["spec"].get("threads", 1)
    return bool(record["environment"].get("threads", planned) == planned)
