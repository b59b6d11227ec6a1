"""Runs from wherever they are: a runs folder or a published leaderboard."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from ganbench.api.errors import NothingSelected, did_you_mean
from ganbench.publishing.manifest import MANIFEST_FILE, RUNS_FILE
from ganbench.publishing.membership import under_suite
from ganbench.publishing.reading import read_published
from ganbench.results.frame import Runs, collect, plain_rows
from ganbench.results.mirrors import open_runs, runs_folder
from ganbench.results.record import Record
from ganbench.tables.coverage import Coverage
from ganbench.wording import on_runs, typed


def is_published(folder: Path) -> bool:
    """Whether a folder holds a published leaderboard, rather than runs."""
    files = (folder / MANIFEST_FILE, folder / RUNS_FILE)
    return any(map(os.path.exists, files))  # Path.exists raises where one may not look


def leaderboards_in(folder: Path | str) -> list[Path]:
    """The published leaderboards of a folder of such, which itself is none."""
    return sorted(filter(is_published, runs_folder(folder).iterdir()))


@dataclass(frozen=True, slots=True)
class Loaded:
    """What there is to tell of a folder.

    Args:
        runs: unfinished ones included.
        coverage: what the ranks of a published leaderboard needed; None: all that occurs.
        warnings: a line for each file that could not be used.
        records: of the runs of a runs folder that have ended, by run id.
    """

    runs: Runs
    coverage: Coverage | None = None
    warnings: list[str] = field(default_factory=list)
    records: Mapping[str, Record] = field(default_factory=dict)


def load_runs(folder: Path | str) -> Loaded:
    """The runs of a runs folder or of a published leaderboard.

    Raises:
        UsageError: there is no such folder, or it cannot be read.
        InvalidResults: a published file is not what it claims to be.
    """
    folder = runs_folder(folder)
    if is_published(folder):
        return Loaded(*read_published(folder))
    contents = open_runs(folder).read_all()
    runs = collect(contents.records, contents.unfinished)
    records = {record["run_id"]: record for record in contents.records}
    return Loaded(runs, None, contents.warnings, records)


def load_selected(
    folder: Path | str,
    *,
    suite: str | None = None,
    tasks: Sequence[str] = (),
    variants: Sequence[str] = (),
) -> Loaded:
    """Some of the runs of a folder.

    Args:
        folder: a runs folder, or the folder of a published leaderboard.
        suite: name or file; with it what the suite takes over from others, see `under_suite`.
        tasks, variants: only these; none: all.

    Raises:
        NothingSelected: no run is left.
        UsageError, InvalidResults: as `load_runs`, and as `under_suite`.
    """
    loaded = load_runs(folder)
    if loaded.runs.frame.empty:
        raise NothingSelected(f"there is no run in {folder}", _where_else(folder))
    if suite is not None:
        of_suite = under_suite(loaded.runs, suite)
        if of_suite.frame.empty:
            hint = did_you_mean(suite, set(loaded.runs.frame["suite"]))
            raise NothingSelected(f"no run in {folder} is of suite {suite!r}", hint)
        loaded = replace(loaded, runs=of_suite)
    wanted = {"task": tasks, "variant": variants}
    runs = loaded.runs.only(**{column: values for column, values in wanted.items() if values})
    unknown = [
        (f"no run in {folder} is of {column} {value!r}", did_you_mean(value, known))
        for column, values in wanted.items()
        for value in values
        if value not in (known := set(loaded.runs.frame[column]))
    ]
    if runs.frame.empty:
        at_once = f"no run in {folder} is all of this at once", f"{_listing(folder)} lists them"
        raise NothingSelected(*(unknown or [at_once])[0])
    if variants:
        others = {column: values for column, values in wanted.items() if column != "variant"}
        beside = loaded.runs.only(**{column: one for column, one in others.items() if one})
        shown = set(runs.frame["variant"])
        hidden = [row for row in plain_rows(beside.frame) if row["variant"] not in shown]
        runs = replace(runs, hidden=hidden)
    # Whoever looks at some tasks ranks on these.
    coverage = None if tasks else loaded.coverage
    warnings = [*loaded.warnings, *("; ".join(filter(None, lines)) for lines in unknown)]
    return replace(loaded, runs=runs, coverage=coverage, warnings=warnings)


def _where_else(folder: Path | str) -> str:
    """Where there may be runs, if not in this folder."""
    if published := leaderboards_in(folder):
        return f"there are leaderboards in it: --runs {published[0]}"
    return f"fill it with {typed('run', '--all', *on_runs(folder))}"


def _listing(folder: Path | str) -> str:
    """What lists the runs of a folder."""
    if is_published(Path(folder)):
        return str(Path(folder) / RUNS_FILE)
    return typed("status", *on_runs(folder))
