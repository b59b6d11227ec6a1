"""Printing comparison tables."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence

import click

from ganbench.cli.console import wants_colour
from ganbench.results.record import Record

NARROWEST = 100
FORMATS = ("terminal", "csv", "md", "json", "latex")


def print_tables(records: Sequence[Record], form: str) -> None:
    """Print the comparison tables of these records on stdout."""
    from ganbench.results.render import render
    from ganbench.results.tables import tables

    width = shutil.get_terminal_size((NARROWEST, 24)).columns if sys.stdout.isatty() else NARROWEST
    colour = form == "terminal" and wants_colour(sys.stdout)
    text = render(tables(records), form, width=max(width, NARROWEST), color=colour)
    click.echo(text, nl=False, color=colour)
