"""Printing comparison tables."""

from __future__ import annotations

from collections.abc import Sequence

import click

from ganbench.results.record import Record

FORMATS = ("terminal", "csv", "md", "json", "latex")


def print_tables(records: Sequence[Record], form: str) -> None:
    """Print the comparison tables of these records on stdout."""
    from ganbench.results.render import render
    from ganbench.results.tables import tables

    click.echo(render(tables(records), form))
