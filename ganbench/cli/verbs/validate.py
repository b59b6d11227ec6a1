"""`ganbench validate`: is a published leaderboard what it claims to be?"""

from __future__ import annotations

from pathlib import Path

import click

from ganbench.api.errors import InvalidResults
from ganbench.cli.options import json_option
from ganbench.cli.verb import Reader
from ganbench.console import print_json, say, talk
from ganbench.wording import counted


@click.command(cls=Reader)
@click.argument(
    "paths", nargs=-1, required=True, metavar="PATH...", type=click.Path(path_type=Path)
)
@json_option
def command(paths: tuple[Path, ...], as_json: bool) -> None:
    """Check published leaderboards: every cell, checksum, run id and rank.

    PATH is a folder that `publish` has written, a file in it, or a folder of such folders. Every
    mismatch is printed with its file, row and column. Exit code 4 if there is any.
    """
    from ganbench.publishing.validation.validate import published_folders, validate

    folders = dict.fromkeys(folder for path in paths for folder in published_folders(path))
    reports = [validate(folder) for folder in folders]
    if as_json:
        print_json([report.to_json() for report in reports])
    for report in reports:
        for warning in report.warnings:
            talk(f"warning: {report.folder / warning.file}: {warning.message}")
        if not as_json:
            for error in report.errors:
                say(f"{report.folder}/{error}")
            if not report.errors:
                told = f"{counted(report.rows, 'row')} from {counted(report.runs, 'run')}"
                say(f"{report.folder}: valid, {told}")
    if wrong := sum(len(report.errors) for report in reports):
        places = "mismatch" if wrong == 1 else "mismatches"
        raise InvalidResults(
            f"{wrong} {places}", "publish again from the runs; edit nothing by hand"
        )
