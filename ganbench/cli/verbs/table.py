"""`ganbench table`: the comparison tables of finished runs."""

from __future__ import annotations

from pathlib import Path

import click

from ganbench.cli.completing import complete_variants
from ganbench.cli.options import runs_option
from ganbench.cli.tables import form_options, load, print_tables


@click.command()
@runs_option
@click.option("--suite", help="Only runs of this suite.")
@click.option("--task", "tasks", multiple=True, help="Only this task.")
@click.option(
    "--variant",
    "variants",
    multiple=True,
    shell_complete=complete_variants,
    help="Only this variant.",
)
@form_options
def command(
    runs: Path, suite: str | None, tasks: tuple[str, ...], variants: tuple[str, ...], form: str
) -> None:
    """Print the comparison tables of finished runs: stability, mode collapse, distance, cost.

    --runs may also name the folder of a published leaderboard.
    """
    loaded = load(runs, suite=[suite] if suite else [], task=tasks, variant=variants)
    print_tables(loaded.runs, form, None if tasks else loaded.coverage)
