"""`ganbench publish`: write a leaderboard."""

from __future__ import annotations

from pathlib import Path

import click

from ganbench.cli.completing import complete_suites
from ganbench.cli.options import runs_option
from ganbench.console import talk
from ganbench.planning.suite import DEFAULT_SUITE


@click.command()
@runs_option
@click.option(
    "--suite",
    default=DEFAULT_SUITE,
    show_default=True,
    shell_complete=complete_suites,
    help="Suite, by name or TOML file.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("results"),
    show_default=True,
    help="Folder of the leaderboards; a folder per suite is made in it.",
)
@click.option(
    "--unranked",
    is_flag=True,
    help="Publish what may not be ranked, too: without a rank, with the reason.",
)
def command(runs: Path, suite: str, out: Path, unranked: bool) -> None:
    """Write a suite's leaderboard: leaderboard.csv, runs.csv and datapackage.json.

    Only runs of the suite's own tasks, budgets and seeds are published; others that lie in the same
    folder are left out and counted. Refused are variants without all of the suite's tasks and
    seeds, mixed protocols, mixed devices under time budgets, and local code.
    """
    from ganbench.publishing.selection import publish_suite

    for path in publish_suite(runs, suite, out, unranked=unranked, remark=talk):
        click.echo(path)
