"""What a change to a variant is worth: each variant that is another one with something added.

``vanilla+r1:10`` and ``vanilla[width=256]`` are changes of ``vanilla`` where that was run as well:
the question "which remedy helps, and where" is then a table of changes by tasks.
"""

from __future__ import annotations

import contextlib
import json
import math
from typing import TYPE_CHECKING

from ganbench.api.errors import NothingSelected
from ganbench.planning.variants import LR_SCALE
from ganbench.tables.comparison import DECIDED, Contrast, compare
from ganbench.tables.controls import CONTROL
from ganbench.tables.forms.table import Cell, Heading, Row, Table
from ganbench.tables.panels import FEW_NOTE
from ganbench.tables.stratified import ALPHA

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ganbench.results.frame import Runs
    from ganbench.tables.panels import Line


def changes(lines: Sequence[Line], title: str, runs: Runs) -> list[Table]:
    """Distances over the unchanged variant's, task by task, and which of them are more than chance.

    Args:
        lines: of one edition.
        title: of the table.
        runs: of which they are.

    Returns:
        No table where no variant is another one with something added.
    """
    edition = lines[0].entry.edition
    sections = list(dict.fromkeys(line.section for line in lines))
    rows: list[Row] = []
    decidable = False
    for baseline, changed in _changed(lines).items():
        with contextlib.suppress(NothingSelected):
            own = compare(runs, [baseline, *changed], edition).by_task
            decidable |= any(one.has_the_seeds for one in own)
            rows += _rows(baseline, changed, own, sections)
    if not rows:
        return []
    headings = (
        Heading("variant"),
        Heading("of"),
        *(Heading(section, "lower") for section in sections),
        Heading("better on"),
        Heading("worse on"),
    )
    notes = (
        "distance over the unchanged variant's, of finished runs: below 1 is nearer to the data",
        f"better, worse: p < {ALPHA}, permutation test over seeds, unstable runs being worst (Holm "
        "over all changes of a variant and their tasks)"
        if decidable
        else FEW_NOTE,
    )
    return [Table("changes", title, headings, tuple(rows), notes, 2)]


def _changed(lines: Sequence[Line]) -> Mapping[str, list[str]]:
    """Label of each baseline -> labels of its changes, in the order in which they are printed."""
    labels: dict[str, set[str]] = {}
    parameters: dict[str, set[str]] = {}
    for line in lines:
        own = line.label.removesuffix(f" ({CONTROL})")  # as `compare` calls it
        labels.setdefault(line.row["variant"], set()).add(own)
        parameters[line.row["variant"]] = set(json.loads(line.row["variant_parameters"]))
    known = {variant: min(own) for variant, own in labels.items() if len(own) == 1}
    found: dict[str, list[str]] = {}
    for variant, label in known.items():
        # `dcgan+hinge` is the model with a loss, of a recipe of its own, and no changed `dcgan`.
        bases = [
            one
            for one in known
            if _extends(variant, one) and parameters[one] <= parameters[variant]
        ]
        if bases:
            found.setdefault(known[min(bases, key=len)], []).append(label)
    return found


def _extends(variant: str, base: str) -> bool:
    """Whether a variant is `base` with something added; another learning rate has its own table."""
    added = variant.removeprefix(base)
    return added != variant and added[:1] in ("+", "[") and f"[{LR_SCALE}=" not in added


def _rows(
    baseline: str, changed: Sequence[str], contrasts: Sequence[Contrast], sections: Sequence[str]
) -> list[Row]:
    found = {(one.b, one.section): one for one in contrasts}
    made = []
    for label in changed:
        own = [found.get((label, section)) for section in sections]
        if not any(own):
            continue
        told = [
            ", ".join(one.tasks[0] for one in own if one and one.verdict == verdict)
            for verdict in reversed(DECIDED)
        ]
        ratios = [one.ratio.estimate for one in own if one and one.ratio]
        mean = math.fsum(map(math.log, ratios)) / len(ratios) if ratios else math.inf
        cells = (Cell(label), Cell(baseline), *map(_ratio, own), *map(Cell, told))
        made.append((mean, Row("", cells)))
    return [row for _, row in sorted(made, key=lambda pair: pair[0])]


def _ratio(contrast: Contrast | None) -> Cell:
    if contrast is None or contrast.ratio is None:
        return Cell()
    interval, n = contrast.ratio, min(contrast.seeds)
    if not (interval.low > 0 and math.isfinite(interval.high)):  # of one seed
        return Cell(interval.estimate, n=n)
    return Cell(interval.estimate, interval.low, interval.high, n)
