"""Joining the runs of several machines or labs by run id.

A run id stands for everything that determines a result, so two runs of one id are the same
experiment done twice. Equal results count once; different ones are a conflict, which is reported,
and neither is taken unless a source is preferred.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from ganbench.results.fields import ENVIRONMENT, RUN_FIELDS, RunRow
from ganbench.results.frame import Runs, plain_rows, typed_frame
from ganbench.results.quality import scaled
from ganbench.results.record import COUNTED, INSTABILITIES, Column
from ganbench.results.sources import add_sources
from ganbench.tables.coverage import Coverage
from ganbench.wording import counted

TOLERANCE: Final = 1e-6
"""Relative difference of scores that counts as equal, as in `ganbench verify`."""

_FIXED: Final = tuple(one.name for one in RUN_FIELDS)
_COMPARED: Final = (
    "primary",
    "distance_end",
    "distance_best",
    "distance_floor",
    "distance_cap",
    "distance_trivial",
    "utility_end",
    "utility_best",
    "flops",
    "images",
    "steps",
    "parameters",
    "generator_parameters",
    "discriminator_parameters",
    "coupled",
    "failed_at_step",
)
"""What the same experiment gives again, beside its scores. Noise and rises of distances are left
out: they are differences of nearly equal numbers, in which rounding shows."""

_SLACK: Final = {"utility_end": 1e-5, "utility_best": 1e-5}
"""Absolute difference that counts as equal: near 0 a utility moves by more than its part of a
rounding of the distance."""


@dataclass(frozen=True, slots=True)
class Contribution:
    """What a folder brings to a merge.

    Args:
        name: as typed.
        runs: what is in it.
        coverage: what the ranks of a published leaderboard needed, else None.
    """

    name: str
    runs: Runs
    coverage: Coverage | None = None


@dataclass(frozen=True, slots=True)
class Conflict:
    """A run that two sources tell differently.

    Args:
        run_id: of the run.
        column: in which they differ, the first of them.
        told: (source, value, environment) of each.
        taken: the source that was preferred, if any.
    """

    run_id: str
    column: str
    told: tuple[tuple[str, Any, str], ...]
    taken: str | None

    def __str__(self) -> str:
        told = " and ".join(f"{value} in {name} ({where})" for name, value, where in self.told)
        end = f"that of {self.taken} is taken" if self.taken else "left out"
        return f"{self.run_id}: {self.column} is {told}: {end}"


@dataclass(slots=True)
class Merged:
    """What came of it.

    Args:
        runs: of the newest protocol, every id once.
        conflicts: runs told differently.
        twice: runs that several sources have with equal results.
        remarks: what else was left out or looks odd.
    """

    runs: Runs
    conflicts: list[Conflict] = field(default_factory=list)
    twice: int = 0
    remarks: list[str] = field(default_factory=list)


def merge(
    sources: Sequence[Contribution], prefer: str | None = None, *, newest: bool = False
) -> Merged:
    """Join runs by id, those of the newest protocol only.

    Args:
        sources: of one suite.
        prefer: name of the source whose results are taken where several differ.
        newest: of a variant on a task, keep only the runs of the code that was run last.
    """
    protocols = {int(one) for source in sources for one in source.runs.frame["protocol"]}
    told: dict[str, list[tuple[str, RunRow]]] = {}
    old: dict[str, int] = {}
    for source in sources:
        for row in plain_rows(source.runs.frame):
            if row["protocol"] == max(protocols):
                told.setdefault(row["run_id"], []).append((source.name, row))
            else:
                old[source.name] = old.get(source.name, 0) + 1
    merged = Merged(_joined(sources, []))
    merged.remarks += [
        f"{counted(count, 'run')} in {name} left out: protocol below {max(protocols)}"
        for name, count in old.items()
    ]
    settled = [_settle(run_id, told[run_id], prefer, merged) for run_id in sorted(told)]
    rows = [row for row in settled if row is not None]
    if newest:
        rows, older = _newest(rows)
        merged.remarks += older
    merged.runs = _joined(sources, rows)
    merged.remarks += _oddities(sources, rows)
    return merged


def _settle(
    run_id: str, told: list[tuple[str, RunRow]], prefer: str | None, merged: Merged
) -> RunRow | None:
    """The row of a run that several sources tell; None for a conflict that nobody decides.

    What ended by itself is preferred to an accident of a machine (a timeout, a kill); of equal
    results the first to be finished is taken, whatever the order of the sources.
    """
    ended = [one for one in told if one[1]["status"] in COUNTED] or told
    ended = sorted(ended, key=lambda one: (one[1]["finished"] or "", one[0]))
    first = ended[0]
    for other in ended[1:]:
        column = _difference(first[1], other[1])
        if column is None:
            continue
        taken = next((row for name, row in ended if name == prefer), None)
        views = tuple((name, row.get(column), _environment(row)) for name, row in (first, other))
        merged.conflicts.append(Conflict(run_id, column, views, prefer if taken else None))
        return taken
    merged.twice += len(told) > 1
    return first[1]


def _newest(rows: Sequence[RunRow]) -> tuple[list[RunRow], list[str]]:
    """The runs of each variant on a task of the code and recipe that was run last.

    Returns:
        These, and what was left out.
    """
    last: dict[tuple[Any, ...], tuple[str, tuple[Any, ...]]] = {}
    for row in rows:
        when = (row["finished"] or "", _code(row))
        last[_place(row)] = max(last.get(_place(row), when), when)
    kept = [row for row in rows if last[_place(row)][1] == _code(row)]
    left_out: dict[str, list[str]] = {}
    for row in rows:
        if last[_place(row)][1] != _code(row):
            left_out.setdefault(row["task"], []).append(row["variant"])
    return kept, [
        f"{counted(len(old), 'run')} of {counted(len(set(old)), 'variant')} on {task} left out: "
        "of older code or parameters"
        for task, old in left_out.items()
    ]


def _place(row: RunRow) -> tuple[Any, ...]:
    return row["setting"], row["variant"]


def _code(row: RunRow) -> tuple[Any, ...]:
    """What tells rows of one name apart in a table."""
    return tuple(row[name] or "" for name in ("code", "variant_parameters"))


def _difference(one: RunRow, other: RunRow) -> str | None:
    """The first column in which two results differ; times and machines may."""
    if one["status"] != other["status"]:
        return "status"
    if one["status"] not in COUNTED:
        return None
    keys = sorted(({*one, *other} - set(_FIXED)) | set(_COMPARED))
    for key in ("distance_end", *keys):
        if not _agree(one.get(key), other.get(key), _SLACK.get(key, 1e-12)):
            return key
    return None


def _agree(one: Any, other: Any, slack: float) -> bool:
    if one is None or other is None or isinstance(one, str):
        return bool(one == other)
    return math.isclose(one, other, rel_tol=TOLERANCE, abs_tol=slack)


def _environment(row: RunRow) -> str:
    known = {one.name: row[one.name] for one in ENVIRONMENT}
    shown = ("device_name", "torch", "ganbench", "commit")
    parts = [f"{name} {known[name]}" for name in shown[1:] if known[name]]
    return ", ".join([str(known["device_name"] or "unknown device"), *parts])


def _joined(sources: Sequence[Contribution], rows: Iterable[RunRow]) -> Runs:
    """Rows with all that any source knows about them."""
    rows = list(rows)
    joined = Runs(typed_frame([], []))
    for source in reversed(sources):  # so that the first source has the last word
        joined.scores.update(source.runs.scores)
        joined.pins.update(source.runs.pins)
        joined.specs.update(source.runs.specs)
        add_sources(joined.sources, source.runs.sources)
    columns = joined.scores
    rows = [_on_scale(row, columns.get((row["setting"], row["primary"]))) for row in rows]
    keys = sorted({key for source in sources for key in source.runs.score_keys})
    used = [key for key in keys if any(row.get(key) is not None for row in rows)]
    settings = {row["setting"] for row in rows}
    declared = {key for setting, key in joined.scores if setting in settings}
    return replace(joined, frame=typed_frame(rows, sorted({*used, *declared})))


def _on_scale(row: RunRow, column: Column | None) -> RunRow:
    """The row with the floor, cap and utilities of its setting here.

    Another machine has rounded its floor otherwise, and one setting has one scale.
    """
    if column is None:
        return row
    here = scaled(column, row["distance_end"], row["distance_best"])
    if all(_agree(row[name], here[name], 0.0) for name in here if name.startswith("distance_")):
        return row
    unstable = {"utility_end": 0.0} if row["status"] in INSTABILITIES else {}
    return {**row, **here, **unstable}


def _oddities(sources: Sequence[Contribution], rows: Sequence[RunRow]) -> list[str]:
    devices = sorted({row["timed_on"] for row in rows if row["timed_on"]})
    remarks = []
    if len(devices) > 1:
        remarks.append(f"runs under time budgets are of several devices: {', '.join(devices)}")
    defined: dict[tuple[str, str], Any] = {}
    for source in sources:
        for place, column in source.runs.scores.items():
            if _same_column(defined.setdefault(place, column), column):
                continue
            remarks.append(
                f"{source.name} describes {place[1]} differently: the first source's description "
                "and scale are used for all runs"
            )
    return remarks


def _same_column(one: Any, other: Any) -> bool:
    return one.keys() == other.keys() and all(
        _same_value(value, other[key]) for key, value in one.items()
    )


def _same_value(one: Any, other: Any) -> bool:
    """Machines round otherwise."""
    if isinstance(one, dict) and isinstance(other, dict):
        return _same_column(one, other)
    if isinstance(one, float) and isinstance(other, float):
        return math.isclose(one, other, rel_tol=TOLERANCE)
    return bool(one == other)
