"""Loading runs and printing tables of them."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from ganbench.api.errors import NothingSelected
from ganbench.console import talk, wants_colour

if TYPE_CHECKING:
    from ganbench.results.frame import Runs
    from ganbench.results.record import Record
    from ganbench.tables.forms.table import Table
    from ganbench.tables.standing import Coverage

F = TypeVar("F", bound=Callable[..., Any])

NARROWEST = 100
FORMATS = ("terminal", "csv", "md", "json", "latex")


def form_options(function: F) -> F:
    """The options that say how tables are printed, for `table` and `compare` alike."""
    named = click.option(
        "--format",
        "form",
        type=click.Choice(FORMATS),
        default="terminal",
        show_default=True,
        help="How to print them.",
    )
    short = click.option("--json", "form", flag_value="json", help="The same as --format json.")
    return named(short(function))


def load_selected(runs: Path, **wanted: Iterable[Any]) -> tuple[Runs, Coverage | None]:
    """The runs of a folder with one of the wanted values in each column; no values mean all.

    Returns:
        The runs, and of a published leaderboard what its ranks needed.

    Raises:
        NothingSelected: no run is left.
        UsageError, InvalidResults: see `ganbench.publishing.loading.load_runs`.
    """
    from ganbench.publishing.loading import load_runs

    loaded, coverage, warnings = load_runs(runs)
    for warning in warnings:
        talk(f"warning: {warning}")
    loaded = loaded.only(**{column: values for column, values in wanted.items() if values})
    if loaded.frame.empty:
        raise NothingSelected(f"no run in {runs} matches", "`ganbench status` shows them")
    return loaded, coverage


def print_tables(
    source: Runs | Sequence[Record], form: str, coverage: Coverage | None = None
) -> None:
    """Print comparison tables on stdout.

    Args:
        source: runs or their records.
        form: one of `FORMATS`.
        coverage: the tasks, in their order, and the seeds that a rank needs.
    """
    from ganbench.tables.assemble import tables

    print_made(tables(source, coverage), form)


def print_made(made: Sequence[Table], form: str) -> None:
    """Print these tables on stdout, in one of `FORMATS`."""
    from ganbench.tables.forms.render import render

    width = shutil.get_terminal_size((NARROWEST, 24)).columns if sys.stdout.isatty() else NARROWEST
    colour = form == "terminal" and wants_colour(sys.stdout)
    text = render(made, form, width=max(width, NARROWEST), color=colour)
    click.echo(text, nl=False, color=colour)
