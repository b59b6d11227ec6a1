"""Which runs belong to a suite: those of its tasks and seeds, whichever suite ran them first."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from os.path import isfile
from typing import Any

from ganbench.planning.budget import Budget
from ganbench.planning.suite import Suite, embedded_suites, load_suite
from ganbench.results.frame import Runs

Spec = Mapping[str, Any]


def membership(suite: Suite) -> Callable[[Spec], bool]:
    """Whether a run with a given spec is of one of the suite's tasks and seeds."""
    foreign = foreignness(suite)
    return lambda spec: foreign(spec) is None


def foreignness(suite: Suite) -> Callable[[Spec], str | None]:
    """The first thing that makes a run none of the suite's; None for one that is."""
    tasks = {task.name: task.to_json() for task in suite.tasks}
    return lambda spec: _foreign(spec, suite, tasks)


def under_suite(runs: Runs, named: str) -> Runs:
    """What a suite has run, and what it would take over from others, under its name.

    A run is kept under the suite that ran it first, and reused by any other that needs it.

    Args:
        runs: all that there are.
        named: an embedded suite, a suite file, or the name of one that is not at hand: then only
            what it ran itself.

    Raises:
        UsageError: the file is no valid suite.
    """
    at_hand = named in embedded_suites() or isfile(named)  # noqa: PTH113 (raises on long names)
    if not at_hand:
        return runs.only(suite=[named])
    suite = load_suite(named)
    belongs = membership(suite)
    reused = [run_id for run_id, spec in runs.specs.items() if belongs(spec)]
    taken = runs.frame["suite"].eq(suite.name) | runs.frame["run_id"].isin(reused)
    return replace(runs, frame=runs.frame[taken]).under(suite.name)


def _foreign(spec: Spec, suite: Suite, tasks: Mapping[str, Spec]) -> str | None:
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
