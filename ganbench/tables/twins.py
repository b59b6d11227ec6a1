"""Twins: several runs of one seed, of which one counts.

A seed that was run with both engines is trained twice on the same draws. Its runs have ids of
their own and stand in one row, but they are no two samples of what the variant does: counted twice,
three seeds would pass for six. The one that was **started first** counts. That is known before
anything is known of how they end, and nothing that is run later replaces it: who could choose, by
running a seed again, could choose the better one. A run that has left no record gives way to one
that has.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ganbench.results.fields import UNFINISHED, RunRow
from ganbench.statistics.groups import grouped
from ganbench.wording import counted


def counting(
    rows: Sequence[RunRow], columns: Sequence[str], specs: Mapping[str, Mapping[str, Any]]
) -> list[bool]:
    """Whether each row is the one that counts of its seed.

    Of runs that were started in the same second the eager one counts, then the first by its id.

    Args:
        rows: of runs.
        columns: whose values the runs of one seed share, the seed's own among them.
        specs: run id -> the run's whole spec, where it is known.
    """
    seeds = grouped(range(len(rows)), lambda place: tuple(rows[place][name] for name in columns))
    first = {min(own, key=lambda place: _order(rows[place], specs)) for own in seeds.values()}
    return [place in first for place in range(len(rows))]


def _order(row: RunRow, specs: Mapping[str, Mapping[str, Any]]) -> tuple[Any, ...]:
    """The least of it counts. It may not look at how a run has ended."""
    stacked = specs.get(row["run_id"], {}).get("engine", "eager") != "eager"
    started = row["started"]
    return row["status"] == UNFINISHED, started is None, started or "", stacked, row["run_id"]


def twin_notes(twins: Iterable[RunRow]) -> list[str]:
    """A line for each task on which runs were left out: how many, and why."""
    notes = []
    for task, own in grouped(twins, lambda row: str(row["task"])).items():
        variants = ", ".join(sorted({row["variant"] for row in own}))
        notes.append(
            f"{counted(len(own), 'run')} of {variants} on {task} left out: a seed counts once, by "
            "the run of it that was started first, whatever became of it"
        )
    return notes
