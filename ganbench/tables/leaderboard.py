"""Runs aggregated over seeds: one row per variant and task, with intervals and counts.

Only finished runs have a distance, a score or a cost; a failed run has a status, and never a number
that stands for it in a mean. What each column is: `LEADERBOARD_FIELDS`.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping, Sequence

import pandas as pd

from ganbench.results.fields import ENVIRONMENT, LEADERBOARD_FIELDS, SEVERAL, STATUSES
from ganbench.results.frame import Runs
from ganbench.results.identity import VARIANT_CODE
from ganbench.results.record import COUNTED, INSTABILITIES, Column
from ganbench.statistics.groups import grouped
from ganbench.statistics.intervals import (
    Interval,
    clopper_pearson,
    geometric_mean_interval,
    mean_interval,
)
from ganbench.statistics.stability import retained_utility, seed_dispersion
from ganbench.tables.aggregate import Aggregate, Estimate, Mean
from ganbench.tables.coverage import Coverage
from ganbench.tables.grouping import Entry, entries
from ganbench.tables.marks import marks_of
from ganbench.tables.progress import progress
from ganbench.tables.standing import NEVER_TRAINED, add_standings
from ganbench.tables.thresholds import missed_thresholds

_COSTS = ("seconds", "flops", "steps", "images", "seconds_per_step", "peak_memory_bytes")
_MACHINE = tuple(column.name for column in ENVIRONMENT)
_MACHINE_COSTS = ("seconds", "seconds_per_step", "peak_memory_bytes")
_COPIED = (
    "suite",
    "task",
    "primary",
    "code",
    *VARIANT_CODE,
    "variant_parameters",
    "dataset",
    "dataset_parameters",
    "budget_kind",
    "budget_amount",
    "split",
    "fakes",
    "evaluations",
    "memory_limit_bytes",
    "precision",
    "setting",
    "timed_on",
    "protocol",
)
_SHARE = (0.0, 1.0)
_NOT_NEGATIVE = (0.0, math.inf)

# Equal budgets make equal costs: most intervals of a large leaderboard are computed before.
_mean = functools.lru_cache(maxsize=65_536)(mean_interval)
_geometric_mean = functools.lru_cache(maxsize=65_536)(geometric_mean_interval)
_proportion = functools.lru_cache(maxsize=4_096)(clopper_pearson)


def leaderboard(runs: Runs, coverage: Coverage | None = None) -> pd.DataFrame:
    """`aggregates` as a frame.

    Returns:
        The columns of `LEADERBOARD_FIELDS`, then four for each score: ``KEY``, ``KEY:low``,
        ``KEY:high`` and ``KEY:n``.
    """
    keys = [f"{key}{part}" for key in runs.score_keys for part in ("", ":low", ":high", ":n")]
    types = {column.name: column.dtype for column in LEADERBOARD_FIELDS}
    types |= {key: "Int64" if key.endswith(":n") else "float64" for key in keys}
    rows = [row.flat() for row in aggregates(runs, coverage)]
    return pd.DataFrame.from_records(rows, columns=list(types)).astype(types)


def aggregates(runs: Runs, coverage: Coverage | None = None) -> list[Aggregate]:
    """One row per variant and task; more where runs of one variant may not be mixed.

    Args:
        runs: of any number of suites, settings and protocols: they are kept apart.
        coverage: the tasks and seeds that a complete variant has; by default all that occur in the
            suite's runs.
    """
    rows = [_aggregate(entry) for entry in entries(runs)]
    columns = runs.columns
    _add_distances(rows)
    _add_scores(rows, runs.score_keys, columns)
    for row in rows:
        described = columns.get(row["setting"], {})
        row.marks = marks_of(row.entry, described)
        row.limits = tuple(missed_thresholds(row.entry, described))
    add_standings(rows, coverage, runs.unranked)
    return rows


def _aggregate(entry: Entry) -> Aggregate:
    row = Aggregate(entry)
    row.facts |= {name: entry[name] for name in _COPIED}
    row.facts |= {"runs": len(entry.runs), **{one: entry.count(one) for one in STATUSES}}
    row.facts |= {name: _distinct(entry, name) for name in (*_MACHINE, "threads")}
    row.facts["seeds"] = ",".join(str(run["seed"]) for run in entry.runs)
    row.facts["finished"] = max(entry.values("finished"), default=None)
    row.facts["parameters"] = max(entry.values("parameters"), default=None)
    _add_stability(row)
    row.facts["distance_floor"] = next(iter(entry.values("distance_floor")), None)
    devices = {str(one) for one in entry.values("device_name", ("ok",))}
    one_device = len(devices) <= 1 and not any(SEVERAL in one for one in devices)
    for name in _COSTS:
        # Times and memory of different machines have no mean.
        comparable = one_device or name not in _MACHINE_COSTS
        values = entry.values(name, ("ok",)) if comparable else []
        row.estimates[name] = Estimate.of(values, _mean, _NOT_NEGATIVE)
    return row


def _add_stability(row: Aggregate) -> None:
    entry, estimates = row.entry, row.estimates
    counted = entry.count(*COUNTED)
    if counted:
        failed = entry.count(*INSTABILITIES)
        estimates["failure_rate"] = Estimate.of(
            range(counted), lambda _: _proportion(failed, counted)
        )
    ends, noises = entry.values("distance_end"), entry.values("evaluation_noise")
    noise = math.sqrt(math.fsum(one**2 for one in noises) / len(noises)) if noises else 0.0
    row.facts["evaluation_noise"] = noise if noises else None
    positive = all(end > 0 for end in ends)
    row.facts["seed_dispersion"] = seed_dispersion(ends, noise) if positive else None
    estimates["late_degradation"] = Estimate.of(entry.values("late_degradation"), _mean)
    oscillations = entry.values("oscillation")
    estimates["oscillation"] = Estimate.of(oscillations, _mean, _NOT_NEGATIVE)
    utilities = entry.values("utility", COUNTED)
    if len(utilities) == counted:
        estimates["utility"] = Estimate.of(utilities, _mean, _SHARE)
    _add_retained_utility(row, counted)


def _add_retained_utility(row: Aggregate, counted: int) -> None:
    ways = progress(row.entry)
    best = max((best for best, _ in ways), default=0.0)
    if not counted:
        row.facts["retained_utility_missing"] = "no run has ended by itself"
    elif not ways:
        row.facts["retained_utility_missing"] = "no distance with a floor and a cap"
    elif best == 0:
        row.facts["retained_utility_missing"] = NEVER_TRAINED
    else:
        runs = [run for run in row.entry.runs if run["status"] in COUNTED]
        judged = next(run for run in runs if run["distance_trivial"] is not None)
        # How far a run came and ended is told by two points of its curve: its best and its end.
        curves = [(run["distance_best"], run["distance_end"]) for run in runs]
        retained = retained_utility(curves, judged["distance_cap"], judged["distance_floor"])
        spread = mean_interval([end / best for _, end in ways])
        interval = Interval(retained or 0.0, spread.low, spread.high)
        estimate = Estimate.of(range(counted), lambda _: interval, _SHARE)
        row.estimates["retained_utility"] = estimate


def _add_distances(rows: list[Aggregate]) -> None:
    """Of all rows of a part the same mean: numbers of one column are compared."""
    for members in grouped(rows, lambda row: row.entry.part).values():
        ends = {row: row.entry.values("distance_end") for row in members}
        positive = all(end > 0 for own in ends.values() for end in own)
        for row, own in ends.items():
            row.logarithms = positive
            row.estimates["distance"] = Estimate.of(own, _geometric_mean if positive else _mean)


def _add_scores(
    rows: list[Aggregate], keys: Sequence[str], columns: Mapping[str, Mapping[str, Column]]
) -> None:
    """Distances: geometric mean where all of a part's values are positive; else the mean."""
    for members in grouped(rows, lambda row: row.entry.part).values():
        described = columns.get(members[0]["setting"], {})
        for key in keys:
            if (column := described.get(key)) is None:
                continue
            values = {row: row.entry.values(key, ("ok",)) for row in members}
            positive = all(value > 0 for own in values.values() for value in own)
            geometric = column["panel"] == "distance" and positive
            mean: Mean = _geometric_mean if geometric else _mean
            for row, own in values.items():
                row.scores[key] = Estimate.of(own, mean, _bounds(column))
        for row in members:
            row.facts["uninterpretable"] = _uninterpretable(row.scores, described)


def _bounds(column: Column) -> tuple[float, float]:
    low, high = column["lowest"], column["highest"]
    return -math.inf if low is None else low, math.inf if high is None else high


def _uninterpretable(scores: Mapping[str, Estimate], columns: Mapping[str, Column]) -> str | None:
    """Scores that are raised by what is not data, where the score that tells is below half of what
    real samples have."""
    silent = []
    for key, column in columns.items():
        witness = column["read_with"]
        null = columns[witness]["null"] if witness in columns else None
        value = scores[witness].value if witness in scores else None
        known = key in scores and scores[key].value is not None
        if null is not None and value is not None and value < null / 2 and known:
            silent.append(key)
    return " ".join(sorted(silent)) or None


def _distinct(entry: Entry, column: str) -> str | None:
    """All values that occur, since seeds may have run on several machines."""
    values = sorted({one for value in entry.values(column) for one in str(value).split(SEVERAL)})
    return SEVERAL.join(values) or None
