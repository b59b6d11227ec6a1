"""`ganbench plan`: what `run` would do, and what it would cost."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import click

from ganbench.catalogue.catalogue import open_catalogue
from ganbench.catalogue.plugin_files import PluginChoice
from ganbench.cli.defaults import tell_settings
from ganbench.cli.options import (
    executor_option,
    json_option,
    make_selection,
    runs_option,
    selection_options,
)
from ganbench.cli.plugin_options import plugin_options
from ganbench.cli.verb import Verb
from ganbench.console import print_json, print_rows, talk, warn
from ganbench.execution.engines import plan_of
from ganbench.execution.executors.executor import choose_executor
from ganbench.execution.fast_paths import require_fast_path
from ganbench.machine.devices import device_name
from ganbench.machine.threads import require_threads
from ganbench.planning.plan import Plan
from ganbench.planning.runspec import RunSpec
from ganbench.results.forecast import Forecast
from ganbench.results.mirrors import open_runs
from ganbench.results.record import Record
from ganbench.results.store import CHECKPOINT_FOLDER, Contents, RunStore
from ganbench.wording import counted, duration, file_size, with_prefix


@click.command(cls=Verb)
@selection_options
@executor_option
@runs_option
@json_option
@plugin_options
@click.pass_obj
def command(
    choice: PluginChoice, /, executor: str, runs: Path, as_json: bool, **options: Any
) -> None:
    """Show what `run` would do with the same selection, and what it would cost; run nothing.

    Times are estimated from finished runs in the runs folder on a device of the same name: of the
    same variant and task, else of other variants on the task. Where there are none, they are
    unknown.
    """
    for line in tell_settings(click.get_current_context()):
        talk(line)
    selection = make_selection(**options)
    catalogue = open_catalogue(choice, talk, need_files=True)
    place, _ = choose_executor(executor, catalogue)
    plan = plan_of(selection, catalogue)
    store = open_runs(runs)
    contents = store.read_all() if store.root.is_dir() else Contents()
    warn(contents.warnings)
    device = device_name(selection.device)
    forecast = Forecast(contents.records, device)
    records = {record["run_id"]: record for record in contents.records}
    specs = [(spec.run_id, spec) for spec in plan.runs]  # an id takes a while to compute
    missing = [spec for run_id, spec in specs if run_id not in records]
    rows = [
        _row(run_id, spec, records.get(run_id), store, forecast)
        for run_id, spec in specs
        if run_id not in contents.foreign
    ]
    total = _total(rows)
    if as_json:
        left_out = list(plan.skipped)
        suite = plan.suite.name
        shard = selection.shard and str(selection.shard)
        found = {"suite": suite, "threads": plan.threads, "precision": plan.precision}
        found |= {"shard": shard, "runs": rows}
        print_json({**found, "left_out": left_out, "notes": list(plan.notes), "total": total})
        _refuse_what_cannot_run(plan, missing, None if place.remote else selection.device)
        return
    print_rows(
        ["run", "budget", "state", "expected"],
        [[row["run_id"], row["budget"], _state(row), _expected(row)] for row in rows],
    )
    for reason in plan.left_out:
        talk(f"left out: {reason}")
    for note in plan.notes:
        talk(note)
    if plan.threads != 1:
        talk(f"{plan.threads} threads each")
    if plan.precision != "float32":
        talk(f"products of training in {plan.precision}, evaluations in float32")
    if selection.shard:
        talk(f"shard {selection.shard} of {counted(plan.whole, 'run')}")
    _tell(total, rows, device, runs)
    _refuse_what_cannot_run(plan, missing, None if place.remote else selection.device)


def _refuse_what_cannot_run(plan: Plan, missing: list[RunSpec], device: str | None) -> None:
    """Say what `run` would say instead of running.

    Args:
        plan: of the runs.
        missing: those that are to run.
        device: as typed; None for machines that are not this one.

    Raises:
        UsageError: the runs ask for more threads than there may be on this machine, or for a
            precision in which it is slower than in float32.
        MissingData: something that a run needs is not on it.
    """
    if device is not None:
        require_threads(plan.threads)
        require_fast_path(plan.precision, device, plan.threads)
    plan.require_present(missing)


def _row(
    run_id: str, spec: RunSpec, record: Record | None, store: RunStore, forecast: Forecast
) -> dict[str, Any]:
    cost = forecast.cost(spec)
    done = 0.0 if record else _resumable(run_id, store)
    state = "finished" if record else "to run" if done is None else "to resume"
    return {
        "run_id": run_id,
        "variant": spec.variant,
        "task": spec.task.name,
        "seed": spec.seed,
        "budget": str(spec.task.budget),
        "state": state,
        "status": record["status"] if record else None,
        "done": 1.0 if record else done or 0.0,
        "flops": cost.flops,
        "expected_seconds": None if record else cost.seconds(done or 0.0),
        "expected_bytes": None if record else forecast.bytes_of(spec, store),
        "basis": None if record else cost.basis or None,
        "exact": cost.exact,
    }


def _resumable(run_id: str, store: RunStore) -> float | None:
    """The fraction at which an unfinished run would go on; None if it has no checkpoint."""
    checkpoints = store.folder(run_id) / CHECKPOINT_FOLDER
    if not (checkpoints.is_dir() and any(checkpoints.iterdir())):
        return None
    progress = store.read_progress(run_id) or {}
    return min(1.0, max(0.0, float(progress.get("fraction", 0.0))))


def _state(row: dict[str, Any]) -> str:
    if row["state"] == "to resume":
        return f"to resume at {row['done']:.0%}"
    return str(row["state"] if row["status"] in (None, "ok") else row["status"])


def _expected(row: dict[str, Any]) -> str:
    seconds = row["expected_seconds"]
    return "" if seconds is None else ("~" if _is_guess(row) else "") + duration(seconds)


def _is_guess(row: dict[str, Any]) -> bool:
    """Whether no run of the same variant and task tells the time."""
    return row["basis"] is not None and not row["exact"]


def _total(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Sums over what is not finished; None where a part of it is unknown."""
    left = [row for row in rows if row["state"] != "finished"]

    def summed(values: list[float | None]) -> float | None:
        known = [value for value in values if value is not None]
        return sum(known) if len(known) == len(values) else None

    flops = [row["flops"] and row["flops"] * (1.0 - row["done"]) for row in left]
    return {
        "runs": len(rows),
        "to_run": len(left),
        "flops": summed(flops),
        "seconds": summed([row["expected_seconds"] for row in left]),
        "bytes": summed([row["expected_bytes"] for row in left]),
    }


def _tell(
    total: dict[str, Any], rows: list[dict[str, Any]], device: str | None, runs: Path
) -> None:

    states = Counter(row["state"] for row in rows)
    parts = [f"{states[state]} {state}" for state in ("finished", "to resume") if states[state]]
    talk(", ".join([counted(len(rows), "run"), *parts, f"{states['to run']} to run"]))
    if not total["to_run"]:
        return
    flops = "unknown FLOPs" if total["flops"] is None else f"{with_prefix(total['flops'])}FLOP"
    where = f"on {device or 'such a GPU'}"
    if total["seconds"] is None:
        unknown = sum(row["state"] != "finished" and row["basis"] is None for row in rows)
        talk(
            f"{flops} of training; time unknown: for {unknown} runs, none of the same task has "
            f"finished {where} in {runs}/"
        )
        return
    disk = "" if total["bytes"] is None else f"; {file_size(total['bytes'])} in {runs}/"
    talk(f"{flops} of training; about {duration(total['seconds'])} of one slot {where}{disk}")
    if guesses := sum(map(_is_guess, rows)):
        talk(f"~: {guesses} guessed from other variants or settings on the same task")
