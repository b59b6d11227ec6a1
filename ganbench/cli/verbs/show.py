"""`ganbench show`: one run."""

from __future__ import annotations

from pathlib import Path

import click

from ganbench.api.errors import InvalidResults
from ganbench.cli.completing import complete_runs
from ganbench.cli.options import json_option, runs_option
from ganbench.cli.verb import Verb
from ganbench.console import print_json, print_rows, say, warn
from ganbench.results.accounts import remarks
from ganbench.results.headings import distinct_labels
from ganbench.results.media import DRAWINGS_FOLDER, FRAMES_FOLDER, sheet_files
from ganbench.results.mirrors import open_runs
from ganbench.results.parts import Part
from ganbench.results.plans import live_plans
from ganbench.results.record import Column, Record
from ganbench.results.states import unfinished
from ganbench.results.store import HISTORY_FILE, LOG_FILE, RunStore
from ganbench.storage.reading import tail
from ganbench.wording import duration, memory_size, number, with_error, with_prefix


@click.command(cls=Verb)
@click.argument("run_id", metavar="RUN", shell_complete=complete_runs)
@runs_option
@json_option
def command(run_id: str, runs: Path, as_json: bool) -> None:
    """Show one run: its status, scores over the budget, cost, error and log.

    RUN is a run's id or the beginning of one.
    """
    store = open_runs(runs)
    planned = {run.run_id for plan in live_plans(store) for run in plan.runs}
    found = store.find(run_id, planned)
    finished = store.finished([found])
    store.fetch([found], Part.PAGE)
    folder = store.folder(found)
    if finished.foreign:
        raise InvalidResults(finished.warnings[0])
    if found not in finished:
        warn(finished.warnings)
        _show_unfinished(store, found, as_json, unfinished(found, store, planned))
        return
    record = finished.records[found]
    if as_json:
        print_json(record)
        return
    _show_head(record)
    _show_scores(record)
    _show_failure(record)
    log = tail(folder / LOG_FILE)
    if log:
        say(f"\nend of {folder / LOG_FILE}:\n{log}")
    others = (folder / FRAMES_FOLDER, folder / DRAWINGS_FOLDER, folder / HISTORY_FILE)
    files = [*sheet_files(folder), *(path for path in others if path.exists())]
    if files:
        say("\nfiles: " + ", ".join(map(str, files)))


def _show_unfinished(store: RunStore, run_id: str, as_json: bool, state: tuple[str, str]) -> None:
    progress, (status, reason) = store.read_progress(run_id) or {}, state
    if as_json:
        print_json({"run_id": run_id, "status": status, "reason": reason, "progress": progress})
        return
    done = f", {float(progress['fraction']):.0%} of its budget" if "fraction" in progress else ""
    say(f"{run_id}: {status}{done}")
    if reason:
        say(f"  {reason}")
    log = tail(store.folder(run_id) / LOG_FILE)
    if log:
        say(f"\nend of its log:\n{log}")


def _show_head(record: Record) -> None:
    spec, used, clocks = record["spec"], record["used"], record["clocks"]
    say(f"{record['run_id']}: {record['status']}")
    say(f"  {spec['variant']} on {spec['task']['name']}, seed {spec['seed']}")
    settings = ", ".join(f"{key}={value}" for key, value in spec["parameters"].items())
    say(f"  parameters: {settings or 'none'}")
    say(
        f"  used: {with_prefix(used['flops'])}FLOP, {used['seconds']:.1f} s of training, "
        f"{used['images']:,} images, {used['steps']:,} steps"
    )
    for line in remarks(record):
        say(f"  note: {line}")
    times = ", ".join(f"{name} {duration(seconds)}" for name, seconds in clocks.items())
    say(f"  time: {times}")
    sizes = ", ".join(f"{name} {count:,}" for name, count in record["parameters"].items())
    say(f"  weights: {sizes or 'none'}")
    if record["peak_memory_bytes"]:
        say(f"  peak memory: {memory_size(record['peak_memory_bytes'])}")
    environment = record["environment"]
    if environment:
        get = environment.get
        threads = f", {count} threads" if (count := get("threads", 1)) != 1 else ""
        say(f"  on: {get('device_name', 'unknown')}, torch {get('torch', 'unknown')}{threads}")
    if (precision := spec.get("precision", "float32")) != "float32":
        say(f"  precision: products of training in {precision}, evaluations in float32")
    if engine := environment.get("engine"):
        say(f"  engine: {engine}, in one process with other seeds, whose memory that is as well")


def _show_scores(record: Record) -> None:
    if not record["points"]:
        return
    keys = [key for key in record["columns"] if any(key in p["scores"] for p in record["points"])]
    labels = distinct_labels({key: one["label"] for key, one in record["columns"].items()})
    header = ["budget", "step", *(labels[key] for key in keys)]
    rows = [
        [
            f"{point['fraction']:.0%}",
            str(point["used"]["steps"]),
            *(_cell(point["scores"].get(key)) for key in keys),
        ]
        for point in record["points"]
    ]
    say()
    print_rows(header, rows)
    floors = [
        f"{labels[key]} {_floor(column)}"
        for key, column in record["columns"].items()
        if column["floor"] is not None
    ]
    if floors:
        say("real against real at these sample counts: " + ", ".join(floors))


def _floor(column: Column) -> str:
    """The floor with its error; what a formula has, then what was measured."""
    floor, measured, error = column["floor"], column["measured_floor"], column.get("floor_error")
    if floor is None or measured is None:
        return "" if floor is None else with_error(floor, error)
    return f"{number(floor)} (measured {with_error(measured, error)})"


def _cell(value: float | None) -> str:
    return "" if value is None else number(value)


def _show_failure(record: Record) -> None:
    failure = record["failure"]
    if failure is None:
        return
    say(f"\nreason: {failure['message']}")
    if failure["traceback"]:
        say(failure["traceback"].rstrip())
