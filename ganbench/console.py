"""Talking to people: errors and talk on stderr, data on stdout, no colour where none is wanted."""

from __future__ import annotations

import contextlib
import json
import os
import sys
from collections.abc import Iterable, Iterator
from typing import Any, TextIO, cast

import click


class _Aside:
    """Stands in the place of `sys.stdout`: writes to stderr, and knows where data goes.

    Args:
        data: the stream that was stdout.
    """

    def __init__(self, data: TextIO) -> None:
        self.data = data

    def __getattr__(self, name: str) -> Any:
        return getattr(sys.stderr, name)


def keep_stdout_for_data() -> None:
    """From here on stdout takes what the functions of this module write, and nothing else.

    What plugins print, and C libraries beneath them, goes to stderr. There is no way back: they may
    print from threads, and while the process ends.
    """
    if isinstance(sys.stdout, _Aside):
        return
    data, own = sys.stdout, sys.stdout is sys.__stdout__
    if own:  # not one that a test or a notebook has put in its place
        data.flush()
        kept = os.dup(data.fileno())
        os.dup2(2, data.fileno())
        data = os.fdopen(kept, "w", encoding=data.encoding, errors=data.errors)
    sys.stdout = cast("TextIO", _Aside(data))


@contextlib.contextmanager
def silence() -> Iterator[None]:
    """Nothing that is printed within is seen, whatever prints it."""
    streams = (sys.stdout, sys.stderr)
    kept = [os.dup(number) for number in (1, 2)]
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for number in (1, 2):
        os.dup2(nowhere, number)
    try:
        yield
    finally:
        for stream in streams:
            stream.flush()
        for number, own in zip((1, 2), kept, strict=True):
            os.dup2(own, number)
            os.close(own)
        os.close(nowhere)


def data_stream() -> TextIO:
    """Where data goes."""
    return sys.stdout.data if isinstance(sys.stdout, _Aside) else sys.stdout


def _put(text: str, stream: TextIO, *, nl: bool = True, colour: bool | None = None) -> None:
    """Write text. Where its reader has gone (`ganbench table | head`) it goes nowhere.

    That is no error, and no reason to end: what is printed is not all that a command does.
    """
    try:
        click.echo(text, file=stream, nl=nl, color=colour)
    except BrokenPipeError:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)


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
    colour = wants_colour(sys.stderr)
    _put(click.style("error: ", fg="red", bold=True), sys.stderr, nl=False, colour=colour)
    talk(message)
    if hint:
        talk(f"  {hint}")


def warn(messages: Iterable[str]) -> None:
    """Print warnings on stderr, each in a line of its own."""
    for message in messages:
        talk(f"warning: {message}")


def talk(message: str) -> None:
    """Print a remark on stderr."""
    _put(printable(message), sys.stderr)


def say(message: str = "") -> None:
    """Print text on stdout."""
    _put(printable(message), data_stream())


def write(text: str, *, colour: bool = False) -> None:
    """Write text that is laid out already on stdout, as it is."""
    _put(text, data_stream(), nl=False, colour=colour)


def print_json(value: Any) -> None:
    """Print JSON on stdout."""
    _put(json.dumps(value, indent=1, allow_nan=False), data_stream())


def print_rows(header: list[str], rows: list[list[str]]) -> None:
    """Print aligned columns on stdout; the last one may run on."""
    # Line breaks would break the columns.
    table = [[printable(cell).replace("\n", " ") for cell in row] for row in (header, *rows)]
    widths = [max(len(row[i]) for row in table) for i in range(len(header) - 1)]
    for row in table:
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=False)]
        _put("  ".join([*cells, row[-1]]).rstrip(), data_stream())
