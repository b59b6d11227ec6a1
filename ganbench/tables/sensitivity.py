"""What a wrong learning rate costs (score S5): one row for the same variant at several of them."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from statistics import fmean
from typing import TYPE_CHECKING, Any

from ganbench.api.errors import UsageError
from ganbench.planning.references import parse_reference, written
from ganbench.planning.variants import LR_SCALE
from ganbench.results.fields import STATUSES
from ganbench.results.record import COUNTED
from ganbench.statistics.intervals import SEEDS_FOR_AN_ORDER
from ganbench.statistics.stability import (
    LEARNING_RATE_GRID,
    NEAR_BEST,
    LearningRateSensitivity,
    learning_rate_sensitivity,
)
from ganbench.tables.forms.table import Cell, Heading, Row, Table
from ganbench.tables.labels import variant_labels
from ganbench.tables.panels import FEW_NOTE
from ganbench.tables.progress import progress
from ganbench.tables.standing import NEVER_TRAINED

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ganbench.tables.panels import Line

NAME = "lr_sensitivity"


@dataclass(frozen=True, slots=True)
class Tuned:
    """One variant on one task, whatever its learning rates: multiplier -> its runs."""

    label: str
    section: str
    lines: dict[float, Line]

    @property
    def utilities(self) -> dict[float, float]:
        """Mean progress at the end, by multiplier of the protocol, where there is any."""
        return {scale: mean for scale in LEARNING_RATE_GRID if (mean := self.at(scale)) is not None}

    def at(self, scale: float) -> float | None:
        """Mean progress at the end with that multiplier."""
        ways = progress(self.lines[scale].entry) if scale in self.lines else []
        return fmean(end for _, end in ways) if ways else None

    @property
    def missing(self) -> str:
        """Why there is no S5; empty where there is."""
        absent = [scale for scale in LEARNING_RATE_GRID if scale not in self.lines]
        if absent:
            return f"not run at {_times(absent)}"
        lost = [scale for scale in LEARNING_RATE_GRID if scale not in self.utilities]
        if any(self.lines[scale].entry.count(*COUNTED) for scale in lost):
            return "no distance with a floor and a cap"
        if lost:
            return f"no run at {_times(lost)} has ended by itself"
        return "" if any(self.utilities.values()) else NEVER_TRAINED

    @property
    def score(self) -> LearningRateSensitivity | None:
        """S5, of the protocol's multipliers alone."""
        return None if self.missing else learning_rate_sensitivity(self.utilities)

    @property
    def best(self) -> float:
        """The best multiple; of equals the one nearest to the recipe's own learning rates."""
        known = self.utilities
        return max(known, key=lambda scale: (known[scale], -abs(math.log(scale))))


def sensitivity(lines: Sequence[Line], title: str) -> list[Table]:
    """Final utility at each multiple of the recipe's learning rates, and what that amounts to.

    Args:
        lines: of one edition.
        title: of the table.

    Returns:
        No table where no variant was run at two multiples.
    """
    found = [one for one in _tuned(lines) if len(one.lines) > 1]
    if not found:
        return []
    scales = sorted({scale for one in found for scale in one.lines})
    headings = (
        Heading("variant"),
        Heading("utility lost", "lower", key=f"{NAME}/mean-loss"),
        Heading("width", "higher", "decades", key=f"{NAME}/width"),
        Heading("best at", key=f"{NAME}/best"),
        *(
            Heading(_times([scale]), "higher", key=f"utility/{LR_SCALE}={written(scale)}")
            for scale in scales
        ),
        Heading("seeds"),
        Heading("why no score"),
    )
    rows = tuple(
        Row(one.section, _cells(one, scales), "ranked" if _is_complete(one) else "below")
        for section in dict.fromkeys(one.section for one in found)
        for one in sorted((one for one in found if one.section == section), key=_place)
    )
    return [Table("sensitivity", title, headings, rows, _notes(found), 1)]


def _tuned(lines: Iterable[Line]) -> list[Tuned]:
    """The lines grouped by all that is the same but for the learning rates."""
    scaled = [(line, scale) for line in lines if (scale := _scale(line.row.facts)) is not None]
    labels = variant_labels(_untuned(line.row.facts) for line, _ in scaled)
    found: dict[tuple[str, str], Tuned] = {}
    for (line, scale), label in zip(scaled, labels, strict=True):
        one = found.setdefault((line.section, label), Tuned(label, line.section, {}))
        one.lines[scale] = line
    return list(found.values())


def _scale(row: dict[str, Any]) -> float | None:
    """The multiplier; a plugin may have given the name to something else."""
    scale = json.loads(row["variant_parameters"]).get(LR_SCALE)
    is_number = isinstance(scale, int | float) and not isinstance(scale, bool)
    return float(scale) if is_number and scale > 0 else None


def _untuned(row: dict[str, Any]) -> dict[str, Any]:
    """The row under the name and parameters that the variant has without its multiplier."""
    parameters = json.loads(row["variant_parameters"])
    del parameters[LR_SCALE]
    name = row["variant"]
    try:
        settings = dict(parse_reference(name).settings)
    except UsageError:  # a parameter with brackets in it: the name stays as it is
        settings = {}
    if settings.pop(LR_SCALE, None) is not None:
        inner = ",".join(f"{key}={value}" for key, value in settings.items())
        name = name.partition("[")[0] + (f"[{inner}]" if inner else "")
    return {**row, "variant": name, "variant_parameters": json.dumps(parameters, sort_keys=True)}


def _cells(one: Tuned, scales: Sequence[float]) -> tuple[Cell, ...]:
    score, seeds = one.score, _seeds(one)
    few, many = min(seeds), max(seeds)
    return (
        Cell(one.label),
        Cell(None if score is None else score.mean_loss),
        Cell(None if score is None else score.width),
        Cell() if score is None else Cell(one.best, text=_times([one.best])),
        *(Cell(one.at(scale)) for scale in scales),
        Cell(few, text=str(few) if few == many else f"{few}–{many}"),
        Cell(one.missing),
    )


def _seeds(one: Tuned) -> list[int]:
    """How many runs count, at each multiplier."""
    return [line.entry.count(*COUNTED) for line in one.lines.values()]


def _is_complete(one: Tuned) -> bool:
    lines = one.lines.values()
    return one.missing in ("", NEVER_TRAINED) and all(not line.row["incomplete"] for line in lines)


def _place(one: Tuned) -> tuple[bool, float, str]:
    """The complete first, the least sensitive first; who never trained has no place to lose."""
    score = one.score
    return not _is_complete(one), math.inf if score is None else score.mean_loss, one.label


def _notes(found: Sequence[Tuned]) -> tuple[str, ...]:
    grid = ", ".join(map(written, LEARNING_RATE_GRID))
    notes = [
        f"utility lost: against the best, mean over learning rates times {grid}; "
        f"width: of the range that keeps {NEAR_BEST:g} of the best",
        "x1/9 and so on: mean utility at the end with both learning rates multiplied; unstable "
        "runs count 0",
    ]
    scored = [one for one in found if one.score is not None]
    if any(one.best in (LEARNING_RATE_GRID[0], LEARNING_RATE_GRID[-1]) for one in scored):
        notes.append(
            "best at an end of the grid: beyond it may be better still, and the range wider"
        )
    entries = [line.entry for one in found for line in one.lines.values()]
    counts = {status: sum(entry.count(status) for entry in entries) for status in STATUSES}
    lost = [f"{n} {word}" for word, n in counts.items() if n and word not in COUNTED]
    if lost:
        notes.append(f"left out, because it says nothing about the variant: {', '.join(lost)}")
    if not all(_is_complete(one) for one in found):
        notes.append("below the line: not all multiples and seeds have a result")
    if min(min(_seeds(one)) for one in found) < SEEDS_FOR_AN_ORDER:
        notes.append(FEW_NOTE)
    return tuple(notes)


def _times(scales: Iterable[float]) -> str:
    return ", ".join(f"x{written(scale)}" for scale in scales)
