"""`ganbench table`: the comparison tables of finished runs."""

from __future__ import annotations

from pathlib import Path

import click

from ganbench.cli.options import runs_option
from ganbench.cli.tables import filter_options, form_options, print_tables
from ganbench.cli.verb import Reader
from ganbench.console import talk, warn


@click.command(cls=Reader)
@runs_option
@filter_options
@form_options
def command(
    runs: Path, suite: str | None, tasks: tuple[str, ...], variants: tuple[str, ...], form: str
) -> None:
    """Print the comparison tables of finished runs: stability, mode collapse, distance, cost.

    --runs may also name the folder of a published leaderboard.
    """
    from ganbench.publishing.loading import load_selected
    from ganbench.tables.versions import version_notes

    loaded = load_selected(runs, suite=suite, tasks=tasks, variants=variants)
    warn(loaded.warnings)
    print_tables(loaded.runs, form, loaded.coverage)
    for note in version_notes(loaded.runs):
        talk(note)
