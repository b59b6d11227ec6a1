"""From a selection to records: what `ganbench run` and `ganbench.run` both do."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from ganbench.catalogue.catalogue import Catalogue, open_catalogue
from ganbench.catalogue.plugin_files import PluginChoice
from ganbench.execution.conditions import Conditions
from ganbench.execution.engines import plan_of
from ganbench.execution.executors.executor import choose_executor, open_executor
from ganbench.execution.fast_paths import require_fast_path
from ganbench.execution.gpus import require_gpus
from ganbench.execution.origins import find_origins
from ganbench.execution.session import Outcome, reusable, run_plan
from ganbench.execution.turns import claims_on
from ganbench.machine.devices import chosen_gpus, resolve_device
from ganbench.planning.plan import Plan, Selection
from ganbench.results.mirrors import open_runs
from ganbench.results.parts import Part
from ganbench.results.store import RunStore
from ganbench.storage.writing import make_folder

ProgressFactory = Callable[[int, int, RunStore], AbstractContextManager[Any]]


def planned(
    selection: Selection, plugins: PluginChoice, remark: Callable[[str], None]
) -> tuple[Plan, Catalogue]:
    """The plan of a selection, and what it was made with; what there is to know of it is told.

    Raises:
        GanbenchError: there is none.
    """
    catalogue = open_catalogue(plugins, remark, need_files=True)
    plan = plan_of(selection, catalogue)
    for reason in plan.left_out:
        remark(f"left out: {reason}")
    for note in plan.notes:
        remark(note)
    return plan, catalogue


def execute(
    selection: Selection,
    conditions: Conditions,
    *,
    runs: Path,
    progress: ProgressFactory,
    remark: Callable[[str], None],
) -> Outcome:
    """Plan, run what is missing, and return all records.

    Args:
        selection: what to run.
        conditions: how to run it.
        runs: folder of the runs.
        progress: makes the display of (total runs, slots, store).
        remark: takes lines of talk for the user.

    Raises:
        GanbenchError: the request cannot be carried out.
        KeyboardInterrupt: after every worker has ended; finished runs keep their records.
    """
    plan, catalogue = planned(selection, conditions.plugins, remark)
    place, _ = choose_executor(conditions.executor, catalogue)
    device = resolve_device(selection.device, remote=place.remote)
    if place.remote and selection.device == "auto":
        remark(
            f"runs train on {device}, as found here; --device if the nodes of {place.name} differ"
        )
    make_folder(runs)
    store = open_runs(runs)
    store.refresh()
    with claims_on(store, remark) as claims:
        finished = store.finished(spec.run_id for spec in plan.runs)
        for warning in finished.warnings:
            remark(f"warning: {warning}")
        kept = reusable(finished, conditions)
        missing = [spec for spec in plan.runs if spec.run_id not in kept]
        plan.require_present(missing)
        if missing and not place.remote:
            require_fast_path(plan.precision, selection.device, plan.threads)
        gpus = chosen_gpus(selection.device) if device == "cuda" and not place.remote else ()
        conditions.require_sharing(missing, device, gpus)
        if missing:
            require_gpus(gpus)
        resources = conditions.resources(device, plan.threads, gpus)
        plan.prepare_data(missing, catalogue, remark)
        origins = find_origins(missing, store, remark) if conditions.from_finished else {}
        store.fetch(origins.values(), Part.STATE, Part.PAGE)
        with (
            open_executor(conditions.executor, resources, catalogue) as executor,
            progress(len(plan.runs), executor.slots, store) as listener,
        ):
            return run_plan(
                plan,
                kept,
                store,
                executor,
                catalogue,
                conditions,
                listener,
                device,
                origins,
                claims,
                judged={
                    run_id: finished.records.get(run_id)
                    for run_id in (*finished.records, *finished.foreign)
                    if run_id not in kept
                },
            )
