"""`ganbench sample`: what a finished run's generator makes, as files."""

from __future__ import annotations

from pathlib import Path

import click

from ganbench.catalogue.catalogue import open_catalogue
from ganbench.catalogue.plugin_files import PluginChoice
from ganbench.cli.completing import complete_runs
from ganbench.cli.options import Local, device_option, runs_option
from ganbench.cli.plugin_options import plugin_options
from ganbench.cli.verb import Verb
from ganbench.console import say, talk


@click.command(cls=Verb)
@click.argument("run_id", metavar="RUN", shell_complete=complete_runs)
@click.option(
    "-n",
    "--samples",
    "count",
    type=click.IntRange(min=1),
    default=64,
    show_default=True,
    help="How many.",
)
@click.option(
    "--out",
    type=Local(path_type=Path, file_okay=False),
    required=True,
    help="Folder of the files, a new or an empty one.",
)
@click.option(
    "--seed",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    help="Seed of latents and classes.",
)
@click.option(
    "--class",
    "wanted",
    type=click.IntRange(min=0),
    help="Class of all samples, if the generator takes one; default: as in the task.",
)
@device_option
@runs_option
@plugin_options
@click.pass_obj
def command(
    choice: PluginChoice,
    /,
    run_id: str,
    count: int,
    out: Path,
    seed: int,
    wanted: int | None,
    device: str,
    runs: Path,
) -> None:
    """Write samples of a finished run's generator: PNG, WAV, CSV or text, as its data is.

    RUN is a run's id or the beginning of one. What a conditional generator was asked for stands in
    classes.csv.
    """
    from ganbench.inference.kept import find_kept
    from ganbench.inference.sample import write_samples
    from ganbench.machine.devices import torch_device

    kept = find_kept(run_id, runs, open_catalogue(choice, talk, need_files=True), talk)
    for path in write_samples(
        kept, count, out, seed=seed, wanted=wanted, device=torch_device(device)
    ):
        say(str(path))
