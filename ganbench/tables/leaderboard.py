"""Runs aggregated over seeds: one row per variant and task, with intervals and counts.

Only finished runs have a distance, a score or a cost; a failed run has a status, and never a number
that stands for it in a mean. What each column is: `LEADERBOARD_FIELDS`.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from typing import Any

import pandas as pd

from ganbench.results.fields import ENVIRONMENT, LEADERBOARD_FIELDS, STATUSES
from ganbench.results.frame import Runs
from ganbench.results.record import COUNTED, INSTABILITIES, Column
from ganbench.statistics.intervals import (
    Interval,
    clopper_pearson,
    geometric_mean_interval,
    mean_interval,
)
from ganbench.statistics.stability import retained_utility, seed_dispersion
from ganbench.tables.grouping import Entry, entries
from ganbench.tables.standing import Coverage, add_standings

_COSTS = ("seconds", "flops", "steps", "images", "seconds_per_step", "peak_memory_bytes")
_MACHINE_COSTS = ("seconds", "seconds_per_step", "peak_memory_bytes")
_COPIED = (
    *("suite", "task", "variant", "primary"),
    *("variant_parameters", "code", "distribution", "version", "source_hash"),
    *("dataset", "dataset_parameters", "budget_kind", "budget_amount", "split", "fakes"),
    *("evaluations", "memory_limit_bytes", "setting", "timed_on", "protocol"),
)
_SHARE = (0.0, 1.0)
_NOT_NEGATIVE = (0.0, math.inf)

Mean = Callable[[tuple[float, ...]], Interval]

# Equal budgets make equal costs: most intervals of a large leaderboard are computed before.
_mean = functools.lru_cache(maxsize=65_536)(mean_interval)
_geometric_mean = functools.lru_cache(maxsize=65_536)(geometric_mean_interval)
_proportion = functools.lru_cache(maxsize=4_096)(clopper_pearson)


def leaderboard(runs: Runs, coverage: Coverage | None = None) -> pd.DataFrame:
    """One row per variant and task; more where runs of one variant may not be mixed.

    Args:
        runs: of any number of suites, settings and protocols: they are kept apart.
        coverage: the tasks and seeds that a complete variant has; by default all that occur in the
            suite's runs.

    Returns:
        The columns of `LEADERBOARD_FIELDS`, then four for each score: ``KEY``, ``KEY:low``,
        ``KEY:high`` and ``KEY:n``.
    """
    found = entries(runs)
    rows = [_row(entry) for entry in found]
    _add_scores(rows, found, runs)
    add_standings(rows, found, coverage, runs.unranked)
    keys = [f"{key}{part}" for key in runs.score_keys for part in ("", ":low", ":high", ":n")]
    return typed_leaderboard(rows, keys)


def typed_leaderboard(rows: list[dict[str, Any]], keys: Sequence[str]) -> pd.DataFrame:
    """Rows as a frame, typed, in publication order."""
    types = {one.name: one.dtype for one in LEADERBOARD_FIELDS}
    types |= {key: "Int64" if key.endswith(":n") else "float64" for key in keys}
    return pd.DataFrame.from_records(rows, columns=list(types)).astype(types)


def _row(entry: Entry) -> dict[str, Any]:
    runs = entry.runs
    row: dict[str, Any] = {name: entry[name] for name in _COPIED}
    row |= {"runs": len(runs), **{status: entry.count(status) for status in STATUSES}}
    row |= {one.name: _distinct(entry, one.name) for one in (*ENVIRONMENT, _named("threads"))}
    row["seeds"] = ",".join(str(run["seed"]) for run in runs)
    row["finished"] = max(entry.values("finished"), default=None)
    row["parameters"] = max(entry.values("parameters"), default=None)
    _add_stability(row, entry)
    ends = entry.values("distance_end")
    mean: Mean = _geometric_mean if all(end > 0 for end in ends) else _mean
    _put(row, "distance", ends, mean)
    row["distance_floor"] = next(iter(entry.values("distance_floor")), None)
    one_device = len(set(entry.values("device_name", ("ok",)))) <= 1
    for name in _COSTS:
        # Times and memory of different machines have no mean.
        comparable = one_device or name not in _MACHINE_COSTS
        _put(row, name, entry.values(name, ("ok",)) if comparable else [], _mean, _NOT_NEGATIVE)
    return row


def _named(name: str) -> Any:
    return next(one for one in LEADERBOARD_FIELDS if one.name == name)


def _add_stability(row: dict[str, Any], entry: Entry) -> None:
    counted = entry.count(*COUNTED)
    if counted:
        failed = entry.count(*INSTABILITIES)
        _put(row, "failure_rate", range(counted), lambda _: _proportion(failed, counted))
    ends, noises = entry.values("distance_end"), entry.values("evaluation_noise")
    noise = math.sqrt(math.fsum(one**2 for one in noises) / len(noises)) if noises else 0.0
    row["evaluation_noise"] = noise if noises else None
    row["seed_dispersion"] = seed_dispersion(ends, noise) if all(end > 0 for end in ends) else None
    _put(row, "late_degradation", entry.values("late_degradation"), _mean)
    _put(row, "oscillation", entry.values("oscillation"), _mean, _NOT_NEGATIVE)
    utilities = entry.values("utility_end", COUNTED)
    if len(utilities) == counted:
        _put(row, "utility", utilities, _mean, _SHARE)
    _add_retained_utility(row, entry, utilities, counted)


def _add_retained_utility(
    row: dict[str, Any], entry: Entry, utilities: Sequence[float], counted: int
) -> None:
    best = max(entry.values("utility_best", COUNTED), default=0.0)
    if not counted:
        row["retained_utility_missing"] = "no run has ended by itself"
    elif len(utilities) < counted:
        row["retained_utility_missing"] = "no distance with a floor and a cap"
    elif best == 0:
        row["retained_utility_missing"] = "never trained"
    else:
        runs = [run for run in entry.runs if run["status"] in COUNTED]
        judged = next(run for run in runs if run["utility_best"] is not None)
        # A run's utility depends on two points of its curve alone: its best and its end.
        curves = [(run["distance_best"], run["distance_end"]) for run in runs]
        retained = retained_utility(curves, judged["distance_cap"], judged["distance_floor"])
        spread = mean_interval([value / best for value in utilities])
        interval = Interval(retained or 0.0, spread.low, spread.high)
        _put(row, "retained_utility", utilities, lambda _: interval, _SHARE)


def _add_scores(rows: list[dict[str, Any]], found: list[Entry], runs: Runs) -> None:
    """Distances: geometric mean where all of a part's values are positive; else the mean."""
    by_part: dict[tuple[Any, ...], list[tuple[dict[str, Any], Entry]]] = {}
    for row, entry in zip(rows, found, strict=True):
        by_part.setdefault(entry.part, []).append((row, entry))
    for members in by_part.values():
        setting = members[0][1]["setting"]
        for key in runs.score_keys:
            if (column := runs.scores.get((setting, key))) is None:
                continue
            values = [entry.values(key, ("ok",)) for _, entry in members]
            positive = all(value > 0 for one in values for value in one)
            geometric = column["panel"] == "distance" and positive
            mean: Mean = _geometric_mean if geometric else _mean
            bounds = _bounds(column)
            for (row, _), one in zip(members, values, strict=True):
                _put(row, key, one, mean, bounds, separator=":")
        described = {key: one for (where, key), one in runs.scores.items() if where == setting}
        for row, _ in members:
            row["uninterpretable"] = _uninterpretable(row, described)


def _bounds(column: Column) -> tuple[float, float]:
    low, high = column["lowest"], column["highest"]
    return -math.inf if low is None else low, math.inf if high is None else high


def _uninterpretable(row: dict[str, Any], columns: dict[str, Column]) -> str | None:
    """Scores that are raised by what is not data, where the score that tells is below half of what
    real samples have."""
    silent = []
    for key, column in columns.items():
        witness, value = columns.get(column["read_with"]), row.get(column["read_with"])
        own = witness and witness["null"]
        if own is not None and value is not None and value < own / 2 and key in row:
            silent.append(key)
    return " ".join(sorted(silent)) or None


def _put(
    row: dict[str, Any],
    name: str,
    values: Sequence[float],
    mean: Mean,
    bounds: tuple[float, float] = (-math.inf, math.inf),
    separator: str = "_",
) -> None:
    """An estimate, its limits and its n into four columns; one value alone has no limits."""
    row[f"{name}{separator}n"] = len(values)
    if not values:
        return
    interval = mean(tuple(values))
    row[name] = interval.estimate
    if math.isfinite(interval.high):
        row[f"{name}{separator}low"] = max(interval.low, bounds[0])
        row[f"{name}{separator}high"] = min(interval.high, bounds[1])


def _distinct(entry: Entry, column: str) -> str | None:
    """All values that occur, since seeds may have run on several machines."""
    values = sorted({str(value) for value in entry.values(column)})
    return "; ".join(values) or None
