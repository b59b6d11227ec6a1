"""From a selection to records: what `ganbench run` and `ganbench.run` both do."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from ganbench.catalogue.catalogue import open_catalogue
from ganbench.catalogue.plugin_files import PluginChoice
from ganbench.execution.executors.limits import Limits
from ganbench.execution.session import Outcome, forget, run_plan
from ganbench.machine.devices import resolve_device
from ganbench.planning.plan import Selection, make_plan
from ganbench.results.store import RunStore
from ganbench.storage.writing import make_folder

ProgressFactory = Callable[[int, int, RunStore], AbstractContextManager[Any]]


def execute(
    selection: Selection,
    *,
    runs: Path,
    jobs: int | None,
    limits: Limits,
    plugins: PluginChoice,
    fresh: bool,
    retry_failed: bool,
    fail_fast: bool,
    retries: int,
    checkpoint_seconds: float,
    progress: ProgressFactory,
    remark: Callable[[str], None],
) -> Outcome:
    """Plan, run what is missing, and return all records.

    Args:
        selection: what to run.
        runs: folder of the runs.
        jobs: runs at a time; None: one per core or GPU.
        limits: of one run.
        plugins: which ones to load.
        fresh: run again what is finished.
        retry_failed: run again what ended for reasons of the machine or the code.
        fail_fast: start nothing more after a failure.
        retries: tries more for a run whose worker has vanished.
        checkpoint_seconds: between two checkpoints of a run.
        progress: makes the display of (total runs, slots, store).
        remark: takes lines of talk for the user.

    Raises:
        GanbenchError: the request cannot be carried out.
    """
    from ganbench.execution.executors.local import LocalExecutor

    catalogue = open_catalogue(plugins, remark, need_files=True)
    plan = make_plan(selection, catalogue)
    for reason in plan.skipped:
        remark(f"left out: {reason}")
    for note in plan.notes:
        remark(note)
    store = RunStore(runs)
    make_folder(runs)
    device = resolve_device(selection.device)
    finished, warnings = store.finished(spec.run_id for spec in plan.runs)
    for warning in warnings:
        remark(f"warning: {warning}")
    plan.require_present(s for s in plan.runs if fresh or s.run_id not in finished)
    forget(plan.runs, store, everything=fresh, failed=retry_failed)
    executor = LocalExecutor(store, device, jobs, limits, plugins, retries, checkpoint_seconds)
    with progress(len(plan.runs), executor.slots, store) as listener:
        return run_plan(plan, store, executor, catalogue, listener, fail_fast=fail_fast)
