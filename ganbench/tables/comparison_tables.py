"""A comparison as tables for people and as a frame for programs."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from ganbench.results.fields import STATUSES
from ganbench.results.record import COUNTED
from ganbench.statistics.intervals import SEEDS_FOR_AN_ORDER
from ganbench.statistics.permutation import DRAWS
from ganbench.tables.assemble import edition_names
from ganbench.tables.comparison import (
    AS_REAL,
    MARKED,
    NO_TEST,
    TOO_FEW,
    Comparison,
    Contrast,
    family_size,
)
from ganbench.tables.forms.table import Cell, Heading, Row, Table
from ganbench.tables.labels import setting_notes
from ganbench.tables.stratified import ALPHA
from ganbench.tables.twins import twin_notes
from ganbench.wording import number

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ganbench.tables.grouping import Entry

_TYPES: Final = {
    "suite": "str",
    "protocol": "int64",
    "timed_on": "str",
    "task": "str",
    "section": "str",
    "tasks": "int64",
    "a": "str",
    "b": "str",
    "n_a": "int64",
    "n_b": "int64",
    "ratio": "float64",
    "ratio_low": "float64",
    "ratio_high": "float64",
    "probability_of_improvement": "float64",
    "scale": "str",
    "p_value": "float64",
    "p_smallest": "float64",
    "p_exact": "boolean",
    "p_holm": "float64",
    "more_seeds": "float64",
    "verdict": "str",
}
"""Columns of the frame and their types."""

_RATIO = Heading("distance B/A", "lower")
_TESTS = (Heading("P(B better)"), Heading("p"), Heading("p (Holm)"))
_SEEDS = (Heading("n A"), Heading("n B"))


def comparison_tables(comparison: Comparison) -> list[Table]:
    """For each suite, protocol and device: over all tasks, if there are several, and by task."""
    contrasts = comparison.by_task
    names = edition_names([contrast.edition for contrast in contrasts])
    made = []
    for edition, name in names.items():
        against = f"{name}: B against A = {comparison.reference}"
        own = [one for one in comparison.overall if one.edition == edition]
        if own:
            made.append(_overall(own, f"{against}, over all tasks", comparison))
        own = [contrast for contrast in contrasts if contrast.edition == edition]
        made.append(_by_task(own, f"{against}, task by task", comparison))
    return made


def comparison_frame(comparison: Comparison) -> pd.DataFrame:
    """One row per contrast: those of single tasks, then those over all tasks, which have no `task`.

    `ratio` is B's geometric mean distance over A's. `more_seeds` is infinite beyond 1,000.
    """
    rows = [_plain(one) for one in (*comparison.by_task, *comparison.overall)]
    return pd.DataFrame.from_records(rows, columns=list(_TYPES)).astype(_TYPES)


def _plain(one: Contrast) -> dict[str, Any]:
    suite, protocol, timed_on = one.edition
    row: dict[str, Any] = {
        "suite": suite,
        "protocol": protocol,
        "timed_on": timed_on,
        "task": one.tasks[0] if one.section else None,
        "section": one.section or None,
        "tasks": len(one.pairs),
        "a": one.a,
        "b": one.b,
        "n_a": one.seeds[0],
        "n_b": one.seeds[1],
        "probability_of_improvement": one.improvement,
        "scale": one.scale or None,
        "p_holm": one.p_adjusted,
        "more_seeds": one.more_seeds,
        "verdict": one.verdict,
    }
    if one.ratio is not None:
        row["ratio"] = one.ratio.estimate
        if math.isfinite(one.ratio.high):
            row |= {"ratio_low": one.ratio.low, "ratio_high": one.ratio.high}
    if one.test is not None:
        test = one.test
        row |= {"p_value": test.p_value, "p_smallest": test.smallest, "p_exact": test.exact}
    return row


def _overall(contrasts: Sequence[Contrast], title: str, comparison: Comparison) -> Table:
    leads = (Heading("variant"), Heading("verdict"))
    headings = (*leads, _RATIO, *_TESTS, Heading("tasks"), *_SEEDS)
    rows = tuple(
        Row(
            "",
            (
                Cell(contrast.b),
                Cell(contrast.verdict),
                *_numbers(contrast),
                Cell(len(contrast.pairs)),
                *_n(contrast),
            ),
        )
        for contrast in contrasts
    )
    family = family_size(comparison.overall)
    sections = {one.pairs[0][0].part: one.section for one in comparison.by_task}
    chosen = [sections[a.part] for one in contrasts for a, _ in one.pairs]
    every = [name for part, name in sections.items() if part[:3] == contrasts[0].edition]
    notes = [
        _who(contrasts),
        "distance B/A: geometric mean of the ratios on the tasks; P(B better): mean of the chances",
        f"p: permutation test, seeds exchanged within each task; {_holm(family)}",
        *setting_notes(chosen, every),
        *_scale_notes(contrasts),
        *_silent_notes(contrasts),
        *_twin_notes(contrasts),
    ]
    if any(contrast.verdict == TOO_FEW for contrast in contrasts):
        notes.append(f"{TOO_FEW}: an order needs {SEEDS_FOR_AN_ORDER} of A and of B on every task")
    return Table("overall", title, headings, rows, tuple(notes))


def _by_task(contrasts: Sequence[Contrast], title: str, comparison: Comparison) -> Table:
    leads = (Heading("variant"), Heading("verdict"))
    headings = (*leads, _RATIO, *_TESTS, Heading("more seeds"), *_SEEDS)
    rows = tuple(
        Row(
            contrast.section,
            (
                Cell(contrast.b),
                Cell(contrast.verdict),
                *_numbers(contrast),
                _more(contrast),
                *_n(contrast),
            ),
        )
        for contrast in contrasts
    )
    family = family_size(comparison.by_task)
    notes = [
        _who(contrasts),
        "distance B/A: geometric mean of B's final distances over A's, of finished runs, with "
        "Welch's 95 % interval; below 1, B is nearer to the data",
        "P(B better): chance that a run of B beats one of A; an unstable run loses to any finished",
        f"p: permutation test over seeds; {_holm(family)}",
        *_scale_notes(contrasts),
        f"verdict: better where p (Holm) is below {ALPHA}; undecided does not mean equal",
        *_silent_notes(contrasts),
        *_seed_notes(contrasts, family),
        *_left_out(contrasts),
        *_twin_notes(contrasts),
        *_alone(comparison),
        *_version_notes(comparison),
    ]
    return Table("comparison", title, headings, rows, tuple(notes))


def _numbers(one: Contrast) -> tuple[Cell, ...]:
    """Ratio, probability of improvement, p, adjusted p."""
    ratio = Cell()
    if one.ratio is not None:
        ratio = Cell(one.ratio.estimate, n=1 if one.section else None)
        if math.isfinite(one.ratio.high):
            ratio = Cell(one.ratio.estimate, one.ratio.low, one.ratio.high)
    if one.test is None:
        return ratio, Cell(one.improvement), Cell(), Cell()
    marks = (" u" if one.scale == "utility" else "") + ("" if one.test.exact else " ~")
    p_value = Cell(one.test.p_value, text=number(one.test.p_value) + marks)
    return ratio, Cell(one.improvement), p_value, Cell(one.p_adjusted)


def _n(one: Contrast) -> tuple[Cell, Cell]:
    a, b = one.seeds
    return Cell(a), Cell(b)


def _more(one: Contrast) -> Cell:
    if one.more_seeds is None:
        return Cell()
    if math.isinf(one.more_seeds):
        return Cell("> 1000")
    return Cell(int(one.more_seeds), text="" if one.more_seeds else "decided")


def _who(contrasts: Sequence[Contrast]) -> str:
    return f"A: {contrasts[0].a}; B: the variant of the row; n: finished and unstable runs of each"


def _holm(family: int) -> str:
    """Over how many contrasts there may be a false claim."""
    if family == 0:
        return "p (Holm): only where there are seeds enough for a verdict"
    if family == 1:
        return "p (Holm): corrected for the number of comparisons, here a single one"
    return f"p (Holm): corrected for all {family} such comparisons with seeds enough for a verdict"


def _has_utility(one: Contrast) -> bool:
    """Whether any run of either side has some."""
    return any(
        value > 0
        for pair in one.pairs
        for side in pair
        for value in side.values("utility_end", COUNTED)
    )


def _scale_notes(contrasts: Sequence[Contrast]) -> list[str]:
    """What was tested, and how, where it is not the same in every row."""
    tested = [contrast for contrast in contrasts if contrast.test is not None]
    untested = [contrast for contrast in contrasts if contrast.verdict == NO_TEST]
    notes = []
    if any(one.scale == "utility" for one in tested):
        notes.append(
            "u: tested on utility at the end, 0 for unstable runs; without u: on ln distance"
        )
    elif tested:
        notes.append("tested on ln distance at the end, since all of these runs have finished")
    if of_none := [one.b for one in tested if one.scale == "utility" and not _has_utility(one)]:
        notes.append(
            f"no run of {', '.join(dict.fromkeys(of_none))} or A is nearer to the data than the "
            "best trivial generator: all have a utility of 0, so a test finds nothing"
        )
    if any(one.test and not one.test.exact for one in tested):
        notes.append(f"~: from {DRAWS:,} random exchanges of seeds, since there are too many")
    if untested:
        where = ", ".join(f"{one.b} on {', '.join(one.tasks)}" for one in untested)
        notes.append(f"no test: a side has no run that counts, or no distance: {where}")
    return notes


def _silent_notes(contrasts: Sequence[Contrast]) -> list[str]:
    """Why there is no verdict where numbers would allow one."""
    notes = []
    reaches = dict.fromkeys(
        f"{number(a.floor.reach)} on {one.section or a['task']}"
        for one in contrasts
        if one.verdict == AS_REAL
        for a, _ in one.pairs
        if a.floor is not None
    )
    if reaches:
        notes.append(
            f"{AS_REAL}, at this number of samples: both are as near as real samples are to each "
            f"other, up to {' and '.join(reaches)}; below, distances count as equal"
        )
    marked = dict.fromkeys(mark for contrast in contrasts for mark in contrast.marks)
    if marked:
        reasons = "; ".join(f"{label} on {task} ({why})" for label, task, why in marked)
        notes.append(f"{MARKED}, so without a verdict: {reasons}")
    return notes


def _seed_notes(contrasts: Sequence[Contrast], family: int) -> list[str]:
    """What the number of seeds leaves open."""
    few: dict[tuple[int, int], float] = {}
    crowded: dict[tuple[int, int], float] = {}
    for one in contrasts:
        least = 0.0 if one.test is None else one.test.smallest
        if one.verdict == TOO_FEW:
            few[one.seeds] = least
        elif one.verdict == "undecided" and least * family >= ALPHA:
            crowded[one.seeds] = least
    notes = []
    if few:
        known = ", ".join(f"{number(p)} with {a} against {b}" for (a, b), p in sorted(few.items()))
        notes.append(
            f"{TOO_FEW} for an order: smallest possible p is {known}; {SEEDS_FOR_AN_ORDER} a side "
            "are needed"
        )
    notes += [
        f"{a} against {b} seeds are too few for {family} comparisons at once: smallest possible p "
        f"is {number(least)}, up to {number(min(1.0, least * family))} corrected; run more seeds, "
        "or compare less at a time"
        for (a, b), least in sorted(crowded.items())
    ]
    if any(contrast.more_seeds for contrast in contrasts):
        notes.append(
            "more seeds: needed of A and of B each to decide it, if means and spreads stay as "
            "they are; a rough estimate"
        )
    return notes


def _left_out(contrasts: Sequence[Contrast]) -> list[str]:
    """Accidents of the machine or the code, and runs that have not ended."""
    found: dict[str, None] = {}
    for contrast in contrasts:
        for label, entry in zip((contrast.a, contrast.b), contrast.pairs[0], strict=True):
            words = _accidents(entry)
            if words:
                found[f"{label} on {contrast.section}: {words}"] = None
    return [f"not counted: {'; '.join(found)}"] if found else []


def _accidents(entry: Entry) -> str:
    counts = {status: entry.count(status) for status in STATUSES if status not in COUNTED}
    return ", ".join(f"{count} {status}" for status, count in counts.items() if count)


def _twin_notes(contrasts: Sequence[Contrast]) -> list[str]:
    """Runs of seeds that count once: those of A are in every contrast."""
    pairs = [pair for contrast in contrasts for pair in contrast.pairs]
    twins = {run["run_id"]: run for pair in pairs for entry in pair for run in entry.twins}
    return twin_notes(twins.values())


def _alone(comparison: Comparison) -> list[str]:
    """What was run of one side only, and so cannot be compared."""
    found = [
        f"{present} without {absent} on {', '.join(f'({section})' for section in sections)}"
        for (present, absent), sections in comparison.alone.items()
    ]
    return [f"not compared: {'; '.join(found)}"] if found else []


def _version_notes(comparison: Comparison) -> list[str]:
    labels = (comparison.reference, *comparison.others)
    if not any(" @" in label for label in labels):
        return []
    return ["@: one of several versions of the variant's code, by a hash of it; they never mix"]
