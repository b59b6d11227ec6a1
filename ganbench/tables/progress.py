"""How far runs have come from the real mean: the way of a training, whatever it is worth.

Utility begins at the best trivial generator, for it tells what a variant is worth. How steadily a
training went and what a learning rate costs it are questions about its way, and most of that may
lie below. So they are told on the whole of it: 0 is a generator that returns the real mean, 1 is as
near as real samples.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ganbench.results.record import COUNTED
from ganbench.statistics.stability import utility

if TYPE_CHECKING:
    from ganbench.tables.grouping import Entry


def progress(entry: Entry) -> list[tuple[float, float]]:
    """At its best mark and at the end, for each run that counts; unstable runs end at 0.

    Empty where a run that counts has no distance with a floor and a cap.
    """
    runs = [run for run in entry.runs if run["status"] in COUNTED]
    if any(run["utility_end"] is None for run in runs):
        return []
    # A run that failed before its first evaluation knows no floor and needs none: it is 0.
    found = []
    for run in runs:
        cap, floor = run["distance_cap"], run["distance_floor"]
        if run["distance_trivial"] is None:
            found.append((0.0, 0.0))
        else:
            best, end = run["distance_best"], run["distance_end"]
            found.append((utility(best, cap, floor), utility(end, cap, floor)))
    return found
