"""`ganbench score`: samples that exist already."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ganbench.api.errors import UsageError
from ganbench.catalogue.catalogue import open_catalogue
from ganbench.catalogue.plugin_files import PluginChoice
from ganbench.cli.completing import complete_sources
from ganbench.cli.options import device_option, json_option, runs_option
from ganbench.cli.plugin_options import plugin_options
from ganbench.cli.verb import Verb, imports_last
from ganbench.console import print_json, print_rows, say, talk
from ganbench.planning.references import split_references

if TYPE_CHECKING:
    from ganbench.inference.score import Scored


@click.command(cls=Verb)
@click.argument(
    "fakes", nargs=-1, required=True, metavar="FAKE...", shell_complete=complete_sources
)
@click.option(
    "--against",
    metavar="REAL",
    shell_complete=complete_sources,
    help="A folder, archive, data set or array file; default: what a run was trained on.",
)
@click.option(
    "--scores",
    metavar="SCORE,...",
    help="Scores with their parameters, e.g. fd[extractor=raw],prdc; default: those of a run.",
)
@click.option(
    "--split",
    type=click.Choice(["heldout", "train", "all"]),
    help="Which samples of REAL; default: heldout, or as the run's task has it.",
)
@click.option(
    "--fake-split",
    type=click.Choice(["all", "heldout", "train"]),
    default="all",
    show_default=True,
    help="Which samples of a FAKE that is a data set.",
)
@click.option(
    "--fakes",
    "count",
    type=click.IntRange(min=1),
    help="How many samples of each FAKE; default: all, and of a run what its task generates.",
)
@click.option(
    "--resamples",
    type=click.IntRange(min=0),
    help="Halves of each FAKE from which intervals are made; default: 10 for several, else none.",
)
@click.option(
    "--channels",
    type=click.Choice(["found", "first", "last"]),
    default="found",
    show_default=True,
    help="Channel axis of arrays.",
)
@click.option(
    "--threads", type=click.IntRange(min=1), help="CPU threads; default: those of the run, or 1."
)
@device_option
@runs_option
@json_option
@plugin_options
@click.pass_obj
def command(
    choice: PluginChoice,
    /,
    fakes: tuple[str, ...],
    against: str | None,
    scores: str | None,
    split: Any,
    fake_split: Any,
    count: int | None,
    resamples: int | None,
    channels: Any,
    threads: int | None,
    device: str,
    runs: Path,
    as_json: bool,
) -> None:
    """Score samples that exist already, as a run's own evaluation would; nothing is trained.

    FAKE is a folder or zip archive of images, such as photos.zip[side=32], another data set, a .npy
    or .npz file, an exported program (.pt2), or a finished run's id or the beginning of one.
    Several make a table with a column each.
    """
    if len(set(fakes)) < len(fakes):
        raise UsageError("a FAKE is named twice", "name each once")
    with imports_last():
        from ganbench.inference.score import Request, opening_of, score
        from ganbench.machine.devices import torch_device

        catalogue = open_catalogue(choice, talk, need_files=True)
    request = Request(
        fakes={text: text for text in fakes},
        real=against,
        scores=split_references(scores) if scores is not None else (),
        split=split,
        count=count,
        threads=threads,
        resamples=(RESAMPLES if len(fakes) > 1 else 0) if resamples is None else resamples,
    )
    opening = opening_of(
        catalogue,
        runs,
        torch_device(device),
        channels=channels,
        fake_split=fake_split,
        remark=talk,
    )
    scored = score(request, opening)
    if as_json:
        real = {"name": scored.real, "split": scored.split, "samples": scored.n_real}
        print_json({"real": real, "scores": scored.rows})
    else:
        _print(scored)


def _print(scored: Scored) -> None:
    say(f"against {scored.n_real:,} samples of {scored.real} ({scored.split})")
    rows = [
        [
            f"{row['label']} {_ARROWS[row['direction']]}",
            _floor(row),
            _number(row["null"]),
            str(row["n_fake"] or ""),
            *(_value(row, name) for name in scored.columns),
        ]
        for row in scored.rows
    ]
    print_rows(["score", "floor", "null", "fakes", *scored.columns], rows)
    if any(None in row["values"].values() for row in scored.rows):
        talk("scores of different sample counts share no row: --fakes N takes N of each")


RESAMPLES = 10

_ARROWS = {"lower": "↓", "higher": "↑", "target": "→"}


def _floor(row: dict[str, Any]) -> str:
    """As measured on real samples, where it is, with its standard error: the one to believe."""
    measured, error = row["measured_floor"], row["floor_error"]
    told = _number(row["floor"] if measured is None else measured)
    return told if error is None else f"{told} ± {error:.2g}"


def _value(row: dict[str, Any], name: str) -> str:
    """A value, and half of its interval's width."""
    interval = row.get("intervals", {}).get(name)
    half = f" ± {(interval[1] - interval[0]) / 2:.2g}" if interval else ""
    return _number(row["values"][name]) + half


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.4g}"
