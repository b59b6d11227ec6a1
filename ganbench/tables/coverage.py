"""What a rank needs, and the sentence that says what of it is missing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ganbench.results.fields import STATUSES
from ganbench.results.record import COUNTED
from ganbench.statistics.groups import grouped

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Coverage:
    """What a variant must have been run on for a rank: every seed on every task.

    A seed counts where its run has ended by itself, well or not.
    """

    tasks: tuple[str, ...]
    seeds: tuple[int, ...]

    @classmethod
    def of(cls, runs: Iterable[Row]) -> Coverage:
        """All tasks and seeds that occur."""
        pairs = {(run["task"], run["seed"]) for run in runs}
        tasks, seeds = {task for task, _ in pairs}, {seed for _, seed in pairs}
        return cls(tuple(sorted(tasks)), tuple(sorted(seeds)))

    def missing_seeds(self, runs: Sequence[Row]) -> str | None:
        """Such as ``3 of 5 seeds (1 timeout, 1 unfinished)``; None where every seed counts.

        Args:
            runs: of one variant on one task.
        """
        missing = set(self.seeds) - {run["seed"] for run in runs if run["status"] in COUNTED}
        if not missing:
            return None
        ends = Counter(run["status"] for run in runs if run["seed"] in missing)
        why = ", ".join(f"{ends[status]} {status}" for status in STATUSES if ends[status])
        have = f"{len(self.seeds) - len(missing)} of {len(self.seeds)} seeds"
        return f"{have} ({why})" if why else have

    def gaps(self, runs: Iterable[Row], elsewhere: Container[str] = ()) -> str | None:
        """What is missing of a variant's runs, as `sentence`; None where nothing is.

        Args:
            runs: of one variant by one code.
            elsewhere: tasks that the variant was run on by any code.
        """
        by_task = grouped(runs, lambda run: str(run["task"]))
        absent = [task for task in self.tasks if task not in by_task]
        return sentence(
            absent,
            {task: self.missing_seeds(own) for task, own in by_task.items() if task in self.tasks},
            elsewhere,
        )


def sentence(
    absent: Sequence[str], problems: Mapping[str, str | None], elsewhere: Container[str] = ()
) -> str | None:
    """Such as ``not run on grid25; 3 of 5 seeds on digits, ring8``; None where nothing is wrong.

    Args:
        absent: tasks without a run.
        problems: task -> what is wrong with its runs, None where nothing is.
        elsewhere: tasks with a run of the same variant by another code.
    """
    wrong = [(task, problem) for task, problem in problems.items() if problem]
    parts = [
        f"{problem} on {', '.join(own)}"
        for problem, own in grouped(
            absent, lambda task: "run by other code" if task in elsewhere else "not run"
        ).items()
    ]
    parts += [
        f"{problem} on {', '.join(task for task, _ in own)}"
        for problem, own in grouped(wrong, lambda pair: pair[1]).items()
    ]
    return "; ".join(parts) or None
