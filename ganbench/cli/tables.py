"""Printing comparison tables."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from ganbench.cli.console import wants_colour

if TYPE_CHECKING:
    from ganbench.results.frame import Runs
    from ganbench.results.record import Record
    from ganbench.results.standing import Coverage
NARROWEST = 100
FORMATS = ("terminal", "csv", "md", "json", "latex")


def print_tables(
    source: Runs | Sequence[Record], form: str, coverage: Coverage | None = None
) -> None:
    """Print comparison tables on stdout.

    Args:
        source: runs or their records.
        form: one of `FORMATS`.
        coverage: the tasks, in their order, and the seeds that a rank needs.
    """
    from ganbench.results.render import render
    from ganbench.results.tables import tables

    width = shutil.get_terminal_size((NARROWEST, 24)).columns if sys.stdout.isatty() else NARROWEST
    colour = form == "terminal" and wants_colour(sys.stdout)
    text = render(tables(source, coverage), form, width=max(width, NARROWEST), color=colour)
    click.echo(text, nl=False, color=colour)
