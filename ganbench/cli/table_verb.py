"""`ganbench table`: the comparison tables of finished runs."""

from __future__ import annotations

from pathlib import Path

import click

from ganbench.api.errors import NothingSelected
from ganbench.cli.console import talk
from ganbench.cli.options import runs_option
from ganbench.cli.tables import FORMATS, print_tables
from ganbench.results.store import RunStore


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
    """Print the comparison tables of finished runs: stability, mode collapse, distance, cost."""
    contents = RunStore(runs).read_all()
    for warning in contents.warnings:
        talk(f"warning: {warning}")
    records = [
        record
        for record in contents.records
        if (suite is None or record["spec"]["suite"] == suite)
        and (not tasks or record["spec"]["task"]["name"] in tasks)
        and (not variants or record["spec"]["variant"] in variants)
    ]
    if not records:
        raise NothingSelected(f"no finished run in {runs} matches", "`ganbench status` shows them")
    print_tables(records, form)
