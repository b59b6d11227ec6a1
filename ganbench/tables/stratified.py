"""Permutation tests of runs against runs, task by task."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from ganbench.results.record import COUNTED
from ganbench.statistics.permutation import PermutationTest, permutation_test
from ganbench.tables.grouping import Entry

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Pair = tuple[Entry, Entry]
"""The runs of two variants in one part: A and B."""

ALPHA: Final = 0.05
"""A difference is claimed where its adjusted p-value is below this."""


def stratified_test(
    pairs: Sequence[Pair], scales: Sequence[str] = ("ln distance", "utility")
) -> tuple[str, PermutationTest | None]:
    """B minus A on the first of some scales that all counted runs have, labels exchanged within
    each pair; negative where B is better. No test where a side is empty or no scale will do."""
    for scale in scales:
        losses = [(_LOSSES[scale](a), _LOSSES[scale](b)) for a, b in pairs]
        strata = [(b, a) for a, b in losses if a and b]
        if strata and len(strata) == len(losses):
            return scale, permutation_test(strata)
    return "", None


def telling_distances(entry: Entry) -> list[float | None]:
    """Of every run that counts, None for the unstable ones; those that real samples have against
    real samples are all the same: nothing tells one of them from another."""
    reach = -math.inf if entry.floor is None else entry.floor.reach
    return [
        None if distance is None else max(distance, reach) for distance in final_distances(entry)
    ]


def final_distances(entry: Entry) -> list[float | None]:
    """Of every run that counts, None for the unstable ones."""
    return [run["distance_end"] for run in entry.runs if run["status"] in COUNTED]


def _log_distances(entry: Entry) -> list[float] | None:
    """Of all counted runs; None if one of them has none."""
    distances = telling_distances(entry)
    logs = [math.log(distance) for distance in distances if distance is not None and distance > 0]
    return logs if len(logs) == len(distances) else None


def _lost_utilities(entry: Entry) -> list[float] | None:
    """Utilities at the end, negative because less is worse; None if a counted run has none."""
    utilities = entry.values("utility", COUNTED)
    return [-utility for utility in utilities] if len(utilities) == entry.count(*COUNTED) else None


_LOSSES: Final[dict[str, Callable[[Entry], list[float] | None]]] = {
    "ln distance": _log_distances,
    "utility": _lost_utilities,
}
