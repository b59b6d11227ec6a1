"""Which runs may stand in one table, and which of them are seeds of one row.

Runs are compared only within a *part*: one suite, one setting (protocol, task with its budget and
sample counts, data set with its parameters and files, memory cap), one primary distance and, where
the budget is time, one model of device. Seeds are averaged only within an *entry*: one variant in
one part, with the same parameters and from exactly one version of the code. Of each seed one run
counts: see `twins`.
"""

from __future__ import annotations

import itertools
import operator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pandas as pd

from ganbench.results.fields import UNFINISHED, RunRow
from ganbench.results.frame import Runs, plain_rows
from ganbench.results.identity import VARIANT_CODE
from ganbench.statistics.groups import grouped
from ganbench.statistics.nulls import Floor
from ganbench.tables.thresholds import counted_utility
from ganbench.tables.twins import counting

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


_SETTING = ["suite", "setting"]
_PART = ["suite", "protocol", "timed_on", "task", "setting", "primary"]
_ENTRY = ["variant", "variant_parameters", "code"]
_ROW = [*_SETTING, "timed_on", *_ENTRY]
"""What the seeds of an entry share, and a run that has no primary distance yet as well."""
_SEED = [*_ROW, "seed"]


@dataclass(frozen=True, slots=True)
class Entry:
    """The seeds of one variant in one part.

    Args:
        part: what it may be compared within.
        runs: rows of `Runs.frame`, None where empty; and ``utility``, as `counted_utility` has it.
        floor: what the part's primary distance is between real samples; None where that is unknown.
        twins: further runs of its seeds, which do not count.
    """

    part: tuple[Any, ...]
    runs: Sequence[RunRow]
    floor: Floor | None = None
    twins: Sequence[RunRow] = ()

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
    rows, columns = _rows(runs), runs.columns
    for row in rows:
        row["utility"] = counted_utility(row, columns.get(row["setting"], {}))
    counted = counting(rows, _SEED, runs.specs)
    twins = grouped(
        itertools.compress(rows, map(operator.not_, counted)), operator.itemgetter(*_ROW)
    )
    groups = grouped(itertools.compress(rows, counted), operator.itemgetter(*_PART, *_ENTRY))
    found = [
        Entry(
            key[: len(_PART)],
            group,
            _floor(runs, group[0]),
            twins.get(operator.itemgetter(*_ROW)(group[0]), ()),
        )
        for key, group in groups.items()
    ]
    return sorted(found, key=lambda entry: [str(entry[key] or "") for key in (*_PART, *_ENTRY)])


def one_per_seed(runs: Runs) -> tuple[Runs, list[RunRow]]:
    """The runs that count in tables, and those that do not since another run of their seed does."""
    rows = _rows(runs)
    counted = counting(rows, _SEED, runs.specs)
    left_out: list[RunRow] = list(itertools.compress(rows, map(operator.not_, counted)))
    return replace(runs, frame=runs.frame[counted].reset_index(drop=True)), left_out


def weight(own: Iterable[Entry]) -> tuple[int, str, str]:
    """What the largest is sought of where a task was run in several settings, and one is to count.

    The number of runs that have ended in a setting, then when the last one did. What is only
    planned weighs nothing: it must not take the place of what is there.

    Args:
        own: entries of one part.
    """
    own = list(own)
    ended = [run for entry in own for run in entry.runs if run["status"] != UNFINISHED]
    last = max((run["finished"] or "" for run in ended), default="")
    return len(ended), last, str(own[0].part)


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


def _rows(runs: Runs) -> list[dict[str, Any]]:
    """The runs' rows, each with the part that it is in.

    Runs that ended before they knew their primary distance or device are put where the other seeds
    of their variant are, else where all others of their setting are. A run for which several places
    are left stays in a part of its own, and so does one that was to run on another kind of device.
    """
    frame = runs.frame.copy()
    planned = [runs.specs.get(run_id, {}).get("device") for run_id in frame["run_id"]]
    frame["kind"] = pd.Series(planned, frame.index, "str").fillna(frame["device"])
    timed = frame["budget_kind"] == "seconds"
    for column, rows, known in (
        ("primary", frame["primary"].isna(), []),
        ("timed_on", timed, ["kind"]),
        ("timed_on", timed & frame["kind"].isna(), []),
    ):
        for keys in ([*_SETTING, *_ENTRY, *known], [*_SETTING, *known]):
            places = frame.groupby(keys, dropna=False)[column]
            only = places.transform("first").where(places.transform("nunique") == 1)
            missing = rows & frame[column].isna()
            frame[column] = frame[column].mask(missing, only)
    return plain_rows(frame.drop(columns="kind"))
