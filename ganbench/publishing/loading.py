"""Runs from wherever they are: a runs folder or a published leaderboard."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ganbench.api.errors import NothingSelected
from ganbench.publishing.manifest import MANIFEST_FILE, RUNS_FILE
from ganbench.publishing.reading import read_published
from ganbench.results.frame import Runs, collect
from ganbench.results.record import Record
from ganbench.results.store import RunStore
from ganbench.tables.standing import Coverage


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a folder tells.

    Args:
        runs: of a runs folder the unfinished ones as well.
        coverage: of a published leaderboard what its ranks needed, else None.
        records: of a runs folder those of the runs that have ended, else none.
        warnings: one line for each file that could not be used.
    """

    runs: Runs
    coverage: Coverage | None = None
    records: list[Record] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def is_published(folder: Path) -> bool:
    """Whether a folder holds a published leaderboard, rather than runs."""
    return (folder / MANIFEST_FILE).exists() or (folder / RUNS_FILE).exists()


def load_runs(folder: Path | str) -> Loaded:
    """The runs of a runs folder or of a published leaderboard.

    Raises:
        UsageError: there is no such folder, or it cannot be read.
        InvalidResults: a published file is not what it claims to be.
    """
    folder = Path(folder)
    if is_published(folder):
        return Loaded(*read_published(folder))
    contents = RunStore(folder).read_all()
    runs = collect(contents.records, contents.unfinished)
    return Loaded(runs, records=contents.records, warnings=contents.warnings)


def load_selected(folder: Path | str, **wanted: Iterable[Any]) -> Loaded:
    """The same, with only those runs that have one of the wanted values in each column.

    Args:
        folder: of runs, or of a published leaderboard.
        wanted: values by column, such as ``task=["ring8"]``; no values mean all.

    Raises:
        NothingSelected: no run is left.
        UsageError, InvalidResults: as `load_runs`.
    """
    loaded = load_runs(folder)
    runs = loaded.runs.only(**{column: values for column, values in wanted.items() if values})
    if runs.frame.empty:
        raise NothingSelected(f"no run in {folder} matches", "`ganbench status` shows them")
    return replace(loaded, runs=runs)
