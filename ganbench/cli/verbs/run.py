"""`ganbench run`: run what is missing of a selection, then print the comparison tables."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from ganbench.catalogue.plugin_files import PluginChoice
from ganbench.cli.defaults import tell_settings
from ganbench.cli.options import (
    json_option,
    make_selection,
    run_options,
    runs_option,
    selection_options,
    track_option,
)
from ganbench.cli.plugin_options import plugin_options
from ganbench.cli.verb import Verb
from ganbench.console import talk
from ganbench.execution.conditions import Conditions
from ganbench.wording import counted, duration


@click.command(cls=Verb)
@selection_options
@runs_option
@run_options
@click.option(
    "--from-finished",
    is_flag=True,
    help="Go on from finished runs of smaller budgets that have kept their checkpoints.",
)
@click.option("--fresh", is_flag=True, help="Run again what is finished already.")
@click.option(
    "--retry-failed",
    is_flag=True,
    help="Run again what ended as error, oom, timeout or killed; unstable runs are results.",
)
@click.option(
    "--fail-fast",
    is_flag=True,
    help="Start no further run once one has failed; those under way go on to their end.",
)
@click.option("--allow-failures", is_flag=True, help="Exit with 0 even if runs failed or diverged.")
@track_option
@json_option
@plugin_options
@click.pass_obj
def command(
    choice: PluginChoice,
    /,
    runs: Path,
    executor: str,
    jobs: int | None,
    runs_per_gpu: int,
    limit: float,
    host_memory: int | None,
    max_output: int,
    retries: int,
    checkpoint_every: float,
    keep_checkpoints: bool,
    from_finished: bool,
    fresh: bool,
    retry_failed: bool,
    fail_fast: bool,
    allow_failures: bool,
    as_json: bool,
    **options: Any,
) -> int:
    """Train the selected runs that are missing, then print comparison tables.

    VARIANT is a variant's name, with parameters in brackets if wanted (wgan-gp[lr=2e-4]), or any
    MODEL+LOSS pair (dcgan+wgan-gp); left out, all that the suite names.
    """
    import time

    from ganbench.execution.progress import make_progress
    from ganbench.execution.request import execute

    began = time.monotonic()
    for line in tell_settings(click.get_current_context()):
        talk(line)
    conditions = Conditions(
        executor=executor,
        jobs=jobs,
        runs_per_gpu=runs_per_gpu,
        limit_seconds=limit,
        host_bytes=host_memory,
        output_bytes=max_output,
        retries=retries,
        checkpoint_seconds=checkpoint_every,
        keep_checkpoints=keep_checkpoints,
        from_finished=from_finished,
        fresh=fresh,
        retry_failed=retry_failed,
        fail_fast=fail_fast,
        plugins=choice,
    )
    selection = make_selection(**options)
    try:
        session = execute(selection, conditions, runs=runs, progress=make_progress, remark=talk)
    except (KeyboardInterrupt, SystemExit):
        talk("stopped; the same command goes on where the runs were")
        raise
    from ganbench.cli.tables import print_tables
    from ganbench.results.frame import collect
    from ganbench.tables.coverage import Coverage

    coverage = Coverage(
        tasks=tuple(dict.fromkeys(spec.task.name for spec in session.plan.runs)),
        seeds=tuple(dict.fromkeys(spec.seed for spec in session.plan.runs)),
    )
    if session.records or as_json:
        taken = collect(session.records).under(session.plan.suite.name)
        print_tables(taken, "json" if as_json else "terminal", coverage)
    failures = session.failures
    new = len(session.records) - len(session.reused)
    done = f"{counted(len(session.records), 'run')} ({new} new)"
    talk(
        f"{done} in {duration(time.monotonic() - began)}, "
        f"{len(failures)} failed or unstable; records and sample sheets are in {runs}/"
    )
    if selection.shard:
        talk(
            f"shard {selection.shard} of {counted(session.plan.whole, 'run')}: ganbench merge "
            "joins the folders of all shards into one leaderboard"
        )
    if session.cancelled:
        cancelled = counted(len(session.cancelled), "run")
        talk(f"{cancelled} cancelled; the same command goes on where they were")
    if session.worth_retrying:
        talk(f"{session.worth_retrying} failed before and were not run again: try --retry-failed")
    if new:
        talk(f"{session.busy_share:.0%} of the slots' time was training and evaluation")
    session.require_readable()
    return 1 if session.cancelled or (failures and not allow_failures) else 0
