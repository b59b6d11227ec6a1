"""What a second score must bear out, where the primary distance is blind.

A transport distance of 2,500 points does not see modes five times too wide, and a Fréchet distance
sees two moments. Far from the data that hardly matters: the distance is long whatever it misses.
Near the data it may be all that is wrong. So a task may set thresholds for other scores. Who claims
to be nearer to the data than to a trivial generator must pass them for its rank on the task, and
half of the way is the most that a run's utility counts without.
"""

from __future__ import annotations

from statistics import fmean
from typing import TYPE_CHECKING, Final

from ganbench.results.record import COUNTED
from ganbench.wording import number

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ganbench.results.fields import RunRow
    from ganbench.results.record import Column
    from ganbench.tables.grouping import Entry

CLAIM: Final = 0.5
"""The mean utility from which on thresholds hold: half of the way, in logarithms of the distance,
from the best trivial generator to real samples."""


def counted_utility(run: RunRow, columns: Mapping[str, Column]) -> float | None:
    """A run's utility at the end as means over seeds and tasks count it: `CLAIM` at the most where
    the run misses a threshold. So a better distance never costs a variant anything.

    Args:
        run: a row of `Runs.frame`, None where empty.
        columns: key -> what the score is in the run's setting.
    """
    end: float | None = run["utility_end"]
    if end is None or end <= CLAIM:
        return end
    for key, column in columns.items():
        threshold, value = column.get("threshold"), run[key]
        if threshold is not None and value is not None and misses(value, threshold, column):
            return CLAIM
    return end


def missed_thresholds(entry: Entry, columns: Mapping[str, Column]) -> Iterator[str]:
    """Such as ``high quality 0.15, below 0.8``, for every threshold that is missed on average.

    Args:
        entry: the seeds of a row.
        columns: key -> what the score is in the row's setting.
    """
    claims = entry.values("utility_end", COUNTED)
    if not claims or fmean(claims) < CLAIM:
        return
    for key, column in columns.items():
        threshold, values = column.get("threshold"), entry.values(key, ("ok",))
        if threshold is None or not values:
            continue
        value = fmean(values)
        if misses(value, threshold, column):
            side = "below" if value < threshold else "above"
            yield f"{column['label']} {number(value)}, {side} {number(threshold)}"


def misses(value: float, threshold: float, column: Column) -> bool:
    """Whether a value of a score is beyond its threshold, on the side that `is_least` tells."""
    return value < threshold if is_least(threshold, column) else value > threshold


def is_least(threshold: float, column: Column) -> bool:
    """Whether a threshold is the least that is allowed, and not the most.

    Where best is neither low nor high, it is what lies between the threshold and the null.
    """
    if column["direction"] == "target":
        return column["null"] is None or threshold < column["null"]
    return column["direction"] == "higher"
