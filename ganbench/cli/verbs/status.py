"""`ganbench status`: which runs are finished, running, failed or unfinished."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import click

from ganbench.cli.options import json_option, runs_option
from ganbench.console import print_json, print_rows, talk
from ganbench.results.store import LOCK_FILE, RunStore
from ganbench.storage.locks import is_held


@click.command()
@runs_option
@json_option
def command(runs: Path, as_json: bool) -> None:
    """Show which runs are finished, running, failed or unfinished.

    A run is `running` while a process holds its folder; `unfinished` ones are run anew by the next
    `ganbench run` with the same selection.
    """
    store = RunStore(runs)
    contents = store.read_all()
    for warning in contents.warnings:
        talk(f"warning: {warning}")
    rows = [
        _row(record["run_id"], record["spec"], record["status"], 1.0, record["failure"])
        for record in contents.records
    ]
    for run_id, spec in contents.unfinished.items():
        running = is_held(store.folder(run_id) / LOCK_FILE)
        fraction = float((store.read_progress(run_id) or {}).get("fraction", 0.0))
        rows.append(_row(run_id, spec, "running" if running else "unfinished", fraction, None))
    rows.sort(key=lambda row: row["run_id"])
    if as_json:
        print_json(rows)
        return
    print_rows(
        ["run", "status", "done", "reason"],
        [[row["run_id"], row["status"], f"{row['fraction']:.0%}", row["reason"]] for row in rows],
    )
    counts = Counter(row["status"] for row in rows)
    talk(", ".join(f"{count} {status}" for status, count in sorted(counts.items())) or "no runs")


def _row(
    run_id: str, spec: dict[str, Any], status: str, fraction: float, failure: Any
) -> dict[str, Any]:
    return {
        "run_id": run_id,
        "variant": spec["variant"],
        "task": spec["task"]["name"],
        "seed": spec["seed"],
        "status": status,
        "fraction": fraction,
        "reason": failure["message"] if failure else "",
    }
