"""Whether a run has kept to the rules: what its record tells of it. Never imports torch."""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from itertools import pairwise

from ganbench.results.record import Record
from ganbench.wording import with_prefix

SLOW = 2.0
"""Times the median pace: beyond it, a stretch between two marks is told of."""

FEWEST_STRETCHES = 4


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
    share = record["used"].get(budget["kind"], 0.0) / budget["amount"]
    if budget["kind"] != "seconds" and share > 1 and record["used"]["steps"] > 1:
        yield f"{share - 1:.0%} more than its budget was spent, on work that had not been counted"
    if (slowest := slowest_stretch(record)) > SLOW:
        yield (
            f"the slowest stretch between two marks took {slowest:.1f} times the seconds a step of "
            "the median one: a busy machine, or work that no counter sees"
        )


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
