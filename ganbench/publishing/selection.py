"""Which runs belong to a suite, and publishing those of a runs folder."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ganbench.api.errors import NothingSelected
from ganbench.planning.suite import Suite, load_suite
from ganbench.publishing.publish import publish, without_rank
from ganbench.results.record import Record
from ganbench.results.store import RunStore
from ganbench.tables.coverage import Coverage
from ganbench.wording import counted


def publish_suite(
    runs: Path, suite: str, out: Path, *, unranked: bool, remark: Callable[[str], None]
) -> list[Path]:
    """Write the leaderboard of a suite from a runs folder; return its files.

    Args:
        runs: the folder. Runs of other tasks, budgets or seeds are left out, and counted.
        suite: name or TOML file.
        out: a folder named like the suite is made in it.
        unranked: publish what may not be ranked as well.
        remark: takes lines of talk.

    Raises:
        NothingSelected: no run belongs to the suite.
        InvalidResults: something may not be ranked, and `unranked` is not set.
        GanbenchError: a folder cannot be read or written to.
    """
    wanted = load_suite(suite)
    contents = RunStore(runs).read_all()
    for warning in contents.warnings:
        remark(f"warning: {warning}")
    records, coverage = of_suite(contents.records, wanted)
    if not records:
        raise NothingSelected(
            f"no finished run in {runs} belongs to the suite {wanted.name}",
            f"`ganbench run --all --suite {suite}` makes them",
        )
    files = publish(records, wanted.name, out, coverage, unranked=unranked)
    left_out = len(contents.records) - len(records)
    remark(
        f"{counted(len(records), 'run')} published"
        + (f", {counted(left_out, 'other')} left out" if left_out else "")
    )
    for line in without_rank(files[0].parent):
        remark(line)
    return files


def of_suite(records: Iterable[Record], suite: Suite) -> tuple[list[Record], Coverage]:
    """The runs of a suite's tasks and seeds, exactly as it defines them, and what a rank needs."""
    coverage = Coverage(tasks=tuple(task.name for task in suite.tasks), seeds=suite.seeds)
    belongs = membership(suite)
    return [record for record in records if belongs(record["spec"])], coverage


def membership(suite: Suite) -> Callable[[dict[str, Any]], bool]:
    """Whether a run with a given spec is of one of the suite's tasks and seeds."""
    tasks = [
        {**asdict(task), "scores": list(task.scores), "final_scores": list(task.final_scores)}
        for task in suite.tasks
    ]
    return lambda spec: spec["seed"] in suite.seeds and spec["task"] in tasks
