"""Runs from wherever they are: a runs folder or a published leaderboard."""

from __future__ import annotations

from pathlib import Path

from ganbench.publishing.manifest import MANIFEST_FILE, RUNS_FILE
from ganbench.publishing.reading import read_published
from ganbench.results.frame import Runs, collect
from ganbench.results.store import RunStore
from ganbench.tables.standing import Coverage


def is_published(folder: Path) -> bool:
    """Whether a folder holds a published leaderboard, rather than runs."""
    return (folder / MANIFEST_FILE).exists() or (folder / RUNS_FILE).exists()


def load_runs(folder: Path | str) -> tuple[Runs, Coverage | None, list[str]]:
    """The runs of a runs folder, unfinished ones included, or of a published leaderboard.

    Returns:
        The runs; of a published leaderboard what its ranks needed, else None; and warnings.

    Raises:
        UsageError: there is no such folder, or it cannot be read.
        InvalidResults: a published file is not what it claims to be.
    """
    folder = Path(folder)
    if is_published(folder):
        runs, coverage = read_published(folder)
        return runs, coverage, []
    contents = RunStore(folder).read_all()
    return collect(contents.records, contents.unfinished), None, contents.warnings
