"""`ganbench cancel`: end a plan or a run, from any machine that sees its folder."""

from __future__ import annotations

from pathlib import Path

import click

from ganbench.cli.completing import complete_runs
from ganbench.cli.options import json_option, runs_option
from ganbench.cli.verb import Verb
from ganbench.console import print_json, say, talk
from ganbench.results.cancelling import cancel
from ganbench.results.mirrors import open_runs


@click.command(cls=Verb)
@click.argument("names", nargs=-1, metavar="[PLAN|RUN]...", shell_complete=complete_runs)
@click.option("--all", "everything", is_flag=True, help="All plans and runs that are under way.")
@runs_option
@json_option
def command(names: tuple[str, ...], everything: bool, runs: Path, as_json: bool) -> None:
    """End plans and runs that are under way: their state is kept, and nothing is lost.

    PLAN is a plan's name, which `status` shows, and RUN is a run's id; or the beginning of one.
    The request is a file in the runs folder: whoever works there, on whatever machine, keeps a
    checkpoint and leaves within five seconds. The command that carries out a cancelled plan leaves
    with 143; a plan of which a run was cancelled goes on with the others. `ganbench run` with the
    same selection goes on where they were.
    """
    cancelled = cancel(open_runs(runs), names, everything=everything)
    if as_json:
        print_json(cancelled)
        return
    for name in cancelled:
        say(name)
    talk("asked to save their state and stop; `ganbench status` shows when they have")
