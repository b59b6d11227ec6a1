"""Pictures that scores have drawn of each variant's first seed, as many as a page can carry."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ganbench.api.errors import UsageError
from ganbench.reporting.media import Shown, show
from ganbench.results.media import drawings
from ganbench.statistics.groups import grouped

if TYPE_CHECKING:
    from pathlib import Path

    from ganbench.results.store import RunStore
    from ganbench.tables.panels import Line

MOST_BYTES = 1_000_000
"""Of all of them on a page; written as base64 they take a third more."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """The pictures of one run, each with its name."""

    variant: str
    seed: int
    status: str
    pictures: Sequence[tuple[str, Shown]]


@dataclass(frozen=True, slots=True)
class Gallery:
    """The pictures of one task and setting."""

    section: str
    task: str
    runs: Sequence[Drawn]


def galleries(lines: Sequence[Line], store: RunStore, most_bytes: int) -> tuple[list[Gallery], str]:
    """The pictures, section by section, and what was left out, as a sentence.

    Args:
        lines: in the order of the page; of each the first run that has pictures is shown.
        store: where the runs' folders are.
        most_bytes: of all of them.
    """
    left, missing = most_bytes, 0
    found = []
    for section, own in grouped(lines, lambda line: line.section).items():
        runs = []
        for line in own:
            paths = _first(line, store)
            size = sum(path.stat().st_size for _, each in paths for path in each)
            if size > left:
                missing += 1
                continue
            left -= size
            runs += [_drawn(line, run, each) for run, each in paths]
        if runs:
            found.append(Gallery(section, own[0].row["task"], runs))
    note = (
        f"Those of {missing} more would make the page too large and lie in the runs' folders."
        if missing
        else ""
    )
    return found, note


def _first(line: Line, store: RunStore) -> list[tuple[int, list[Path]]]:
    """Place of the first run that has pictures, with their files; empty where none has."""
    for place, run in enumerate(line.entry.runs):
        try:
            files = drawings(store.folder(run["run_id"]))
        except UsageError:  # an id that is no folder's name
            files = []
        if files:
            return [(place, files)]
    return []


def _drawn(line: Line, place: int, files: Sequence[Path]) -> Drawn:
    run = line.entry.runs[place]
    pictures = [(path.stem, shown) for path in files if (shown := show(path)) is not None]
    return Drawn(line.label, int(run["seed"]), str(run["status"]), pictures)
