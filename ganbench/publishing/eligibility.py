"""What keeps a published row from a rank: each reason once, with the runs that it concerns."""

from __future__ import annotations

import itertools
import shlex
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NamedTuple

from ganbench.results.accounts import overspent
from ganbench.results.fields import RunRow
from ganbench.results.frame import Runs, plain_rows
from ganbench.results.identity import VARIANT_CODE
from ganbench.results.record import COUNTED
from ganbench.statistics.groups import grouped
from ganbench.tables.controls import missing_controls
from ganbench.tables.coverage import Coverage
from ganbench.wording import on_runs

HINTS: Final = {
    "code": "package it (`ganbench new --help` shows how) and run it again",
    "protocol": "run these again with this ganbench: `{run}`",
    "device": "run all on one model of device, or set the budgets in FLOPs",
    "budget": "set the budgets in seconds, which pay for whatever a step does, or larger ones if "
    "one step is dearer",
    "control": "its task needs controls in its tables: `{run} CONTROL` runs them",
    "coverage": "`{run}` runs what is missing",
    "accident": "`{run} --retry-failed` runs again what an accident has ended",
}
"""Kind of objection -> what removes it; `run` is the command that makes these variants' runs."""


class Commands(NamedTuple):
    """What people type, without what differs from case to case.

    Args:
        run: makes runs of the suite; variants and flags may follow.
        publish: what was done, or the like; flags may follow.
    """

    run: str
    publish: str

    @classmethod
    def of(cls, suite: str, runs: Path | None = None, out: Path | None = None) -> Commands:
        """Those of a runs folder.

        Args:
            suite: name or file.
            runs, out: folders; None: those that are meant where nothing is said.
        """
        folder = () if runs is None else on_runs(runs)
        into = () if out is None or out == Path("results") else ("--out", str(out))
        named = ("--suite", suite, *folder)
        return cls(
            shlex.join(("ganbench", "run", *named)),
            shlex.join(("ganbench", "publish", *named, *into)),
        )


@dataclass(frozen=True, slots=True)
class Objection:
    """Why some runs may not be ranked.

    Args:
        kind: a key of `HINTS`.
        reason: such as ``protocol 1, ranked under 2``.
        run_ids: of the runs.
        variants: theirs, as one types them.
    """

    kind: str
    reason: str
    run_ids: tuple[str, ...]
    variants: tuple[str, ...]

    @classmethod
    def to(cls, kind: str, reason: str, rows: Sequence[RunRow]) -> Objection:
        """One to these rows."""
        variants = dict.fromkeys(row["variant"] for row in rows)
        return cls(kind, reason, tuple(row["run_id"] for row in rows), tuple(variants))


def ways_out(found: Sequence[Objection], commands: Commands) -> str:
    """What to type so that all of it may be ranked, or so that it is published as it is."""
    kinds = grouped(found, lambda one: one.kind)
    hints = [
        HINTS[kind].format(run=f"{commands.run} {shlex.join(_variants(own))}")
        for kind, own in kinds.items()
    ]
    return "; ".join([*hints, f"or publish it without a rank: `{commands.publish} --unranked`"])


def _variants(found: Iterable[Objection]) -> list[str]:
    return list(dict.fromkeys(name for one in found for name in one.variants))


def objections(runs: Runs, coverage: Coverage | None) -> list[Objection]:
    """Everything that keeps a variant from a rank, in the order in which it is judged.

    Every run is in one objection at most. A variant is complete if, on every task, every seed has
    ended by itself, well or not; runs under an older protocol or on another device do not count.

    Args:
        runs: of one suite.
        coverage: what a rank needs; by default all tasks and seeds that occur.
    """
    rows = plain_rows(runs.frame)
    beyond = list(itertools.compress(rows, _overspent(rows, runs)))
    found: list[Objection] = []
    for kind, judge in (
        ("code", _local),
        ("protocol", _outdated),
        ("device", _elsewhere),
        ("budget", _overspent),
        ("control", _uncontrolled),
    ):
        judged = grouped(zip(judge(rows, runs), rows, strict=True), lambda pair: pair[0] or "")
        rows = [row for _, row in judged.pop("", [])]
        found += [
            Objection.to(kind, reason, [row for _, row in own])
            for reason, own in sorted(judged.items())
        ]
    return found + list(_incomplete(rows, beyond, coverage or Coverage.of(rows)))


def _by_code(row: RunRow) -> tuple[Any, ...]:
    return tuple(row[name] for name in VARIANT_CODE)


def _local(rows: Sequence[RunRow], runs: Runs) -> Iterator[str | None]:
    for row in rows:
        local = [
            f"{pin['kind']} {pin['name']}"
            for pin in runs.pins[row["code"]]
            if not pin["distribution"]
        ]
        yield f"local code that nobody else can run: {', '.join(local)}" if local else None


def _overspent(rows: Sequence[RunRow], runs: Runs) -> Iterator[str | None]:
    for row in rows:
        yield overspent([row], row["budget_kind"], row["budget_amount"])


def _outdated(rows: Sequence[RunRow], runs: Runs) -> Iterator[str | None]:
    newest = max((row["protocol"] for row in rows), default=0)
    for row in rows:
        old = row["protocol"] < newest
        yield f"protocol {row['protocol']}, ranked under {newest}" if old else None


def _elsewhere(rows: Sequence[RunRow], runs: Runs) -> Iterator[str | None]:
    counts = Counter(row["timed_on"] for row in rows if row["timed_on"])
    main = max(counts, key=lambda device: (counts[device], device), default=None)
    for row in rows:
        other = row["timed_on"] not in (None, main)
        yield f"timed on {row['timed_on']}, ranked on {main}" if other else None


def _uncontrolled(rows: Sequence[RunRow], runs: Runs) -> Iterator[str | None]:
    missing = missing_controls(plain_rows(runs.frame), runs.specs)
    for row in rows:
        absent = missing.get(row["task"])
        yield f"{row['task']} has no run of its control {', '.join(absent)}" if absent else None


def _incomplete(
    rows: Sequence[RunRow], beyond: Sequence[RunRow], needed: Coverage
) -> Iterator[Objection]:
    """Objections to rows of variants that lack seeds; those that have gone `beyond` their budget
    are no gap, which a run more would fill."""
    tasks: dict[str, set[str]] = {}  # of a variant by whatever code
    for row in (*rows, *beyond):
        tasks.setdefault(row["variant"], set()).add(row["task"])
    ended = grouped(beyond, _by_code)
    for code, own in grouped(rows, _by_code).items():
        variant = own[0]["variant"]
        if gaps := needed.gaps([*own, *ended.get(code, ())], tasks[variant]):
            accident = any(row["status"] not in COUNTED for row in own)
            kind = "accident" if accident else "coverage"
            yield Objection.to(kind, f"{variant}: {gaps}", own)
