"""`ganbench completion`: the script that makes a shell complete verbs, options and names."""

from __future__ import annotations

import os
from pathlib import Path

import click
from click.shell_completion import ShellComplete, get_completion_class

from ganbench.api.errors import UsageError
from ganbench.cli.verb import Verb
from ganbench.console import say

SHELLS = ("bash", "zsh", "fish")


@click.command(cls=Verb)
@click.argument("shell", type=click.Choice(SHELLS), required=False)
@click.pass_context
def command(context: click.Context, shell: str | None) -> None:
    """Print the script that makes SHELL complete verbs, options and names.

    SHELL is bash, zsh or fish; by default the one you are in. To use it now, type

        eval "$(ganbench completion bash)"

    (in fish: ganbench completion fish | source), and put that line into your shell's start-up
    file to have it always. Names with brackets need quotes: 'wgan-gp[lr=2e-4]'.
    """
    shell = shell or Path(os.environ.get("SHELL", "")).name
    made = get_completion_class(shell) if shell in SHELLS else None
    if made is None:
        raise UsageError(f"no completion for {shell or 'an unknown shell'}", "name bash, zsh, fish")
    root = context.find_root()
    script = made(root.command, {}, "ganbench", "_GANBENCH_COMPLETE")
    # Not the subclass's `source`, which starts a bash to ask for its version.
    say(ShellComplete.source(script))
