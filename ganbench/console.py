"""Talking to people: errors and talk on stderr, data on stdout, no colour where none is wanted."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable
from typing import Any

import click


def printable(text: str) -> str:
    """Text from a file as a terminal may have it: nothing in it moves the cursor or hides a word.

    Line breaks and tabs stay; other characters that cannot be printed are written as escapes.
    """
    return "".join(
        letter if letter.isprintable() or letter in "\n\t" else ascii(letter)[1:-1]
        for letter in text
    )


def wants_colour(stream: Any) -> bool:
    """Whether a stream should get colours: FORCE_COLOR, NO_COLOR, else whether it is a terminal."""
    if os.environ.get("FORCE_COLOR"):
        return True
    if os.environ.get("NO_COLOR"):
        return False
    return bool(stream.isatty())


def complain(message: str, hint: str | None = None) -> None:
    """Print an error on stderr: what is wrong, then what to do."""
    click.secho("error: ", fg="red", bold=True, nl=False, err=True, color=wants_colour(sys.stderr))
    click.echo(printable(message), err=True)
    if hint:
        click.echo(f"  {printable(hint)}", err=True)


def warn(messages: Iterable[str]) -> None:
    """Print warnings on stderr, each in a line of its own."""
    for message in messages:
        talk(f"warning: {message}")


def talk(message: str) -> None:
    """Print a remark on stderr."""
    click.echo(printable(message), err=True)


def say(message: str = "") -> None:
    """Print text on stdout."""
    click.echo(printable(message))


def print_json(value: Any) -> None:
    """Print JSON on stdout."""
    click.echo(json.dumps(value, indent=1, allow_nan=False))


def print_rows(header: list[str], rows: list[list[str]]) -> None:
    """Print aligned columns on stdout; the last one may run on."""
    # Line breaks would break the columns.
    table = [[printable(cell).replace("\n", " ") for cell in row] for row in (header, *rows)]
    widths = [max(len(row[i]) for row in table) for i in range(len(header) - 1)]
    for row in table:
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=False)]
        click.echo("  ".join([*cells, row[-1]]).rstrip())
