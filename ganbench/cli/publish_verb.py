"""`ganbench publish`: write a leaderboard."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from ganbench.api.errors import NothingSelected
from ganbench.cli.completing import complete_suites
from ganbench.cli.console import talk
from ganbench.cli.options import runs_option
from ganbench.planning.suite import DEFAULT_SUITE, Suite, load_suite
from ganbench.results.record import Record
from ganbench.results.store import RunStore


@click.command()
@runs_option
@click.option(
    "--suite",
    default=DEFAULT_SUITE,
    show_default=True,
    shell_complete=complete_suites,
    help="Suite, by name or TOML file.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("results"),
    show_default=True,
    help="Folder of the leaderboards; a folder per suite is made in it.",
)
def command(runs: Path, suite: str, out: Path) -> None:
    """Write a suite's leaderboard: leaderboard.csv, runs.csv and datapackage.json.

    Only runs of the suite's own tasks, budgets and seeds are published; others that lie in the same
    folder are left out and counted.
    """
    from ganbench.results.publish import publish
    from ganbench.results.standing import Coverage

    wanted = load_suite(suite)
    contents = RunStore(runs).read_all()
    for warning in contents.warnings:
        talk(f"warning: {warning}")
    records = [record for record in contents.records if _belongs(record, wanted)]
    if not records:
        raise NothingSelected(
            f"no finished run in {runs} belongs to the suite {wanted.name}",
            f"`ganbench run --all --suite {suite}` makes them",
        )
    coverage = Coverage(tasks=tuple(t.name for t in wanted.tasks), seeds=wanted.seeds)
    for path in publish(records, wanted.name, out, coverage):
        click.echo(path)
    left_out = len(contents.records) - len(records)
    talk(f"{len(records)} runs published" + (f", {left_out} others left out" if left_out else ""))


def _belongs(record: Record, suite: Suite) -> bool:
    """Whether a run is of one of the suite's tasks, exactly as the suite defines them."""
    spec = record["spec"]
    tasks = {task.name: task for task in suite.tasks}
    task = tasks.get(spec["task"]["name"])
    if task is None or spec["seed"] not in suite.seeds:
        return False
    defined = {**asdict(task), "scores": list(task.scores), "final_scores": list(task.final_scores)}
    return bool(spec["task"] == defined)
