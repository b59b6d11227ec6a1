"""`ganbench status`: which runs are finished, running, failed or unfinished."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import click

from ganbench.cli.options import json_option, runs_option
from ganbench.cli.verb import Reader
from ganbench.cli.watching import look, told, watch
from ganbench.console import print_json, print_rows, talk, warn
from ganbench.results.mirrors import open_runs


@click.command(cls=Reader)
@runs_option
@click.option("--watch", "watched", is_flag=True, help="Go on until nothing is under way any more.")
@json_option
def command(runs: Path, watched: bool, as_json: bool) -> None:
    """Show which plans are under way, and which runs finished, running, failed or unfinished.

    A run is `running` while a process holds its folder, and `waiting` if a plan that is under way
    has yet to come to it; with `unfinished` and `cancelled` ones the next `ganbench run` with the
    same selection goes on. With --watch, changes are shown on stderr until nothing is under way, or
    until Ctrl-C; then runs are listed. All is read from the folder, on any machine that sees it.
    """
    store = open_runs(runs)
    seen = watch(store) if watched else look(store)
    rows = seen.rows
    warn(seen.warnings)
    for plan in seen.plans:
        talk(told(plan, seen))
    if as_json:
        print_json(rows)
        return
    print_rows(
        ["run", "status", "done", "reason"],
        [[row["run_id"], row["status"], f"{row['fraction']:.0%}", row["reason"]] for row in rows],
    )
    counts = Counter(row["status"] for row in rows)
    talk(", ".join(f"{count} {status}" for status, count in sorted(counts.items())) or "no runs")
