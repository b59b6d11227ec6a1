"""Which runs belong to a suite."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from ganbench.planning.suite import Suite
from ganbench.results.record import Record
from ganbench.results.standing import Coverage


def of_suite(records: Iterable[Record], suite: Suite) -> tuple[list[Record], Coverage]:
    """The runs of a suite's tasks and seeds, exactly as it defines them, and what a rank needs."""
    coverage = Coverage(tasks=tuple(task.name for task in suite.tasks), seeds=suite.seeds)
    return [record for record in records if belongs(record["spec"], suite)], coverage


def belongs(spec: dict[str, Any], suite: Suite) -> bool:
    """Whether a run is of one of the suite's tasks and seeds."""
    task = next((one for one in suite.tasks if one.name == spec["task"]["name"]), None)
    if task is None or spec["seed"] not in suite.seeds:
        return False
    defined = {**asdict(task), "scores": list(task.scores), "final_scores": list(task.final_scores)}
    return bool(spec["task"] == defined)
