"""What runs that are still to come will cost, judged by those that have ended on such a machine."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
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

    Args:
        records: earlier runs; those that the machine or the code has ended tell nothing.
        device_name: where the new ones run: rates of other devices tell nothing.
    """

    def __init__(self, records: Iterable[Record], device_name: str | None) -> None:
        self._records = [
            one
            for one in records
            if one["status"] in COUNTED
            and one["used"]["seconds"] > 0
            and one["used"]["steps"] >= LEAST_STEPS
            and one["environment"].get("device_name") == device_name
        ]

    def cost(self, spec: RunSpec) -> Cost:
        """What a run is expected to cost.

        The same variant on the same task tells best; then the variant with other settings, then
        whatever ran on that task: rates differ between variants, so that is said.
        """
        same_task = [one for one in self._records if _on_task(one, spec)]
        name = spec.variant.partition("[")[0]
        pools = (
            ("this variant and task", [one for one in same_task if _variant(one) == spec.variant]),
            (
                "this variant with other settings",
                [one for one in same_task if _variant(one).partition("[")[0] == name],
            ),
            ("other variants on this task", same_task),
        )
        exact = pools[0][1]
        flops = _flops(spec.task.budget, exact)
        for what, pool in pools:
            if pool:
                return Cost(
                    flops=flops,
                    training_seconds=_seconds(spec.task.budget, pool),
                    other_seconds=median(_other_seconds(one) for one in pool),
                    basis=f"{len(pool)} of {what}",
                    exact=pool is exact,
                )
        if spec.task.budget.kind == "seconds":
            seconds = spec.task.budget.amount
            basis = "the budget, without evaluation"
            return Cost(training_seconds=seconds, other_seconds=0.0, basis=basis, exact=True)
        return Cost(flops=flops)

    def bytes_of(self, spec: RunSpec, store: RunStore) -> float | None:
        """Size of the run's folder once it has ended: the median of its task's."""
        same_task = [one for one in self._records if _on_task(one, spec)][:SAMPLED_FOLDERS]
        sizes = [_size(store.folder(one["run_id"])) for one in same_task]
        return median(sizes) if sizes else None


def _variant(record: Record) -> str:
    return str(record["spec"]["variant"])


def _on_task(record: Record, spec: RunSpec) -> bool:
    """Whether a run had the same data, evaluation and precision; its budget may be another."""
    task, wanted = record["spec"]["task"], spec.task
    scores = [*wanted.scores, *wanted.final_scores]
    return bool(
        task["dataset"] == wanted.dataset
        and record["spec"].get("precision", "float32") == spec.precision
        and [*task["scores"], *task["final_scores"]] == scores
        and (task["fakes"], task["evaluations"]) == (wanted.fakes, wanted.evaluations)
    )


def _seconds(budget: Budget, pool: list[Record]) -> float:
    if budget.kind == "seconds":
        return budget.amount
    used: list[Any] = [one["used"] for one in pool]
    return budget.amount * median(
        float(one["seconds"] / max(one[budget.kind], 1e-9)) for one in used
    )


def _other_seconds(record: Record) -> float:
    clocks = record["clocks"]
    return max(0.0, clocks.get("wall", 0.0) - clocks.get("training", 0.0))


def _flops(budget: Budget, exact: list[Record]) -> float | None:
    """Of training; what a step costs depends on the variant, so that no other one tells."""
    if budget.kind == "flops":
        return budget.amount
    used: list[Any] = [one["used"] for one in exact]
    per_unit = [float(one["flops"] / one[budget.kind]) for one in used if one[budget.kind] > 0]
    return budget.amount * median(per_unit) if per_unit else None


def _size(folder: Path) -> int:
    return sum(path.lstat().st_size for path in folder.rglob("*") if path.is_file())
