"""`ganbench report`: everything about finished runs as one HTML page."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from pathlib import Path

import click

from ganbench.api.errors import NothingSelected, UsageError
from ganbench.cli.options import Local, runs_option
from ganbench.cli.tables import filter_options
from ganbench.cli.verb import Reader
from ganbench.cli.watching import MOST_LINES, Look, looks, told
from ganbench.console import say, talk, warn
from ganbench.reporting.live import Live
from ganbench.results.mirrors import open_runs
from ganbench.results.states import RUNNING, WAITING
from ganbench.results.store import RunStore
from ganbench.wording import counted, file_size

PAGE_SECONDS = 5
"""Between two pages while they are watched, and before one loads itself again."""


@click.command(cls=Reader)
@runs_option
@filter_options
@click.option(
    "--out",
    type=Local(path_type=Path),
    default=Path("report.html"),
    show_default=True,
    help="The HTML file to write.",
)
@click.option("--open", "show", is_flag=True, help="Open it in the browser.")
@click.option(
    "--watch",
    "watched",
    is_flag=True,
    help="Write it again and again until nothing is under way; the page reloads itself.",
)
def command(
    runs: Path,
    suite: str | None,
    tasks: tuple[str, ...],
    variants: tuple[str, ...],
    out: Path,
    show: bool,
    watched: bool,
) -> None:
    """Write one HTML page of finished runs: tables, curves, samples, failures, provenance.

    The page needs no network and no other file. --runs may also name the folder of a published
    leaderboard, which has neither curves nor samples. With --watch the page also shows what is
    under way, and is written on any machine that sees the folder; no server is needed.
    """
    from ganbench.publishing.loading import is_published
    from ganbench.reporting.write import write_report

    write = functools.partial(write_report, runs, out, suite=suite, tasks=tasks, variants=variants)
    if watched:
        if is_published(runs):
            reason = f"{runs} is a published leaderboard: nothing is under way in it"
            raise UsageError(reason, "leave --watch out, or name a runs folder")
        _watch(open_runs(runs), write, tasks, out if show else None)
    count, warnings = write()
    warn(warnings)
    say(str(out))
    talk(f"{counted(count, 'run')}, {file_size(out.stat().st_size)}")
    if show and not watched:
        click.launch(out.resolve().as_uri())


def _watch(
    store: RunStore, write: Callable[..., object], tasks: Sequence[str], show: Path | None
) -> None:
    """Keep the page up to date until nothing is under way, or until Ctrl-C."""
    try:
        for seen in looks(store, PAGE_SECONDS):
            if seen.is_over:
                return
            try:
                write(live=_live(seen))
            except NothingSelected:
                if not _is_to_come(seen, tasks):
                    raise
                continue
            if show:
                click.launch(show.resolve().as_uri())
                show = None
    except KeyboardInterrupt:
        talk("stopped watching; what is under way goes on")


def _is_to_come(seen: Look, tasks: Sequence[str]) -> bool:
    """Whether what is under way has such tasks; all of it, where none is named."""
    under_way = {row["task"] for row in seen.rows if row["status"] in (RUNNING, WAITING)}
    return bool(under_way & {*tasks} if tasks else under_way)


def _live(seen: Look) -> Live:
    running = [(row["run_id"], row["fraction"]) for row in seen.rows if row["status"] == RUNNING]
    return Live(PAGE_SECONDS, [told(plan, seen) for plan in seen.plans], running[:MOST_LINES])
