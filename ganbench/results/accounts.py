"""Whether a run has kept to the rules: what its record tells of it. Never imports torch."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise
from typing import Any

from ganbench.results.record import Record
from ganbench.wording import with_prefix

SLOW = 2.0
"""Times the median pace: beyond it, a stretch between two marks is told of."""

FEWEST_STRETCHES = 4

SLACK = 0.01
"""Of a budget: an honest term that first acts in the very last step may exceed it by so much."""


def remarks(record: Record) -> Iterator[str]:
    """One sentence for each thing that is odd about a run, beside its scores."""
    if record.get("coupled"):
        yield (
            "its samples depend on those that are generated beside them, as with batch statistics "
            "in evaluation: they are no independent draws, and scores of them mean less"
        )
    recount = record.get("recount")
    if recount and recount["differing"]:
        yield (
            f"{recount['differing']} of {recount['steps']} steps that were counted again took "
            "another number of operations than before; "
            f"{with_prefix(recount['added'])}FLOP were charged afterwards"
        )
    budget = record["spec"]["task"]["budget"]
    if told := overspent([record["used"]], budget["kind"], budget["amount"]):
        yield told
    if (slowest := slowest_stretch(record)) > SLOW:
        yield (
            f"the slowest stretch between two marks took {slowest:.1f} times the seconds a step of "
            "the median one: a busy machine, or work that no counter sees"
        )


def overspent(runs: Iterable[Mapping[str, Any]], kind: str, amount: float) -> str | None:
    """What is said of runs of which one has spent more than its budget; None where none has.

    A time budget ends with the step that exceeds it, and a first step always fits, as does whoever
    is fitted to all samples at once. Otherwise a step is taken only if what is known of it fits:
    what is beyond has been found out afterwards.

    Args:
        runs: what each has used, by kind; a count may be None.
        kind, amount: of the budget.
    """
    counted = [
        (run[kind], steps)
        for run in runs
        if kind != "seconds" and run[kind] is not None
        if (steps := run["steps"] or 0) > 1 or kind == "flops"
    ]
    spent, steps = max(counted, default=(0.0, 0))
    share = spent / amount - 1
    if share < SLACK:
        return None
    if steps == 1:
        return f"its one step cost {share + 1:.3g} times its budget"
    return f"{share:.0%} more than its budget was spent, on work that had not been counted"


def slowest_stretch(record: Record) -> float:
    """Seconds per step of the slowest stretch between two marks, over the median of all; 1 where
    there are too few."""
    spent = [point["used"] for point in record["points"]]
    paces = [
        (after["seconds"] - before["seconds"]) / (after["steps"] - before["steps"])
        for before, after in pairwise(spent)
        if after["steps"] > before["steps"]
    ]
    median = statistics.median(paces) if len(paces) >= FEWEST_STRETCHES else 0.0
    return max(paces) / median if median > 0 else 1.0
