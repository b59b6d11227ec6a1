"""`ganbench publish`: write a leaderboard."""

from __future__ import annotations

from pathlib import Path

import click

from ganbench.api.errors import UsageError
from ganbench.cli.options import out_option, runs_option, suite_option
from ganbench.cli.verb import Reader
from ganbench.console import say, talk


@click.command(cls=Reader)
@runs_option
@suite_option
@out_option
@click.option(
    "--unranked",
    is_flag=True,
    help="Also publish what may not be ranked: without a rank, with the reason.",
)
@click.option(
    "--to",
    "target",
    metavar="TARGET",
    help="Put it there as well: a folder, git:URL#BRANCH, or hf://datasets/ORG/NAME.",
)
@click.option("--within", metavar="FOLDER", default="", help="Folder in the target to put it into.")
def command(
    runs: Path, suite: str, out: Path, unranked: bool, target: str | None, within: str
) -> None:
    """Write a suite's leaderboard: leaderboard.csv, runs.csv and datapackage.json.

    Only runs of the suite's own tasks, budgets and seeds are published; others that lie in the same
    folder are left out, and why is said. Refused are variants without all of the suite's tasks and
    seeds, mixed protocols, mixed devices under time budgets, and local code.
    """
    from ganbench.publishing.selection import publish_suite
    from ganbench.publishing.targets import put

    if within and target is None:
        raise UsageError(
            "--within is a folder in a target, and there is none", "name the target with --to"
        )
    files = publish_suite(runs, suite, out, unranked=unranked, remark=talk)
    for path in files:
        say(str(path))
    if target is not None:
        say(put(files, target, within))
