"""Which runs belong to a suite, and publishing those of a runs folder."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from ganbench.api.errors import NothingSelected
from ganbench.planning.budget import Budget
from ganbench.planning.suite import Suite, load_suite
from ganbench.publishing.eligibility import Commands
from ganbench.publishing.publish import publish, without_rank
from ganbench.results.frame import collect
from ganbench.results.mirrors import open_runs
from ganbench.results.record import Record
from ganbench.tables.coverage import Coverage
from ganbench.tables.grouping import one_per_seed
from ganbench.tables.twins import twin_notes
from ganbench.wording import counted


def publish_suite(
    runs: Path, suite: str, out: Path, *, unranked: bool, remark: Callable[[str], None]
) -> list[Path]:
    """Write the leaderboard of a suite from a runs folder; return its files.

    Args:
        runs: the folder. Runs of other tasks, budgets or seeds are left out, and told.
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
    contents = open_runs(runs).read_all()
    for warning in contents.warnings:
        remark(f"warning: {warning}")
    records, coverage = of_suite(contents.records, wanted)
    commands, left_out = Commands.of(suite, runs, out), _left_out(contents.records, wanted)
    if not records:
        raise NothingSelected(
            f"no finished run in {runs} belongs to the suite {wanted.name}"
            + (f": {left_out}" if left_out else ""),
            f"`{commands.run} --all` makes them",
        )
    if left_out:
        remark(f"left out: {left_out}")
    taken, twins = one_per_seed(collect(records).under(wanted.name))
    for line in twin_notes(twins):
        remark(line)
    files = publish(taken, wanted.name, out, coverage, unranked=unranked, commands=commands)
    remark(f"{counted(len(taken.frame), 'run')} published")
    for line in without_rank(files[0].parent):
        remark(line)
    return files


def _left_out(records: Iterable[Record], suite: Suite) -> str:
    """How many runs are none of a suite's, and why: ``3 runs with budget 30steps, not 2PFLOP``."""
    tasks = _tasks(suite)
    reasons = [one for record in records if (one := _foreign(record["spec"], suite, tasks))]
    return "; ".join(f"{counted(n, 'run')} {why}" for why, n in Counter(reasons).most_common())


def _foreign(
    spec: Mapping[str, Any], suite: Suite, tasks: Mapping[str, Mapping[str, Any]]
) -> str | None:
    """The first thing that makes a run none of a suite's with these tasks; None for one that is."""
    theirs = spec["task"]
    task = tasks.get(theirs["name"])
    if task is None:
        return f"on {theirs['name']}, which is no task of the suite"
    for key, own in task.items():
        if theirs.get(key) != own:
            return f"on {task['name']} with {key} {_shown(theirs.get(key))}, not {_shown(own)}"
    if spec["seed"] not in suite.seeds:
        return f"with seed {spec['seed']}, which is none of the suite's"
    return None


def _shown(value: Any) -> str:
    """Of a field of a task, as a suite has it."""
    if isinstance(value, dict):
        return str(Budget(**value))
    return ", ".join(map(str, value)) or "none" if isinstance(value, list) else str(value)


def of_suite(records: Iterable[Record], suite: Suite) -> tuple[list[Record], Coverage]:
    """The runs of a suite's tasks and seeds, exactly as it defines them, and what a rank needs."""
    coverage = Coverage(tasks=tuple(task.name for task in suite.tasks), seeds=suite.seeds)
    belongs = membership(suite)
    return [record for record in records if belongs(record["spec"])], coverage


def membership(suite: Suite) -> Callable[[dict[str, Any]], bool]:
    """Whether a run with a given spec is of one of the suite's tasks and seeds."""
    tasks = _tasks(suite)
    return lambda spec: _foreign(spec, suite, tasks) is None


def _tasks(suite: Suite) -> dict[str, dict[str, Any]]:
    """Its tasks by name, as specs have them."""
    return {task.name: task.to_json() for task in suite.tasks}
