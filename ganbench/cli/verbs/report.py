"""`ganbench report`: everything about finished runs as one HTML page."""

from __future__ import annotations

from pathlib import Path

import click

from ganbench.cli.options import runs_option
from ganbench.cli.tables import filter_options
from ganbench.cli.verb import Reader
from ganbench.console import say, talk, warn
from ganbench.wording import counted, file_size


@click.command(cls=Reader)
@runs_option
@filter_options
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=Path("report.html"),
    show_default=True,
    help="The HTML file to write.",
)
@click.option("--open", "show", is_flag=True, help="Open it in the browser.")
def command(
    runs: Path,
    suite: str | None,
    tasks: tuple[str, ...],
    variants: tuple[str, ...],
    out: Path,
    show: bool,
) -> None:
    """Write one HTML page of finished runs: tables, curves, samples, failures, provenance.

    The page needs no network and no other file. --runs may also name the folder of a published
    leaderboard, which has neither curves nor samples.
    """
    from ganbench.reporting.write import write_report

    count, warnings = write_report(runs, out, suite=suite, tasks=tasks, variants=variants)
    warn(warnings)
    say(str(out))
    talk(f"{counted(count, 'run')}, {file_size(out.stat().st_size)}")
    if show:
        click.launch(out.resolve().as_uri())
