"""`ganbench table`: the comparison tables of finished runs."""

from __future__ import annotations

from pathlib import Path

import click

from ganbench.api.errors import NothingSelected
from ganbench.cli.console import talk
from ganbench.cli.options import runs_option
from ganbench.cli.tables import FORMATS, print_tables


@click.command()
@runs_option
@click.option("--suite", help="Only runs of this suite.")
@click.option("--task", "tasks", multiple=True, help="Only this task.")
@click.option("--variant", "variants", multiple=True, help="Only this variant.")
@click.option(
    "--format",
    "form",
    type=click.Choice(FORMATS),
    default="terminal",
    show_default=True,
    help="How to print them.",
)
@click.option("--json", "form", flag_value="json", help="The same as --format json.")
def command(
    runs: Path, suite: str | None, tasks: tuple[str, ...], variants: tuple[str, ...], form: str
) -> None:
    """Print the comparison tables of finished runs: stability, mode collapse, distance, cost.

    --runs may also name the folder of a published leaderboard.
    """
    from ganbench.results.loading import load_runs

    loaded, coverage, warnings = load_runs(runs)
    for warning in warnings:
        talk(f"warning: {warning}")
    wanted = {"suite": [suite] if suite else [], "task": tasks, "variant": variants}
    loaded = loaded.only(**{column: values for column, values in wanted.items() if values})
    if loaded.frame.empty:
        raise NothingSelected(f"no run in {runs} matches", "`ganbench status` shows them")
    print_tables(loaded, form, None if tasks else coverage)
