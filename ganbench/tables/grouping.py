"""Which runs may stand in one table, and which of them are seeds of one row.

Runs are compared only within a *part*: one suite, one setting (protocol, task with its budget and
sample counts, data set with its parameters and files, memory cap), one primary distance and, where
the budget is time, one model of device. Seeds are averaged only within an *entry*: one variant in
one part, with the same parameters and from exactly one version of the code.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ganbench.results.fields import RunRow
from ganbench.results.frame import Runs, plain_rows
from ganbench.results.identity import VARIANT_CODE
from ganbench.statistics.groups import grouped
from ganbench.statistics.nulls import Floor
from ganbench.tables.thresholds import counted_utility

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd


_SETTING = ["suite", "setting"]
_PART = ["suite", "protocol", "timed_on", "task", "setting", "primary"]
_ENTRY = ["variant", "variant_parameters", "code"]


@dataclass(frozen=True, slots=True)
class Entry:
    """The seeds of one variant in one part.

    Args:
        part: what it may be compared within.
        runs: rows of `Runs.frame`, None where empty; and ``utility``, as `counted_utility` has it.
        floor: what the part's primary distance is between real samples; None where that is unknown.
    """

    part: tuple[Any, ...]
    runs: Sequence[RunRow]
    floor: Floor | None = None

    @property
    def edition(self) -> tuple[Any, ...]:
        """Suite, protocol and device: what the tasks of one ranking have in common."""
        return self.part[:3]

    @property
    def own_code(self) -> tuple[Any, ...]:
        """The variant and the code that provides it, whatever data and scores it meets."""
        return tuple(self.runs[0][key] for key in VARIANT_CODE)

    def __getitem__(self, column: str) -> Any:
        """What all its runs have in that column of the setting, e.g. ``task``."""
        return self.runs[0][column]

    def values(self, column: str, statuses: Sequence[str] | None = None) -> list[Any]:
        """The values in a column that exist, of the runs that ended in one of these ways."""
        return [
            run[column]
            for run in self.runs
            if run[column] is not None and (statuses is None or run["status"] in statuses)
        ]

    def count(self, *statuses: str) -> int:
        """How many of its runs ended in one of these ways."""
        return sum(run["status"] in statuses for run in self.runs)


def entries(runs: Runs) -> list[Entry]:
    """All entries, sorted by part, variant and code."""
    rows, columns = plain_rows(_assigned(runs.frame)), runs.columns
    for row in rows:
        row["utility"] = counted_utility(row, columns.get(row["setting"], {}))
    groups = grouped(rows, lambda row: tuple(row[key] for key in (*_PART, *_ENTRY)))
    found = [
        Entry(key[: len(_PART)], group, _floor(runs, group[0])) for key, group in groups.items()
    ]
    return sorted(found, key=lambda entry: [str(entry[key] or "") for key in (*_PART, *_ENTRY)])


def _floor(runs: Runs, row: RunRow) -> Floor | None:
    """Of the primary distance: as it was measured, or else as a formula has it."""
    column = runs.scores.get((row["setting"], row["primary"]))
    if column is None:
        return None
    measured = column["measured_floor"]
    mean = column["floor"] if measured is None else measured
    if mean is None or mean <= 0:
        return None
    spread, error = column.get("floor_spread"), column.get("floor_error")
    return Floor(mean, spread, round((spread / error) ** 2) if spread and error else None)


def _assigned(frame: pd.DataFrame) -> pd.DataFrame:
    """Put runs that ended before they knew their primary distance or device where they belong.

    That is where the other seeds of their variant are, else where all others of their setting are.
    A run for which several places are left stays in a part of its own.
    """
    frame = frame.copy()
    timed = frame["budget_kind"] == "seconds"
    for column, rows in (("primary", frame["primary"].isna()), ("timed_on", timed)):
        for keys in ([*_SETTING, *_ENTRY], _SETTING):
            places = frame.groupby(keys, dropna=False)[column]
            only = places.transform("first").where(places.transform("nunique") == 1)
            missing = rows & frame[column].isna()
            frame[column] = frame[column].mask(missing, only)
    return frame
