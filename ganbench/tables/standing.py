"""Ranks: ranges where intervals overlap, and none without full coverage.

A rank needs every task and every seed. With fewer seeds than `SEEDS_FOR_AN_ORDER` no order can be
told from chance, whatever the intervals look like, and all ranks stay open.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ganbench.results.fields import STATUSES
from ganbench.results.record import COUNTED
from ganbench.statistics.intervals import SEEDS_FOR_AN_ORDER, Interval, mean_interval
from ganbench.statistics.ranking import rank_ranges
from ganbench.tables.grouping import Entry

Row = dict[str, Any]
Part = tuple[Any, ...]
Member = tuple[Row, Entry]

_LAST = Interval(-1.0, -1.0, -1.0)
"""Below every utility, for the rank alone: it stands in no mean and in no table."""


@dataclass(frozen=True, slots=True)
class Coverage:
    """What a variant must have been run on for a rank."""

    tasks: tuple[str, ...]
    seeds: tuple[int, ...]

    @classmethod
    def of(cls, found: Iterable[Entry]) -> Coverage:
        """All tasks and seeds that occur."""
        runs = [run for entry in found for run in entry.runs]
        return cls(
            tuple(sorted({run["task"] for run in runs})),
            tuple(sorted({run["seed"] for run in runs})),
        )


def add_standings(
    rows: list[Row], found: list[Entry], coverage: Coverage | None, unranked: Mapping[str, str]
) -> None:
    """Fill in the ranks of leaderboard rows, and the reasons where there is none.

    Rows with a run that `unranked` (run id -> reason) names have no rank and displace nobody.
    """
    admitted = []
    for row, entry in zip(rows, found, strict=True):
        reason = next((unranked[id_] for id_ in entry.values("run_id") if id_ in unranked), None)
        if reason:
            row["unranked"] = row["incomplete"] = reason
        else:
            admitted.append((row, entry))
    editions = _grouped(admitted, lambda member: member[1].edition)
    for members in editions.values():
        needed = coverage or Coverage.of(entry for _, entry in members)
        for row, entry in members:
            row["incomplete"] = _missing_seeds(entry, needed)
        for part in _grouped(members, lambda member: member[1].part).values():
            _rank_on_task([row for row, _ in part])
        _rank_in_suite(members, needed)


def _grouped(members: Iterable[Any], key: Any) -> dict[Any, list[Any]]:
    groups: dict[Any, list[Any]] = {}
    for member in members:
        groups.setdefault(key(member), []).append(member)
    return groups


def _missing_seeds(entry: Entry, needed: Coverage) -> str | None:
    """Such as ``3 of 5 seeds (1 timeout, 1 unfinished)``; None where every seed counts."""
    present = {run["seed"] for run in entry.runs if run["status"] in COUNTED}
    missing = set(needed.seeds) - present
    if not missing:
        return None
    have = len(needed.seeds) - len(missing)
    counts = [(entry.count(status), status) for status in STATUSES if status not in COUNTED]
    why = ", ".join(f"{count} {status}" for count, status in counts if count)
    return f"{have} of {len(needed.seeds)} seeds" + (f" ({why})" if why else "")


def _rank_on_task(rows: list[Row]) -> None:
    complete = [row for row in rows if row["incomplete"] is None]
    retained = {
        str(index): _LAST
        if row.get("retained_utility_missing") == "never trained"
        else _open(row, "retained_utility")
        for index, row in enumerate(complete)
        if "retained_utility" in row or row.get("retained_utility_missing") == "never trained"
    }
    _assign(complete, "stability_rank", rank_ranges(retained, lower_is_better=False))
    distances = {
        str(index): _open(row, "distance")
        for index, row in enumerate(complete)
        if "distance" in row
    }
    _assign(complete, "distance_rank", rank_ranges(distances))


def _open(row: Row, name: str) -> Interval:
    """The interval; without limits where there are too few seeds to claim an order."""
    if row[f"{name}_n"] < SEEDS_FOR_AN_ORDER:
        return Interval(row[name], -math.inf, math.inf)
    return Interval(row[name], row[f"{name}_low"], row[f"{name}_high"])


def _assign(rows: list[Row], name: str, ranks: dict[str, tuple[int, int]]) -> None:
    for index, (low, high) in ranks.items():
        rows[int(index)] |= {f"{name}_low": low, f"{name}_high": high}


def _rank_in_suite(members: list[Member], needed: Coverage) -> None:
    """Rank the variants of one edition by their mean utility over tasks, equally weighted."""
    parts = _main_parts(members)
    for row, entry in members:
        if entry.part not in parts:
            row["unranked"] = f"the suite is ranked on another setting of {entry['task']}"
    chosen = [member for member in members if member[1].part in parts]
    variants = list(_grouped(chosen, lambda member: member[1].own_code).values())
    shared = [_in_suite([entry for _, entry in own], parts, needed) for own in variants]
    utilities = {
        str(index): _open(one, "suite_utility")
        for index, one in enumerate(shared)
        if one["unranked"] is None
    }
    _assign(shared, "rank", rank_ranges(utilities, lower_is_better=False))
    for own, one in zip(variants, shared, strict=True):
        for row, _ in own:
            row |= one


def _main_parts(members: list[Member]) -> set[Part]:
    """One setting of each task: the one with the most runs, then the one last run."""
    sizes: dict[Part, tuple[int, str]] = {}
    for row, entry in members:
        size, last = sizes.get(entry.part, (0, ""))
        sizes[entry.part] = size + len(entry.runs), max(last, row["finished"] or "")
    tasks = {entry.part: entry["task"] for _, entry in members}
    main = {tasks[part]: part for part in sorted(sizes, key=lambda part: (sizes[part], str(part)))}
    return set(main.values())


def _in_suite(own: list[Entry], parts: set[Part], needed: Coverage) -> Row:
    """A variant's mean utility over the suite's tasks, and what keeps it from a rank if anything.

    The interval is over seeds: of each seed's mean over tasks, for seeds that have all of them.
    """
    absent = sorted({*needed.tasks, *(part[3] for part in parts)} - {one["task"] for one in own})
    by_seed: dict[int, dict[Part, float]] = {}
    for entry in own:
        for run in entry.runs:
            if run["status"] in COUNTED and run["utility_end"] is not None:
                by_seed.setdefault(run["seed"], {})[entry.part] = run["utility_end"]
    means = [
        math.fsum(utilities.values()) / len(parts)
        for utilities in by_seed.values()
        if len(utilities) == len(parts) and not absent
    ]
    row: Row = {"unranked": _unranked(own, absent, needed), "suite_utility_n": len(means)}
    if means:
        interval = mean_interval(means)
        row["suite_utility"] = interval.estimate
        if math.isfinite(interval.high):
            row["suite_utility_low"] = max(0.0, interval.low)
            row["suite_utility_high"] = min(1.0, interval.high)
    return row


def _unranked(own: list[Entry], absent: list[str], needed: Coverage) -> str | None:
    """What keeps a variant from a rank in the suite."""
    if absent:
        return f"not run on {', '.join(absent)}"
    if len(own) > len({entry.part for entry in own}):
        return "run with several versions of data or scores"
    problems: dict[str, list[str]] = {}
    for entry in own:
        problem = _missing_seeds(entry, needed)
        if problem is None and len(entry.values("utility_end", COUNTED)) < entry.count(*COUNTED):
            problem = "no distance with a floor and a cap"
        if problem:
            problems.setdefault(problem, []).append(str(entry["task"]))
    return "; ".join(f"{', '.join(tasks)}: {why}" for why, tasks in problems.items()) or None
