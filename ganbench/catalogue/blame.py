"""Telling an author which of the lines of a plugin an error comes from."""

from __future__ import annotations

import traceback
from collections.abc import Iterable

from ganbench.api.errors import GanbenchError, one_line, type_and_line
from ganbench.catalogue.plugin import BUILT_IN, Plugin


def told(error: BaseException, plugins: Iterable[Plugin]) -> str:
    """An error in one line: its type, what it says, and the plugin's line that it comes from."""
    if isinstance(error, GanbenchError):
        return one_line(error.message)
    named, line = type_and_line(error), blame(error, plugins)
    return f"{named} ({line})" if line else named


def blame(error: BaseException, plugins: Iterable[Plugin]) -> str | None:
    """The last line of a plugin's code that an error has passed; None if there is none.

    Lines of ganbench's own plugins only count where there is no other: an author's mistake often
    shows in a network that was handed something wrong.
    """
    found: dict[bool, str] = {}
    plugins = list(plugins)
    for frame in traceback.extract_tb(error.__traceback__):
        # The plugin that the file is, rather than another one of the same package.
        for one in sorted(plugins, key=lambda plugin: plugin.file != frame.filename):
            if line := one.line(frame.filename, frame.lineno or 0):
                found[one.distribution == BUILT_IN] = line
                break
    return found.get(False) or found.get(True)
