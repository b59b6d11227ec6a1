"""Options that several verbs share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click

from ganbench.api.errors import UsageError
from ganbench.cli.completing import (
    complete_devices,
    complete_executors,
    complete_suites,
    complete_tasks,
    complete_trackers,
    complete_variants,
)
from ganbench.cli.context import chosen
from ganbench.execution.conditions import DEFAULTS
from ganbench.machine.devices import check_device
from ganbench.machine.precision import PRECISIONS, Precision
from ganbench.planning.budget import Budget, memory_text, parse_memory
from ganbench.planning.plan import ENGINES, Selection
from ganbench.planning.references import parse_seeds
from ganbench.planning.shard import Shard
from ganbench.planning.suite import DEFAULT_SUITE
from ganbench.results.mirrors import runs_folder
from ganbench.storage.bucket import checked_url, is_url

F = TypeVar("F", bound=Callable[..., Any])


class Parsed(click.ParamType):  # type: ignore[type-arg]  # generic since click 8.5 only
    """What a function reads from text.

    Args:
        name: of the kind of value.
        parse: raises `UsageError` where the text is none.
    """

    def __init__(self, name: str, parse: Callable[[str], object]) -> None:
        self.name = name
        self._parse = parse

    def convert(self, value: Any, param: object, ctx: object) -> Any:
        """What the text says; what is no text has been read already."""
        return self._parse(value) if isinstance(value, str) else value


def _seconds(text: str) -> float:
    try:
        limit = Budget.parse(text)
    except UsageError:
        limit = None
    if limit is None or limit.kind != "seconds":
        raise UsageError(f"{text!r} is not a time", "write it as 30m, 2h or 90s")
    return limit.amount


TIME = Parsed("time", _seconds)
SIZE = Parsed("size", parse_memory)

DEFAULT_RUNS = Path("runs")


class RunsFolder(click.Path):
    """A folder of runs, or the URL of a bucket."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The folder as a path; a URL as it is, if runs can lie there."""
        return checked_url(value) if is_url(value) else super().convert(value, param, ctx)


class Local(click.Path):
    """A folder or file to write, on this machine."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The path; a URL would become folders of that name in the working folder."""
        if is_url(value):
            raise UsageError(f"{value} is a URL", "write to a folder of this machine, and copy it")
        return super().convert(value, param, ctx)


RUNS_FOLDER = RunsFolder(path_type=Path, file_okay=False)


def mirrored(_: click.Context, __: click.Parameter, value: Any) -> Any:
    """The folders in which runs can be worked with: those named, or the mirrors of URLs."""
    return tuple(map(runs_folder, value)) if isinstance(value, tuple) else runs_folder(value)


runs_option = click.option(
    "--runs",
    type=RUNS_FOLDER,
    default=DEFAULT_RUNS,
    show_default=True,
    callback=mirrored,
    help="Folder of the runs, or the URL of a bucket: s3://BUCKET/FOLDER.",
)

executor_option = click.option(
    "--executor",
    default=DEFAULTS.executor,
    show_default=True,
    metavar="NAME[:ADDRESS]",
    shell_complete=complete_executors,
    help="Where runs are trained; `ganbench list executors` lists them.",
)

out_option = click.option(
    "--out",
    type=Local(path_type=Path, file_okay=False),
    default=Path("results"),
    show_default=True,
    help="Folder of the leaderboards; a folder per suite is made in it.",
)

suite_option = click.option(
    "--suite",
    default=DEFAULT_SUITE,
    show_default=True,
    shell_complete=complete_suites,
    help="Suite, by name or TOML file.",
)

limit_option = click.option(
    "--limit",
    type=TIME,
    default=str(Budget("seconds", DEFAULTS.limit_seconds)),
    show_default=True,
    help="Wall time of one run, e.g. 30m.",
)

host_memory_option = click.option(
    "--host-memory",
    type=SIZE,
    help="Main-memory limit of a run, children included; default: 90 % of the machine's.",
)

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON for machines.")


DEVICE = Parsed("device", check_device)

device_option = click.option(
    "--device",
    type=DEVICE,
    default="auto",
    show_default=True,
    metavar="auto|cpu|cuda|cuda:N",
    shell_complete=complete_devices,
    help="Where to compute.",
)


def _add_trackers(context: click.Context, _: click.Parameter, value: Sequence[str]) -> None:
    context.obj = chosen(context).plus(trackers=value)


track_option = click.option(
    "--track",
    "trackers",
    multiple=True,
    metavar="NAME",
    expose_value=False,
    callback=_add_trackers,
    shell_complete=complete_trackers,
    help="Log runs to a tracker: tensorboard, wandb, trackio, mlflow. May be repeated.",
)


def selection_options(function: F) -> F:
    """The options that say what to run, for `run` and `plan` alike."""
    options = [
        click.argument(
            "variants", nargs=-1, metavar="[VARIANT]...", shell_complete=complete_variants
        ),
        click.option(
            "--all",
            "everything",
            is_flag=True,
            help="Every variant of the suite; if it names none, every usable one.",
        ),
        suite_option,
        click.option(
            "--task",
            "tasks",
            multiple=True,
            shell_complete=complete_tasks,
            help="Only this task of the suite. May be repeated.",
        ),
        click.option(
            "--seeds",
            type=Parsed("seeds", parse_seeds),
            help="Seeds instead of the suite's, e.g. 0-4 or 0,2,5.",
        ),
        click.option(
            "--budget",
            type=Parsed("budget", Budget.parse),
            help="Budget of every run instead of the tasks' own: 2PFLOP, 10m, 200kimg, 5000steps.",
        ),
        click.option(
            "--set",
            "settings",
            multiple=True,
            metavar="VARIANT.PARAMETER=VALUE",
            help="Set a parameter of a variant, unless its brackets do. May be repeated.",
        ),
        click.option(
            "--device",
            type=DEVICE,
            default="auto",
            show_default=True,
            metavar="auto|cpu|cuda|cuda:N,...",
            shell_complete=complete_devices,
            help="Where to train; cuda:0,2 picks GPUs (numbered from 0), one run on each.",
        ),
        click.option(
            "--memory",
            type=SIZE,
            help="Cap on the memory of the device in each run, e.g. 8GiB.",
        ),
        click.option(
            "--threads",
            type=click.IntRange(min=1),
            help="CPU threads per run instead of the suite's; makes other runs.",
        ),
        click.option(
            "--engine",
            type=click.Choice(ENGINES),
            default="eager",
            show_default=True,
            help="How steps run: stacked trains a variant's seeds together where its networks "
            "allow; the same up to rounding.",
        ),
        click.option(
            "--precision",
            type=click.Choice(PRECISIONS),
            help="Precision of products in training instead of the suite's; makes other runs.",
        ),
        click.option(
            "--shard",
            type=Parsed("shard", Shard.parse),
            metavar="K/N",
            help="Only the K-th of N parts of these runs, for one of N machines.",
        ),
    ]
    return all_options(options, function)


def run_options(function: F) -> F:
    """The options that say how runs are run, whatever they are."""
    options = [
        executor_option,
        click.option(
            "--jobs",
            type=click.IntRange(min=1),
            help="Runs at a time; default: one per GPU, or as many as the cores allow.",
        ),
        click.option(
            "--runs-per-gpu",
            type=click.IntRange(min=1),
            default=DEFAULTS.runs_per_gpu,
            show_default=True,
            help="Runs that share a GPU; not for budgets of time.",
        ),
        limit_option,
        host_memory_option,
        click.option(
            "--max-output",
            type=SIZE,
            default=memory_text(DEFAULTS.output_bytes),
            show_default=True,
            help="Limit on a run's log and other files, without checkpoints.",
        ),
        click.option(
            "--retries",
            type=click.IntRange(min=0),
            default=DEFAULTS.retries,
            show_default=True,
            help="Retries, from its checkpoint, of a run whose worker was killed or lost.",
        ),
        click.option(
            "--checkpoint-every",
            type=TIME,
            default=str(Budget("seconds", DEFAULTS.checkpoint_seconds)),
            show_default=True,
            help="Time between checkpoints; writing them takes at most 1 % of a run.",
        ),
        click.option(
            "--keep-checkpoints",
            is_flag=True,
            help="Keep the state in which runs end, so that larger budgets can go on from it.",
        ),
    ]
    return all_options(options, function)


def all_options(options: Sequence[Callable[[F], F]], function: F) -> F:
    """The function with all options, of which help shows the first one first."""
    for option in reversed(options):
        function = option(function)
    return function


def make_selection(
    variants: tuple[str, ...],
    everything: bool,
    suite: str,
    tasks: tuple[str, ...],
    seeds: tuple[int, ...] | None,
    budget: Budget | None,
    settings: tuple[str, ...],
    device: str,
    memory: int | None,
    threads: int | None,
    engine: str,
    precision: Precision | None,
    shard: Shard | None,
) -> Selection:
    """The selection that the options of `selection_options` describe.

    Raises:
        UsageError: an option is malformed.
    """
    pairs: dict[str, str] = {}
    for setting in settings:
        key, equals, value = setting.partition("=")
        if not equals or "." not in key:
            raise UsageError(f"--set {setting} is not of the form VARIANT.PARAMETER=VALUE")
        if key.strip() in pairs:
            raise UsageError(f"--set {key.strip()} is given twice", "give it one value")
        pairs[key.strip()] = value.strip()
    return Selection(
        variants=variants,
        everything=everything,
        suite=suite,
        tasks=tasks,
        seeds=seeds,
        budget=budget,
        settings=pairs,
        device=device,
        memory_bytes=memory,
        threads=threads,
        engine=engine,
        precision=precision,
        shard=shard,
    )
