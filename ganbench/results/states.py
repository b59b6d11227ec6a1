"""Which runs of a folder are finished, running, failed or unfinished."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypedDict

from ganbench.results.fields import UNFINISHED
from ganbench.results.record import Record
from ganbench.results.store import LOCK_FILE, RunStore
from ganbench.storage.locks import is_held

RUNNING = "running"


class State(TypedDict):
    """What is known of one run.

    Args:
        status: how it ended; `running` while a process holds its folder, else `unfinished`.
        fraction: of its budget, in [0, 1], as it was last told; 1 for one that came to its end.
        reason: why it failed; empty where it did not.
    """

    run_id: str
    variant: str
    task: str
    seed: int
    status: str
    fraction: float
    reason: str


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
    for run_id, spec in contents.unfinished.items():
        held = is_held(store.folder(run_id) / LOCK_FILE)
        fraction = _last_told(run_id, store)
        found.append(_state(run_id, spec, RUNNING if held else UNFINISHED, fraction, ""))
    return sorted(found, key=lambda state: state["run_id"]), contents.warnings


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
    }
