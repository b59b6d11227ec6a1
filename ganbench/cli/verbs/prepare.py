"""`ganbench prepare`: what runs need and share, fetched and computed before they start."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from ganbench.catalogue.plugin_files import PluginChoice
from ganbench.cli.defaults import tell_settings
from ganbench.cli.options import json_option, make_selection, selection_options
from ganbench.cli.plugin_options import plugin_options
from ganbench.cli.verb import Verb
from ganbench.console import print_json, print_rows, talk
from ganbench.wording import duration, file_size

if TYPE_CHECKING:
    from ganbench.execution.preparation import Preparation


@click.command(cls=Verb)
@selection_options
@click.option(
    "--download", is_flag=True, help="Fetch data and weights that are not on this machine."
)
@json_option
@plugin_options
@click.pass_obj
def command(choice: PluginChoice, /, download: bool, as_json: bool, **options: Any) -> int:
    """Fetch and compute what `run` with the same selection needs and its runs share; train nothing.

    Images are decoded, classifiers trained, features of real samples extracted, floors and the rows
    of reference generators computed, and all of it is kept in the cache. Runs on any machine that
    sees this cache then need no network and compute none of it again. Features and floors belong to
    the kind of the device (--device) and to the number of threads (--threads).

    Exit codes: 0 if every task is ready; else that of the first error, which says what to type.
    """
    from ganbench.execution.preparation import prepare

    for line in tell_settings(click.get_current_context()):
        talk(line)
    found = prepare(make_selection(**options), choice, download=download, tell=talk)
    if as_json:
        print_json([one.to_json() for one in found])
    else:
        print_rows(
            ["task", "state", "device", "train", "held out", "new in the cache", "time"],
            [_row(one) for one in found],
        )
    return next((one.error.exit_code for one in found if one.error is not None), 0)


def _row(one: Preparation) -> list[str]:
    counts = ["" if count is None else f"{count:,}" for count in (one.train, one.heldout)]
    kept = f"{one.files} ({file_size(one.size)})" if one.files else "nothing"
    return [one.task, one.state, one.device, *counts, kept, duration(one.seconds)]
