"""`ganbench plan`: what `run` would do."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from statistics import median
from typing import Any

import click

from ganbench.catalogue.catalogue import open_catalogue
from ganbench.catalogue.choice import PluginChoice
from ganbench.cli.console import duration, print_json, print_rows, talk
from ganbench.cli.options import json_option, make_selection, runs_option, selection_options
from ganbench.cli.plugin_options import plugin_options
from ganbench.cli.settings import tell_settings
from ganbench.planning.plan import Plan, make_plan
from ganbench.planning.runspec import RunSpec
from ganbench.results.record import Record
from ganbench.results.store import RunStore


@click.command()
@selection_options
@runs_option
@json_option
@plugin_options
@click.pass_obj
def command(choice: PluginChoice, /, runs: Path, as_json: bool, **options: Any) -> None:
    """Show what `run` would do with the same selection, and run nothing.

    Times are those of finished runs of the same variant, task and budget in the runs folder;
    unknown ones are left empty.
    """
    for line in tell_settings(click.get_current_context()):
        talk(line)
    plan = make_plan(make_selection(**options), open_catalogue(choice, talk, need_files=True))
    store = RunStore(runs)
    records, warnings = store.finished(spec.run_id for spec in plan.runs)
    for warning in warnings:
        talk(f"warning: {warning}")
    seconds = _expected_seconds(plan, records)
    rows = [_row(spec, spec.run_id in records, seconds.get(_kind(spec))) for spec in plan.runs]
    if as_json:
        print_json({"suite": plan.suite.name, "runs": rows, "left_out": list(plan.skipped)})
        return
    print_rows(
        ["run", "budget", "state", "expected"],
        [[row["run_id"], row["budget"], row["state"], _shown(row)] for row in rows],
    )
    for reason in plan.skipped:
        talk(f"left out: {reason}")
    talk(_total(rows))


def _kind(spec: RunSpec) -> tuple[str, str, str]:
    return spec.variant, spec.task.name, str(spec.task.budget)


def _expected_seconds(plan: Plan, records: dict[str, Record]) -> dict[tuple[str, str, str], float]:
    """Median wall time of finished runs, by variant, task and budget."""
    seen = defaultdict(list)
    for spec in plan.runs:
        if (record := records.get(spec.run_id)) is not None:
            seen[_kind(spec)].append(record["clocks"].get("wall", 0.0))
    return {kind: median(times) for kind, times in seen.items()}


def _row(spec: RunSpec, finished: bool, seconds: float | None) -> dict[str, Any]:
    budget = spec.task.budget
    return {
        "run_id": spec.run_id,
        "variant": spec.variant,
        "task": spec.task.name,
        "seed": spec.seed,
        "budget": str(budget),
        "flops": budget.amount if budget.kind == "flops" else None,
        "state": "finished" if finished else "to run",
        "expected_seconds": None if finished else seconds,
    }


def _shown(row: dict[str, Any]) -> str:
    seconds = row["expected_seconds"]
    return "" if seconds is None else duration(seconds)


def _total(rows: list[dict[str, Any]]) -> str:
    missing = [row for row in rows if row["state"] == "to run"]
    text = f"{len(rows)} runs, {len(missing)} to run"
    known = [row["flops"] for row in missing]
    if missing and None not in known:
        from ganbench.planning.budget import with_prefix

        text += f", {with_prefix(sum(known))}FLOP of training"
    times = [row["expected_seconds"] for row in missing]
    if missing and None not in times:
        text += f", {duration(sum(times))} of one slot"
    return text
