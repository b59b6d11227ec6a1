"""`ganbench merge`: one leaderboard from the runs of several machines or labs."""

from __future__ import annotations

from pathlib import Path

import click

from ganbench.cli.options import RUNS_FOLDER, Local, mirrored
from ganbench.cli.verb import Reader
from ganbench.console import say, talk, warn
from ganbench.wording import counted


@click.command(cls=Reader)
@click.argument(
    "sources",
    nargs=-1,
    required=True,
    metavar="SOURCE...",
    type=RUNS_FOLDER,
    callback=mirrored,
)
@click.option(
    "--out",
    type=Local(path_type=Path, file_okay=False),
    required=True,
    help="Folder of the leaderboards; a folder named like the suite is made in it.",
)
@click.option("--suite", help="Suite, by name or TOML file. Default: that of published sources.")
@click.option(
    "--prefer",
    type=RUNS_FOLDER,
    callback=lambda context, parameter, value: value and mirrored(context, parameter, value),
    help="Source whose results are taken where several differ about a run.",
)
@click.option(
    "--newest",
    is_flag=True,
    help="Only the runs of each variant's latest code and recipe, task by task.",
)
@click.option(
    "--unranked",
    is_flag=True,
    help="Also publish what may not be ranked: without a rank, with the reason.",
)
def command(
    sources: tuple[Path, ...],
    out: Path,
    suite: str | None,
    prefer: Path | None,
    newest: bool,
    unranked: bool,
) -> None:
    """Join the runs of several machines or labs into one published leaderboard.

    SOURCE is a runs folder, the URL of a bucket with runs, or a published leaderboard. Runs are
    joined by their id, those of the newest protocol only. A run about which two sources differ
    is a conflict: it is reported and left out, unless --prefer names a source. What a variant's
    code or recipe was before is a row of its own, unless --newest leaves it out.
    """
    from ganbench.publishing.merge import merge_folders

    files, merged = merge_folders(
        sources, out, suite=suite, prefer=prefer, unranked=unranked, newest=newest
    )
    warn(merged.remarks)
    for conflict in merged.conflicts:
        talk(f"conflict: {conflict}")
    for path in files:
        say(str(path))
    runs = len(merged.runs.frame)
    told = f"{counted(runs, 'run')} from {counted(len(sources), 'source')}"
    talk(f"{told}, {merged.twice} of them in several and equal")
