"""What runs that are still to come will cost, judged by those that have ended on such a machine."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from statistics import median
from typing import TYPE_CHECKING, Any

from ganbench.results.record import COUNTED, Record

if TYPE_CHECKING:
    from pathlib import Path

    from ganbench.planning.budget import Budget
    from ganbench.planning.runspec import RunSpec
    from ganbench.results.store import RunStore

LEAST_STEPS = 10
"""Of a run that tells how fast steps are: the first is not timed, and a few say little."""

SAMPLED_FOLDERS = 8
"""Run folders whose size is looked at: those of one task hardly differ."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What one run is expected to cost. None: nothing is known.

    Args:
        flops: of training.
        training_seconds, other_seconds: of one slot: training, and everything else (start, set-up,
            evaluation, records).
        basis: how many earlier runs of what tell the time, or what else does.
        exact: whether they are of the same variant and task, or there is nothing to guess.
    """

    flops: float | None = None
    training_seconds: float | None = None
    other_seconds: float | None = None
    basis: str = ""
    exact: bool = False

    def seconds(self, done: float = 0.0) -> float | None:
        """Wall time of one slot, of a run that has that fraction of its training behind it."""
        if self.training_seconds is None or self.other_seconds is None:
            return None
        return (1.0 - done) * self.training_seconds + self.other_seconds


class Forecast:
    """Costs by the medians of earlier runs.

    Each record is looked at once and each folder measured once, however many runs are asked for.

    Args:
        records: earlier runs; those that the machine or the code has ended tell nothing.
        device_name: where the new ones run: rates of other devices tell nothing.
    """

    def __init__(self, records: Iterable[Record], device_name: str | None) -> None:
        self._pools: defaultdict[_Group, _Pool] = defaultdict(_Pool)
        for one in records:
            if (
                one["status"] in COUNTED
                and one["used"]["seconds"] > 0
                and one["used"]["steps"] >= LEAST_STEPS
                and one["environment"].get("device_name") == device_name
            ):
                for group, _ in _groups(_task_of_record(one), str(one["spec"]["variant"])):
                    self._pools[group].records.append(one)

    def cost(self, spec: RunSpec) -> Cost:
        """What a run is expected to cost.

        The same variant on the same task tells best; then the variant with other settings, then
        whatever ran on that task: rates differ between variants, so that is said.
        """
        budget = spec.task.budget
        groups = _groups(_task_of_spec(spec), spec.variant)
        nearest = groups[0][0]
        # What a step costs depends on the variant, so that no other one tells.
        exact = self._pools.get(nearest)
        flops = exact.flops(budget) if exact else None
        if budget.kind == "flops":
            flops = budget.amount
        for group, what in groups:
            if pool := self._pools.get(group):
                return Cost(
                    flops=flops,
                    training_seconds=pool.seconds(budget),
                    other_seconds=pool.other_seconds,
                    basis=f"{len(pool.records)} of {what}",
                    exact=group == nearest,
                )
        if budget.kind == "seconds":
            basis = "the budget, without evaluation"
            return Cost(training_seconds=budget.amount, other_seconds=0.0, basis=basis, exact=True)
        return Cost(flops=flops)

    def bytes_of(self, spec: RunSpec, store: RunStore) -> float | None:
        """Size of the run's folder once it has ended: the median of its task's."""
        pool = self._pools.get((_task_of_spec(spec), "", ""))
        return pool.bytes_in(store) if pool else None


_TaskKey = tuple[Any, ...]
_Group = tuple[_TaskKey, str, str]
"""Runs of one task, of one variant by its name and by its settings; empty: of any."""


class _Pool:
    """Runs that tell what others like them cost. No median is taken twice."""

    def __init__(self) -> None:
        self.records: list[Record] = []
        self._seconds: dict[str, float] = {}
        self._flops: dict[str, float | None] = {}
        self._bytes: dict[Path, float] = {}

    @cached_property
    def other_seconds(self) -> float:
        return median(_other_seconds(one) for one in self.records)

    def seconds(self, budget: Budget) -> float:
        """Of training."""
        if budget.kind == "seconds":
            return budget.amount
        if budget.kind not in self._seconds:
            used: list[Any] = [one["used"] for one in self.records]
            self._seconds[budget.kind] = median(
                float(one["seconds"] / max(one[budget.kind], 1e-9)) for one in used
            )
        return budget.amount * self._seconds[budget.kind]

    def flops(self, budget: Budget) -> float | None:
        """Of training; None if these runs do not tell."""
        if budget.kind not in self._flops:
            used: list[Any] = [one["used"] for one in self.records]
            rates = [float(one["flops"] / one[budget.kind]) for one in used if one[budget.kind] > 0]
            self._flops[budget.kind] = median(rates) if rates else None
        rate = self._flops[budget.kind]
        return None if rate is None else budget.amount * rate

    def bytes_in(self, store: RunStore) -> float:
        """Of a run's folder."""
        if store.root not in self._bytes:
            folders = [store.folder(one["run_id"]) for one in self.records[:SAMPLED_FOLDERS]]
            self._bytes[store.root] = median(map(_size, folders))
        return self._bytes[store.root]


def _groups(task: _TaskKey, variant: str) -> tuple[tuple[_Group, str], ...]:
    """All that a run belongs to, the nearest first, and what its runs are to each other."""
    name = variant.partition("[")[0]
    return (
        ((task, name, variant), "this variant and task"),
        ((task, name, ""), "this variant with other settings"),
        ((task, "", ""), "other variants on this task"),
    )


def _task_of_spec(spec: RunSpec) -> _TaskKey:
    """Data, evaluation and precision; the budget may be another."""
    task = spec.task
    scores = (*task.scores, *task.final_scores)
    return task.dataset, scores, task.fakes, task.evaluations, spec.precision


def _task_of_record(record: Record) -> _TaskKey:
    """As `_task_of_spec`."""
    spec = record["spec"]
    task = spec["task"]
    scores = (*task["scores"], *task["final_scores"])
    precision = spec.get("precision", "float32")
    return task["dataset"], scores, task["fakes"], task["evaluations"], precision


def _other_seconds(record: Record) -> float:
    clocks = record["clocks"]
    return max(0.0, clocks.get("wall", 0.0) - clocks.get("training", 0.0))


def _size(folder: Path) -> int:
    return sum(path.lstat().st_size for path in folder.rglob("*") if path.is_file())
