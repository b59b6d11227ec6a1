"""`ganbench compare`: variants against each other, with intervals and tests over seeds."""

from __future__ import annotations

from pathlib import Path

import click

from ganbench.cli.completing import complete_variants
from ganbench.cli.options import runs_option
from ganbench.cli.tables import form_options, print_made
from ganbench.cli.verb import Reader
from ganbench.console import warn


@click.command(cls=Reader)
@click.argument("variants", nargs=-1, metavar="A B [C]...", shell_complete=complete_variants)
@runs_option
@click.option("--suite", help="Only runs of this suite.")
@click.option("--task", "tasks", multiple=True, help="Only this task. May be repeated.")
@form_options
def command(
    variants: tuple[str, ...], runs: Path, suite: str | None, tasks: tuple[str, ...], form: str
) -> None:
    """Compare variants with the first one named: by how much, and is it more than chance?

    Gives the ratio of final distances, the chance that a run of one beats a run of the other, and
    exact permutation tests over seeds, corrected for their number. A name is one of `ganbench
    table`. --runs may also name the folder of a published leaderboard.
    """
    from ganbench.publishing.loading import load_selected
    from ganbench.tables.comparison import compare
    from ganbench.tables.comparison_tables import comparison_tables

    loaded = load_selected(runs, suite=suite, tasks=tasks)
    warn(loaded.warnings)
    print_made(comparison_tables(compare(loaded.runs, variants)), form)
