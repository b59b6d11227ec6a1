"""`ganbench status`: which runs are finished, running, failed or unfinished."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import click

from ganbench.cli.options import json_option, runs_option
from ganbench.cli.verb import Reader
from ganbench.console import print_json, print_rows, talk, warn
from ganbench.results.states import states
from ganbench.results.store import RunStore


@click.command(cls=Reader)
@runs_option
@json_option
def command(runs: Path, as_json: bool) -> None:
    """Show which runs are finished, running, failed or unfinished.

    A run is `running` while a process holds its folder; `unfinished` ones are run anew by the next
    `ganbench run` with the same selection.
    """
    rows, warnings = states(RunStore(runs))
    warn(warnings)
    if as_json:
        print_json(rows)
        return
    print_rows(
        ["run", "status", "done", "reason"],
        [[row["run_id"], row["status"], f"{row['fraction']:.0%}", row["reason"]] for row in rows],
    )
    counts = Counter(row["status"] for row in rows)
    talk(", ".join(f"{count} {status}" for status, count in sorted(counts.items())) or "no runs")
