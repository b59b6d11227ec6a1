"""Samples over training: the frames of runs, as many as a page can carry.

The rule: the frames of all variants' first seed, then of the second, and so on, as long as all
frames of a seed fit; if not even the first one does, every second evaluation of it, every third,
and so on. The last evaluation is always among them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ganbench.api.errors import UsageError
from ganbench.reporting.media import PICTURES, Shown, show
from ganbench.results.media import frame_files
from ganbench.statistics.groups import grouped
from ganbench.wording import percent

if TYPE_CHECKING:
    from pathlib import Path

    from ganbench.results.record import Record
    from ganbench.results.store import RunStore
    from ganbench.tables.panels import Line

MOST_BYTES = 2_400_000
"""Of all frames of a page; written as base64 they take a third more."""


@dataclass(frozen=True, slots=True)
class Strip:
    """The frames of one run: of each shown mark its files, none where there is no frame."""

    variant: str
    seed: int
    status: str
    frames: Sequence[Sequence[Shown]]
    last: int
    """Index of the last mark that has a frame."""


@dataclass(frozen=True, slots=True)
class Reel:
    """The strips of one task, beside each other at the same marks of the budget.

    Args:
        section: task and setting.
        task: for filters.
        marks: such as ``40 %``.
        strips: of every variant, by seed.
    """

    section: str
    task: str
    marks: Sequence[str]
    strips: Sequence[Strip]

    @property
    def wide(self) -> bool:
        """Whether there is something to read or to play, which takes more room than pictures."""
        shown = (one for strip in self.strips for frame in strip.frames for one in frame)
        return any(one.suffix not in PICTURES for one in shown)


@dataclass(frozen=True, slots=True)
class Samples:
    """All reels, and what was left out of them, as sentences."""

    reels: Sequence[Reel]
    notes: Sequence[str]


@dataclass(frozen=True, slots=True)
class _Frames:
    """The frames of one run by the number of their evaluation; of each evaluation, done or not, how
    much of the budget it is at."""

    line: Line
    run: Mapping[str, Any]
    files: Mapping[int, Sequence[Path]]
    fractions: Sequence[float]

    def shown(self, every: int) -> list[int]:
        """Counted back from the last evaluation of a whole run, so that all runs show the same."""
        return [i for i in self.files if (len(self.fractions) - 1 - i) % every == 0]


def choose_samples(
    lines: Sequence[Line],
    records: Mapping[str, Record],
    store: RunStore,
    most_bytes: int,
) -> Samples:
    """Read the frames of these runs, as many as `most_bytes` allow."""
    known = [
        frames
        for line in lines
        for run in line.entry.runs
        if (frames := _frames(line, run, store, _fractions(line, records))).files
    ]
    if not known:
        return Samples((), ("These runs have no samples to show.",))
    places = grouped(known, lambda frames: (frames.line.section, frames.line.label))
    rounds = max(map(len, places.values()))
    every, chosen = 1, [own[0] for own in places.values()]
    while _size(chosen, every) > most_bytes and every < 1000:
        every += 1
    count = 1
    while every == 1 and count < rounds:
        more = [one for own in places.values() for one in own[: count + 1]]
        if _size(more, 1) > most_bytes:
            break
        chosen, count = more, count + 1
    notes = []
    if count < rounds:
        notes.append(
            f"The first {'seed' if count == 1 else f'{count} seeds'} of each variant and task; "
            "samples of the others would make the page too large and lie in the runs' folders."
        )
    if every > 1:
        notes.append(f"Of the evaluations one in {every} is shown, the last one included.")
    return Samples(_reels(chosen, every), notes)


def _frames(line: Line, run: Mapping[str, Any], store: RunStore, fractions: list[float]) -> _Frames:
    try:
        found = frame_files(store.folder(run["run_id"]))
    except UsageError:  # an id that is no folder's name
        found = {}
    known = {index: files for index, files in found.items() if index < len(fractions)}
    return _Frames(line, run, known, fractions)


def _fractions(line: Line, records: Mapping[str, Record]) -> list[float]:
    """Of the budget at each evaluation: a run with few steps has fewer than it was asked for."""
    known = [records[run["run_id"]] for run in line.entry.runs if run["run_id"] in records]
    longest = max((record["points"] for record in known), key=len, default=[])
    found = [point["fraction"] for point in longest]
    if found and found[-1] == 1:
        return found
    count = int(line.row["evaluations"])
    return [(index + 1) / count for index in range(count)]


def _size(chosen: Sequence[_Frames], every: int) -> int:
    files = [path for one in chosen for i in one.shown(every) for path in one.files[i]]
    return sum(map(_bytes, files))


def _bytes(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:  # its run may be starting over
        return 0


def _reels(chosen: Sequence[_Frames], every: int) -> list[Reel]:
    reels = []
    for section, own in grouped(chosen, lambda frames: frames.line.section).items():
        indices = sorted({index for one in own for index in one.shown(every)})
        if not indices:
            continue
        longest = max(own, key=lambda one: len(one.fractions))
        marks = [percent(longest.fractions[index]) for index in indices]
        strips = [_strip(one, indices) for one in own]
        reels.append(Reel(section, own[0].line.row["task"], marks, strips))
    return reels


def _strip(known: _Frames, indices: Sequence[int]) -> Strip:
    frames = [list(filter(None, map(show, known.files.get(index, ())))) for index in indices]
    last = max((place for place, frame in enumerate(frames) if frame), default=0)
    run = known.run
    return Strip(known.line.label, int(run["seed"]), str(run["status"]), frames, last)
