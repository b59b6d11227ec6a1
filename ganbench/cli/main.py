"""The `ganbench` command: its verbs are imported when they are called, so that help is instant."""

from __future__ import annotations

import importlib
import io
import signal
import sys
from typing import Any

import click

from ganbench.api.errors import GanbenchError, did_you_mean
from ganbench.api.version import __version__
from ganbench.cli.defaults import apply_settings
from ganbench.cli.plugin_options import plugin_options
from ganbench.console import complain, keep_stdout_for_data, printable

VERBS = {
    "run": "Train the selected runs that are missing, then print comparison tables.",
    "plan": "Show what `run` would do with the same selection, and run nothing.",
    "prepare": "Fetch and compute what runs share, before training on nodes without network.",
    "bench": "Measure how fast engines train here, against loops written by hand.",
    "list": "List what is available: variants, models, losses, datasets, scores, suites.",
    "info": "Describe one thing: parameters, paper, distribution, file.",
    "plugins": "Show every plugin with its state and the reason for it.",
    "status": "Show plans under way, and which runs are finished, running or failed.",
    "cancel": "End plans or runs that are under way; their state is kept.",
    "show": "Show one run: its status, scores, cost, error and log.",
    "table": "Print the comparison tables of finished runs.",
    "compare": "Compare variants with each other: by how much, and is it more than chance?",
    "report": "Write one HTML page: tables, curves, samples, failures, provenance.",
    "publish": "Write a leaderboard: leaderboard.csv, runs.csv and datapackage.json.",
    "validate": "Check published leaderboards: every cell, checksum, run id and rank.",
    "merge": "Join the runs of several machines or labs into one leaderboard.",
    "verify": "Recompute a run's scores from its generator, or train it again.",
    "score": "Score samples that exist already: folders, files, arrays, finished runs.",
    "sample": "Write samples of a finished run's generator: PNG, WAV, CSV, text.",
    "export": "Write a finished run's generator for other programs: weights, card, program.",
    "new": "Write a package with a plugin of your own: variant, loss, model, dataset, score.",
    "check": "Check whether a plugin keeps the contract: gradients, signs, budgets, isolation.",
    "config": "Show settings and where each comes from: default, file, variable.",
    "completion": "Print the script that makes a shell complete verbs, options and names.",
    "clean": "Show what the cache and checkpoints take, and remove them on request.",
    "doctor": "Check this machine: versions, devices, speed of products, folders, plugins.",
}

HIDDEN = ("work",)
"""Verbs that other programs type: documented, and not in the list that people read."""

WITHOUT_SETTINGS = ("config", "completion")
"""Verbs that must work whatever files and variables say."""


class Verbs(click.Group):
    """A group that imports the module of a verb only when that verb is used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All verbs, in the order in which people meet them."""
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The verb's command, from its own module."""
        if cmd_name not in (*VERBS, *HIDDEN):
            return None
        module = importlib.import_module(f"ganbench.cli.verbs.{cmd_name}")
        command: click.Command = module.command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The verbs with their one-line help, without importing any of them."""
        with formatter.section("Verbs"):
            formatter.write_dl(list(VERBS.items()))

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        """The verb that is meant; a suggestion where it is mistyped."""
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            hint = did_you_mean(args[0], VERBS) if args else None
            if hint and hint.startswith("did you mean"):
                message = f"{error.message.rstrip('.')}: {hint}"
                raise click.UsageError(message, ctx) from None
            raise


@click.group(cls=Verbs, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="ganbench")
@plugin_options
@click.pass_context
def cli(context: click.Context) -> None:
    """Train generative adversarial networks under equal budgets; score and compare them.

    Start with `ganbench run --all`: three variants, three tasks, five seeds, no download.
    """
    if context.invoked_subcommand not in WITHOUT_SETTINGS:
        apply_settings(context, VERBS)


def main() -> None:
    """Run the command line and leave with its documented exit code."""
    signal.signal(signal.SIGTERM, _leave)
    try:
        code = cli.main(standalone_mode=False, prog_name="ganbench")
    except click.exceptions.Abort:
        complain("interrupted")
        code = 130
    except KeyboardInterrupt:
        complain("interrupted")
        code = 130
    except click.ClickException as error:
        message = io.StringIO()
        error.show(message)
        click.echo(printable(message.getvalue()), err=True, nl=False)
        code = error.exit_code
    except GanbenchError as error:
        complain(error.message, error.hint)
        code = error.exit_code
    finally:
        keep_stdout_for_data()  # plugins may print while the process ends, of completions as well
    sys.exit(code if isinstance(code, int) else 0)


def _leave(number: int, _: object) -> None:
    """Leave as asked by a batch system, but by way of everything that must be tidied up."""
    sys.exit(128 + number)
