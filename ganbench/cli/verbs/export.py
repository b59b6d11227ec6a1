"""`ganbench export`: a finished run's generator, for other programs."""

from __future__ import annotations

from pathlib import Path

import click

from ganbench.catalogue.catalogue import open_catalogue
from ganbench.catalogue.plugin_files import PluginChoice
from ganbench.cli.completing import complete_runs
from ganbench.cli.options import Local, runs_option
from ganbench.cli.plugin_options import plugin_options
from ganbench.cli.verb import Verb
from ganbench.console import say, talk


@click.command(cls=Verb)
@click.argument("run_id", metavar="RUN", shell_complete=complete_runs)
@click.option(
    "--out",
    type=Local(path_type=Path, dir_okay=False),
    required=True,
    metavar="FILE.safetensors",
    help="File of the weights; card and program are beside it.",
)
@click.option("--onnx", is_flag=True, help="Write an ONNX program as well (ganbench[onnx]).")
@runs_option
@plugin_options
@click.pass_obj
def command(choice: PluginChoice, /, run_id: str, out: Path, onnx: bool, runs: Path) -> None:
    """Write a finished run's generator: weights (.safetensors), card (.json), program (.pt2).

    RUN is a run's id or the beginning of one. The card says what goes in, what comes out and how it
    scored. The program needs torch alone: torch.export.load(FILE).module()(latents).
    """
    from ganbench.inference.export import export_generator
    from ganbench.inference.kept import find_kept

    kept = find_kept(run_id, runs, open_catalogue(choice, talk, need_files=True), talk)
    for path in export_generator(kept, out, talk, onnx=onnx):
        say(str(path))
