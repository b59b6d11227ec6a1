"""What all verbs have in common."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click

from ganbench.console import keep_stdout_for_data


class Verb(click.Command):
    """A verb. Its data has stdout for itself, whatever the plugins that it loads print."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the arguments; a name too many may be one that an option takes."""
        try:
            return super().parse_args(ctx, args)
        except click.UsageError as error:
            known = {option for one in self.params for option in one.opts}
            ways = [one for one in ("--variant", "--task", "--suite") if one in known]
            if not (ways and error.message.startswith("Got unexpected extra argument")):
                raise
            message = f"{error.message.rstrip('.')}: name it after {' or '.join(ways)}"
            raise click.UsageError(message, ctx) from None

    def invoke(self, ctx: click.Context) -> Any:
        """Do what the verb does, once its arguments are read and help was not what was wanted."""
        keep_stdout_for_data()
        return super().invoke(ctx)


class Reader(Verb):
    """A verb that reads results, tells of them and ends.

    Garbage is left alone meanwhile: ten thousand records hold no cycles, and half of the time would
    be spent on looking for some in vain.
    """

    def invoke(self, ctx: click.Context) -> Any:
        """As other verbs do, without the collector."""
        enabled = gc.isenabled()
        gc.disable()
        try:
            return super().invoke(ctx)
        finally:
            if enabled:
                gc.enable()


@contextmanager
def imports_last() -> Iterator[None]:
    """Look for no garbage among what is imported here, now or later: it lives as long as we do.

    Of the time that torch takes to be imported, a sixth is spent on looking for some in vain.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if enabled:
            gc.enable()
