"""`ganbench verify`: do a run's scores come out again?"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ganbench.api.errors import InvalidResults
from ganbench.catalogue.plugin_files import PluginChoice
from ganbench.cli.options import (
    DEFAULT_RUNS,
    RUNS_FOLDER,
    executor_option,
    host_memory_option,
    json_option,
    limit_option,
    mirrored,
)
from ganbench.cli.plugin_options import plugin_options
from ganbench.cli.verb import Verb
from ganbench.console import print_json, print_rows, talk
from ganbench.execution.conditions import Conditions

if TYPE_CHECKING:
    from ganbench.verification.verdict import Verdict


@click.command(cls=Verb)
@click.argument("run_id", metavar="RUN")
@click.option(
    "--runs",
    type=RUNS_FOLDER,
    default=DEFAULT_RUNS,
    show_default=True,
    callback=mirrored,
    help="Folder of the runs, URL of a bucket, or folder of a published leaderboard.",
)
@click.option(
    "--weights",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Generator to judge: a run's generator.safetensors. By default the one in the run folder.",
)
@click.option("--retrain", is_flag=True, help="Train again even if a generator was kept.")
@executor_option
@limit_option
@host_memory_option
@json_option
@plugin_options
@click.pass_obj
def command(
    choice: PluginChoice,
    /,
    run_id: str,
    runs: Path,
    weights: Path | None,
    retrain: bool,
    executor: str,
    limit: float,
    host_memory: int | None,
    as_json: bool,
) -> None:
    """Recompute a run's scores from the generator that it left, or train it again.

    RUN is a run's id or the beginning of one. From its generator every score must come out equal to
    1e-6; those of a GPU, on another device, to 1e-3. A run without one is trained again from its
    spec: to the same bits on the same machine and versions, elsewhere within the interval of the
    other seeds. Exit code 4 if it does not hold.
    """
    from ganbench.verification.verify import verify_run

    conditions = Conditions(
        executor=executor, limit_seconds=limit, host_bytes=host_memory, plugins=choice
    )
    verdict = verify_run(
        run_id, runs, weights=weights, retrain=retrain, conditions=conditions, remark=talk
    )
    if as_json:
        print_json({"holds": verdict.holds, "summary": verdict.summary, **asdict(verdict)})
    else:
        _print(verdict)
    if not verdict.holds:
        raise InvalidResults(verdict.summary)
    talk(verdict.summary)


def _print(verdict: Verdict) -> None:
    rows = [
        [one.label, _number(one.claimed), _number(one.found), one.verdict]
        for one in verdict.rescored
    ]
    print_rows(["score", "claimed", "found", "verdict"], rows)


def _number(value: float | None) -> str:
    return "missing" if value is None else f"{value:.9g}"
