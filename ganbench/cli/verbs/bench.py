"""`ganbench bench`: how fast every engine trains here, against loops written by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import click

from ganbench.catalogue.plugin_files import PluginChoice
from ganbench.cli.completing import complete_tasks, complete_variants
from ganbench.cli.options import DEVICE, json_option, suite_option
from ganbench.cli.plugin_options import plugin_options
from ganbench.cli.verb import Verb
from ganbench.console import print_json, print_rows, talk
from ganbench.machine.devices import cpu_kind, device_name
from ganbench.machine.precision import PRECISIONS, Precision
from ganbench.machine.versions import installed_versions
from ganbench.planning.plan import Selection
from ganbench.wording import DASH, duration, memory_size, number, percent, with_prefix

if TYPE_CHECKING:
    from ganbench.speed.bench import Row


@click.command(cls=Verb)
@click.argument("variants", nargs=-1, metavar="[VARIANT]...", shell_complete=complete_variants)
@suite_option
@click.option(
    "--task",
    "tasks",
    multiple=True,
    shell_complete=complete_tasks,
    help="Only this task of the suite. May be repeated.",
)
@click.option(
    "--device",
    type=DEVICE,
    default="auto",
    show_default=True,
    metavar="auto|cpu|cuda|cuda:N",
    help="Where to train.",
)
@click.option("--threads", type=click.IntRange(min=1), help="CPU threads instead of the suite's.")
@click.option("--precision", type=click.Choice(PRECISIONS), help="For engines; loops use float32.")
@click.option(
    "--rounds",
    type=click.IntRange(min=1),
    default=15,
    show_default=True,
    help="Times each way of training is timed; ratios are medians over them.",
)
@json_option
@plugin_options
@click.pass_obj
def command(
    choice: PluginChoice,
    /,
    variants: tuple[str, ...],
    suite: str,
    tasks: tuple[str, ...],
    device: str,
    threads: int | None,
    precision: Precision | None,
    rounds: int,
    as_json: bool,
) -> int:
    """Measure how fast every engine trains variants on this machine, and train nothing to its end.

    VARIANT is as of `run`; left out, all of the suite. Engines, a bare loop and a textbook loop
    with the same networks and losses take turns in one process; ratios are our time over theirs.
    The limit is what float32 matrix products reach there and then, on the same threads.

    Exits with 1 if something could not be measured.
    """
    from ganbench.speed.bench import bench

    selection = Selection(
        variants=variants,
        everything=not variants,
        suite=suite,
        tasks=tasks,
        seeds=(0,),
        device=device,
        threads=threads,
        precision=precision,
    )
    rows = bench(selection, choice, rounds=rounds, tell=talk)
    machine = {
        "device": device_name(device),
        "cpu_kind": cpu_kind(),
        "torch": installed_versions()["torch"],
    }
    if as_json:
        print_json({**machine, "rows": [row.to_json() for row in rows]})
    else:
        print_rows([name for name, _ in COLUMNS], [_cells(row) for row in rows])
        talk(f"measured on {machine['device']}, torch {machine['torch']}")
    return 1 if any(row.error for row in rows) else 0


def _shown(value: float | None, show: Callable[[float], str]) -> str:
    return DASH if value is None else show(value)


def _large(value: float) -> str:
    return with_prefix(float(f"{value:.3g}"))


def _ratio(value: float) -> str:
    return f"{value:.2f}"


COLUMNS: tuple[tuple[str, Callable[[Row], str]], ...] = (
    ("variant", lambda row: row.variant),
    ("task", lambda row: row.task),
    ("engine", lambda row: row.engine),
    ("precision", lambda row: row.precision),
    ("steps/s", lambda row: _shown(row.steps_per_second, number)),
    ("/bare", lambda row: _shown(row.over_bare, _ratio)),
    ("/textbook", lambda row: _shown(row.over_textbook, _ratio)),
    ("FLOP/step", lambda row: _shown(row.flops_per_step, _large)),
    ("of limit", lambda row: _shown(row.share_of_limit, percent)),
    ("limit/s", lambda row: _shown(row.limit, _large)),
    ("start", lambda row: _shown(row.start_seconds, duration)),
    ("evaluation", lambda row: _shown(row.evaluation_seconds, lambda one: f"{one:.2g} s")),
    ("memory", lambda row: _shown(row.peak_bytes, memory_size)),
    ("memory/bare", lambda row: _shown(row.memory_over_bare, _ratio)),
)  # fmt: skip


def _cells(row: Row) -> list[str]:
    return [cell(row) for _, cell in COLUMNS]
