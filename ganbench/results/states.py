"""Which runs of a folder are finished, running, failed or unfinished."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from typing import Any, Final, TypedDict

from ganbench.results.fields import UNFINISHED
from ganbench.results.plans import PlannedRun, live_plans
from ganbench.results.record import Record
from ganbench.results.store import LOCK_FILE, RunStore
from ganbench.storage.locks import is_held

RUNNING: Final = "running"
WAITING: Final = "waiting"
CANCELLED: Final = "cancelled"


class State(TypedDict):
    """What is known of one run.

    Args:
        status: how it ended; `running` while a process holds its folder, or in a bucket its lease,
            `cancelled` if somebody has asked for that, `waiting` if a plan that is under way has
            yet to come to it; else `unfinished`.
        fraction: of its budget, in [0, 1], as it was last told; 1 for one that came to its end.
        reason: why it failed; empty where it did not.
        plan: that is under way and has the run to do or done, as `cancel` takes it; else empty.
    """

    run_id: str
    variant: str
    task: str
    seed: int
    status: str
    fraction: float
    reason: str
    plan: str


def states(store: RunStore) -> tuple[list[State], Sequence[str]]:
    """The states of all runs by their ids, and warnings about files that could not be used.

    Raises:
        UsageError: there is no such folder, or it cannot be read.
    """
    contents = store.read_all()
    found = [
        _state(
            record["run_id"],
            record["spec"],
            record["status"],
            _done(record, store),
            record["failure"]["message"] if record["failure"] else "",
        )
        for record in contents.records
    ]
    plans = live_plans(store)
    planned = {run.run_id: run for plan in plans for run in plan.runs}
    plan_of = {run.run_id: plan.name for plan in plans for run in plan.runs}
    for run_id, spec in contents.unfinished.items():
        status, reason = unfinished(run_id, store, planned)
        found.append(_state(run_id, spec, status, _last_told(run_id, store), reason))
    known = {state["run_id"] for state in found} | contents.foreign
    found += [_planned(run, store) for run in planned.values() if run.run_id not in known]
    for state in found:
        state["plan"] = plan_of.get(state["run_id"], "")
    return sorted(found, key=lambda state: state["run_id"]), contents.warnings


def unfinished(run_id: str, store: RunStore, planned: Container[str]) -> tuple[str, str]:
    """Status and reason of a run without a record.

    Args:
        run_id: of the run.
        store: where it is.
        planned: ids of the runs of plans that are under way.
    """
    if is_held(store.folder(run_id) / LOCK_FILE) or store.leased(run_id):
        return RUNNING, ""
    if request := store.cancelled(run_id):
        return CANCELLED, str(request)
    return WAITING if run_id in planned else UNFINISHED, ""


def _planned(run: PlannedRun, store: RunStore) -> State:
    """A run that its plan has not come to yet: it has no spec in its folder."""
    status, reason = unfinished(run.run_id, store, {run.run_id})
    return {
        "run_id": run.run_id,
        "variant": run.variant,
        "task": run.task,
        "seed": run.seed,
        "status": status,
        "fraction": 0.0,
        "reason": reason,
        "plan": "",
    }


def _done(record: Record, store: RunStore) -> float:
    """How much of its budget a run with a record has spent."""
    if record["status"] == "ok":  # counted budgets end a step before they would be exceeded
        return 1.0
    budget = record["spec"]["task"]["budget"]
    used: Mapping[str, Any] = record["used"]
    # A process that was killed has recorded nothing, and may have told of its progress.
    spent = float(used[budget["kind"]] / budget["amount"])
    return min(1.0, max(spent, _last_told(record["run_id"], store)))


def _last_told(run_id: str, store: RunStore) -> float:
    return float((store.read_progress(run_id) or {}).get("fraction", 0.0))


def _state(run_id: str, spec: dict[str, Any], status: str, fraction: float, reason: str) -> State:
    return {
        "run_id": run_id,
        "variant": spec["variant"],
        "task": spec["task"]["name"],
        "seed": spec["seed"],
        "status": status,
        "fraction": fraction,
        "reason": reason,
        "plan": "",
    }
