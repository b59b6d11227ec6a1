"""Which runs tables are made of, and how they are printed."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import click

from ganbench.cli.completing import complete_variants
from ganbench.cli.options import all_options
from ganbench.console import data_stream, wants_colour, write

if TYPE_CHECKING:
    from ganbench.results.frame import Runs
    from ganbench.results.record import Record
    from ganbench.tables.coverage import Coverage
    from ganbench.tables.forms.table import Table

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


def filter_options(function: F) -> F:
    """The options that say which runs to tell of."""
    options = [
        click.option("--suite", help="Only runs of this suite."),
        click.option("--task", "tasks", multiple=True, help="Only this task. May be repeated."),
        click.option(
            "--variant",
            "variants",
            multiple=True,
            shell_complete=complete_variants,
            help="Only this variant. May be repeated.",
        ),
    ]
    return all_options(options, function)


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

    stream = data_stream()
    width = shutil.get_terminal_size((NARROWEST, 24)).columns if stream.isatty() else NARROWEST
    colour = form == "terminal" and wants_colour(stream)
    text = render(made, form, width=max(width, NARROWEST), color=colour)
    write(text, colour=colour)
