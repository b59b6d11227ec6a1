"""Whether a published run can be true: identity, ending, scores, budget and times."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from operator import itemgetter
from typing import Final

from ganbench.api.version import API_VERSION, PROTOCOL_VERSION, SCHEMA_VERSION
from ganbench.planning.runspec import run_id_of
from ganbench.publishing.findings import Problem
from ganbench.publishing.validation.columns import takes_ranks
from ganbench.publishing.validation.endings import ending
from ganbench.results.fields import RunRow
from ganbench.results.frame import Runs, spec_row
from ganbench.results.identity import code_of
from ganbench.results.record import Pin
from ganbench.statistics.groups import grouped
from ganbench.tables.coverage import Coverage

_NOT_NEGATIVE: Final = (
    "flops",
    "seconds",
    "images",
    "steps",
    "flops_per_step",
    "seconds_per_step",
    "parameters",
    "generator_parameters",
    "discriminator_parameters",
    "peak_memory_bytes",
    "setup_seconds",
    "evaluation_seconds",
    "wall_seconds",
    "failed_at_step",
    "evaluation_noise",
    "distance_floor",
    "distance_cap",
    "distance_trivial",
    "oscillation",
)
_POSITIVE: Final = ("fakes", "evaluations", "threads", "memory_limit_bytes")
_ONCE: Final = (
    (("run_id",), "the run {run_id}"),
    (
        ("setting", "timed_on", "variant", "variant_parameters", "code", "seed"),
        "seed {seed} of {variant} on {task}",  # else the best attempt could count several times
    ),
)
"""Columns that no two runs share, and what they stand for."""

_CODE: Final = itemgetter("setting", "code")
"""Of a row: what decides which score is the primary one."""

_ROUNDING: Final = 1e-9
_FIRST_DAY: Final = "2020-01-01T00:00:00Z"


class RunCheck:
    """Looks at one run after the other.

    Args:
        runs: what the manifest knows: scores, pins and specs.
        suite: that the manifest names.
        coverage: its tasks and seeds, of which all runs must be.
        rows: all rows of `runs.csv`, as typed values.
    """

    def __init__(self, runs: Runs, suite: str, coverage: Coverage, rows: Sequence[RunRow]) -> None:
        self._runs, self._suite, self._coverage = runs, suite, coverage
        self._keys = runs.score_keys
        self._occurring = [Counter(map(itemgetter(*columns), rows)) for columns, _ in _ONCE]
        self._primaries = {code: _primary(own) for code, own in grouped(rows, _CODE).items()}
        self._code_problems = {code: _code_problem(code, pins) for code, pins in runs.pins.items()}

    def problems(self, row: RunRow) -> Iterator[Problem]:
        """Everything about one of the rows that cannot be."""
        if row["suite"] != self._suite:
            yield "suite", f"{row['suite']!r}, the manifest says {self._suite!r}"
        for column, covered in (("task", self._coverage.tasks), ("seed", self._coverage.seeds)):
            if row[column] not in covered:
                yield column, f"{row[column]} is none of the {column}s in the manifest"
        yield from self._repeats(row)
        yield from _versions(row)
        yield from self._identity(row)
        yield from _ranges(row)
        yield from self._ending(row)
        yield from self._scores(row)
        yield from _spent(row)
        yield from _dates(row)

    def _repeats(self, row: RunRow) -> Iterator[Problem]:
        for (columns, what), counts in zip(_ONCE, self._occurring, strict=True):
            if (count := counts[itemgetter(*columns)(row)]) > 1:
                yield columns[-1], f"{what.format_map(row)} occurs {count} times"

    def _identity(self, row: RunRow) -> Iterator[Problem]:
        if (problem := self._code_problems[row["code"]]) is not None:
            yield "code", problem
        spec = self._runs.specs.get(row["run_id"])
        if spec is None:
            return
        if (found := run_id_of(spec, row["protocol"])) != row["run_id"]:
            yield "run_id", f"the run's spec has the id {found}"
        of_spec = spec_row({**spec, "suite": row["suite"]}, row["protocol"], [], {})
        for column, value in of_spec.items():
            if row[column] != value:
                yield column, f"{row[column]!r}, the run's spec says {value!r}"

    def _ending(self, row: RunRow) -> Iterator[Problem]:
        primary, usual = row["primary"], self._primaries[_CODE(row)]
        if primary != usual and (primary is not None or row["status"] == "ok"):
            yield "primary", f"{primary or 'empty'}, other runs by this code have {usual}"
        yield from ending(row, self._runs.scores.get((row["setting"], primary)))

    def _scores(self, row: RunRow) -> Iterator[Problem]:
        for key in self._keys:
            value = row[key]
            column = self._runs.scores.get((row["setting"], key))
            if value is None:
                if row["status"] == "ok" and column is not None and takes_ranks(key, column):
                    yield key, "it is empty: a finished run has this score, and its rank needs it"
            elif row["status"] != "ok":
                yield key, f"a run that ended as {row['status']} has no score"
            elif column is None:
                setting = row["setting"]
                yield key, f"the manifest does not say what this score is in setting {setting}"
            else:
                low, high = column["lowest"], column["highest"]
                slack = _ROUNDING * max(1.0, abs(value))
                if low is not None and value < low - slack:
                    yield key, f"{value} is below {low}, the least that this score can be"
                if high is not None and value > high + slack:
                    yield key, f"{value} is above {high}, the most that this score can be"


def _primary(rows: Sequence[RunRow]) -> str | None:
    """The primary score of most of these rows that have one."""
    named = Counter(row["primary"] for row in rows if row["primary"] is not None)
    return max(named, key=lambda key: named[key], default=None)


def _code_problem(code: str, pins: Sequence[Pin]) -> str | None:
    """What is wrong with the plugins that a hash of code stands for, as the manifest tells them."""
    if not pins:
        return f"{code!r} stands for no plugins in the manifest"
    if (found := code_of(pins)) != code:
        return f"the plugins of {code} in the manifest have the hash {found}"
    return None


def _versions(row: RunRow) -> Iterator[Problem]:
    for column, newest in (
        ("protocol", PROTOCOL_VERSION),
        ("schema", SCHEMA_VERSION),
        ("api", API_VERSION),
    ):
        value = row[column]
        if value is not None and not 1 <= value <= newest:
            yield column, f"{value} is not known here: this ganbench knows 1 to {newest}"


def _ranges(row: RunRow) -> Iterator[Problem]:
    for columns, lowest in ((_NOT_NEGATIVE, 0), (_POSITIVE, 1e-300)):
        for column in columns:
            value = row[column]
            if value is not None and value < lowest:
                yield column, f"{value} is {'negative' if value < 0 else 'not above 0'}"
    for column in ("utility_end", "utility_best"):
        value = row[column]
        if value is not None and not 0 <= value <= 1:
            yield column, f"{value} is not in [0, 1]"


def _spent(row: RunRow) -> Iterator[Problem]:
    kind, amount, spent = row["budget_kind"], row["budget_amount"], row.get(row["budget_kind"])
    # Whoever has spent more FLOPs or images, on work that was not counted, has no rank.
    if spent is not None and kind in ("seconds", "steps"):
        # Time is overshot by less than a step, which may be a slow one.
        slack = 0.05 * amount + 10 * (row["seconds_per_step"] or 0) if kind == "seconds" else 0
        if spent > amount + slack and (row["steps"] or 0) > 1:
            yield kind, f"{spent:g} is more than the budget of {amount:g}"
    timed_on = row["device_name"] if kind == "seconds" else None
    if row["timed_on"] != timed_on:
        yield "timed_on", f"{row['timed_on']!r}, not {timed_on!r}"
    wall, used = row["wall_seconds"], (row["seconds"] or 0) + (row["evaluation_seconds"] or 0)
    if row["status"] == "ok" and wall is not None and used > wall + 1:
        yield "wall_seconds", f"{wall:g} s is less than training and evaluation took, {used:g} s"


def _dates(row: RunRow) -> Iterator[Problem]:
    last = (datetime.now(UTC) + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    for column in ("started", "finished"):
        if row[column] is not None and not _FIRST_DAY <= row[column] <= last:
            yield column, f"{row[column]} is before 2020 or still to come"
    if row["started"] and row["finished"] and row["started"] > row["finished"]:
        yield "finished", f"{row['finished']} is before the start, {row['started']}"
