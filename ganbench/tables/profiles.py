"""Two tables about choosing: who is how often near the best, and what picking seeds would hide."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from ganbench.results.record import COUNTED
from ganbench.statistics.groups import grouped
from ganbench.statistics.ranking import performance_profile
from ganbench.statistics.stability import tuning_curve
from ganbench.tables.forms.table import Cell, Heading, Row, Table
from ganbench.tables.stratified import final_distances

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ganbench.results.record import Column
    from ganbench.tables.panels import Line

RATIOS = (1.0, 1.1, 1.5, 2.0, 5.0, 10.0)


def profile(lines: Sequence[Line], title: str) -> list[Table]:
    """On what share of the tasks a variant's distance is within a ratio of the best.

    Dolan & Moré 2002, of the geometric mean over finished runs. Of every task the main setting
    counts, the one that the suite is ranked on. No table for fewer than two tasks or variants.
    """
    tasks, distances, incomplete = profile_distances(lines)
    if not distances:
        return []
    shares = performance_profile(distances, RATIOS)
    order = sorted(
        shares, key=lambda label: (label in incomplete, [-one for one in shares[label]], label)
    )
    names = ("best" if ratio == 1 else f"within {ratio:g} x" for ratio in RATIOS)
    headings = (Heading("variant"), *(Heading(name, "higher") for name in names))
    rows = [
        Row(
            "",
            (Cell(label), *(_share(one, len(tasks)) for one in shares[label])),
            "below" if label in incomplete else "ranked",
        )
        for label in order
    ]
    notes = [
        "tasks on which a variant's distance is at most that many times the best variant's, of "
        f"{', '.join(tasks)}",
        "distances: geometric means over finished runs; none on a task is within no ratio",
    ]
    if marked := _marked(lines):
        notes.append(f"without marked rows, and so without {', '.join(sorted(marked))}")
    if incomplete:
        notes.append("below the line: no rank; the ranking says why")
    return [Table("profile", title, headings, tuple(rows), tuple(notes), 1)]


def profile_distances(
    lines: Sequence[Line],
) -> tuple[list[str], dict[str, list[float | None]], set[str]]:
    """What a profile is made from: tasks, variant -> its distance on each, variants without a rank.

    Nothing where there are fewer than two tasks or variants. Without marked variants: what is too
    good to be true would be the best that all others are measured by.
    """
    marked = _marked(lines)
    main = [
        line for line in lines if "suite_utility" in line.row.estimates and line.label not in marked
    ]
    settings = {line.section: line.row["task"] for line in main}
    # A ratio needs positive distances: an unbiased estimate may be negative.
    known = {(line.label, line.section): line.row.value("distance") for line in main}
    odd = {section for (_, section), one in known.items() if one is not None and one <= 0}
    sections = [section for section in settings if section not in odd]
    labels = list(dict.fromkeys(line.label for line in main))
    if len(sections) < 2 or len(labels) < 2:
        return [], {}, set()
    distances = {label: [known.get((label, one)) for one in sections] for label in labels}
    incomplete = {line.label for line in main if line.row["unranked"]}
    return [settings[section] for section in sections], distances, incomplete


def _marked(lines: Sequence[Line]) -> set[str]:
    return {line.label for line in lines if line.row.marks}


def _share(share: float, tasks: int) -> Cell:
    return Cell(share, n=tasks, text=f"{round(share * tasks)}/{tasks}")


def tuning(
    lines: Sequence[Line], title: str, columns: Mapping[tuple[str, str], Column]
) -> list[Table]:
    """What reporting the best of k seeds would have shown, one table per primary distance.

    Score S6: the exact expected smallest distance of k of the N runs that count.

    Args:
        lines: of one edition.
        title: of the tables; the distance's label is added.
        columns: (setting, key) -> description of the distance.
    """
    judged = [one for one in lines if one.row["primary"] and one.entry.count(*COUNTED)]
    made = []
    for key, own in grouped(judged, lambda line: str(line.row["primary"])).items():
        several = {line.section for line in own if line.entry.count(*COUNTED) > 1}
        chosen = [line for line in own if line.section in several]
        if chosen:
            column = columns[chosen[0].row["setting"], key]
            made.append(_tuning(chosen, f"{title}, {column['label']}", key, column["unit"]))
    return made


def _tuning(lines: Sequence[Line], title: str, key: str, unit: str) -> Table:
    sizes = _sizes(max(line.entry.count(*COUNTED) for line in lines))
    headings = [Heading(f"best of {k}", "lower", unit, key=f"{key}/best-of-{k}") for k in sizes]
    sections = dict.fromkeys(line.section for line in lines)

    def place(line: Line) -> tuple[float, str]:
        distance = line.row.value("distance")
        return math.inf if distance is None else distance, line.label

    rows = [
        Row(section, _tuning_cells(line, sizes))
        for section in sections
        for line in sorted((one for one in lines if one.section == section), key=place)
    ]
    notes = (
        "what reporting the best of k seeds would have shown: the expected smallest final distance "
        "of k of a variant's runs, exactly",
        "runs: finished of those that count; –: all k could be unstable, or there are fewer than k",
    )
    return Table(
        "tuning", title, (Heading("variant"), Heading("runs"), *headings), tuple(rows), notes
    )


def _tuning_cells(line: Line, sizes: Sequence[int]) -> tuple[Cell, ...]:
    distances = final_distances(line.entry)
    curve = dict(enumerate(tuning_curve(distances), start=1))
    finished = sum(distance is not None for distance in distances)
    runs = Cell(finished, text=f"{finished}/{len(distances)}")
    return (Cell(line.label), runs, *(Cell(curve.get(k)) for k in sizes))


def _sizes(largest: int) -> list[int]:
    """1, 2, 5, 10, 20, 50, ... and the largest."""
    steps = (digit * 10**power for power in range(len(str(largest))) for digit in (1, 2, 5))
    return [*(k for k in steps if k < largest), largest]
