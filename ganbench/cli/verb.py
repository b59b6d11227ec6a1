"""What all verbs have in common."""

from __future__ import annotations

from typing import Any

import click

from ganbench.console import drop_data, keep_stdout_for_data


class Verb(click.Command):
    """A verb. Its data has stdout for itself, whatever the plugins that it loads print."""

    def invoke(self, ctx: click.Context) -> Any:
        """Do what the verb does, once its arguments are read and help was not what was wanted."""
        keep_stdout_for_data()
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            # The reader of our output has gone (`ganbench table | head`): that is no error, but
            # Python would complain once more when it flushes at exit.
            drop_data()
            return 0
