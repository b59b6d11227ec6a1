"""One table for each question: which is best, how steadily, how near, how varied, at what cost?"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ganbench.results.fields import SEVERAL, STATUSES
from ganbench.results.headings import distinct_labels
from ganbench.results.record import INSTABILITIES
from ganbench.statistics.groups import grouped
from ganbench.statistics.intervals import SEEDS_FOR_AN_ORDER, clopper_pearson
from ganbench.tables.controls import CONTROL
from ganbench.tables.forms.table import Cell, Heading, Row, RowKind, Table
from ganbench.tables.labels import interval_of_seeds, setting_notes
from ganbench.tables.marks import LEVEL
from ganbench.tables.references import rows_of_references, utilities_of_references
from ganbench.tables.standing import NEVER_TRAINED
from ganbench.tables.thresholds import CLAIM

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from ganbench.results.record import Column
    from ganbench.tables.aggregate import Aggregate, Estimate
    from ganbench.tables.grouping import Entry

LINE_NOTE = "below the line: not all seeds have a result, so no rank"
BARRED_NOTE = "below the line: runs that may not be ranked; the ranking tells why"
MARK_NOTE = (
    "marked rows have no rank: nearer than the floor, or copies, as real samples are in one row of "
    f"{1 / LEVEL:,.0f}; or near the data and beyond a threshold of the task; or off the rules"
)
SILENT = "not interpretable"
SILENT_NOTE = (
    f"{SILENT}: precision is below half that of real samples against each other, and samples "
    "unlike the data raise this score"
)
FLOOR_NOTE = "floor ± its standard error, over random sets of the real samples"
FEW_NOTE = f"fewer than {SEEDS_FOR_AN_ORDER} seeds: no order is claimed"


@dataclass(frozen=True, slots=True)
class Line:
    """A leaderboard row with the names under which it is printed."""

    label: str
    section: str
    row: Aggregate

    @property
    def entry(self) -> Entry:
        """The runs it is made from."""
        return self.row.entry

    @property
    def faults(self) -> tuple[str, ...]:
        """Its marks, but for that of a control, which its label tells."""
        return tuple(mark for mark in self.row.marks if mark != CONTROL)

    def cell(self, name: str, text: str = "") -> Cell:
        """The estimate of that name."""
        return _cell(self.row.estimates.get(name), text)

    def score(self, key: str, text: str = "") -> Cell:
        """The estimate of the score with that key."""
        return _cell(self.row.scores.get(key), text)


def _cell(estimate: Estimate | None, text: str) -> Cell:
    if estimate is None:
        return Cell(text=text)
    return Cell(estimate.value, estimate.low, estimate.high, estimate.n, text)


def ranking(
    lines: Sequence[Line], title: str, columns: Mapping[str, Mapping[str, Column]]
) -> Table:
    """The suite's ranking, by mean utility over its tasks.

    Args:
        lines: of one edition.
        title: of the table.
        columns: setting -> key -> what the score is.
    """
    headings = (
        Heading("rank"),
        Heading("variant"),
        Heading("utility", "higher"),
        Heading("unstable", "lower"),
        Heading("ok"),
        Heading("why no rank"),
    )
    rows = []
    ranked = _ranked(lines)
    for whole in grouped(lines, lambda line: line.label).values():
        own = _ranked(whole)
        main, row = own[0], own[0].row
        runs, ok = (sum(line.row[name] for line in own) for name in ("runs", "ok"))
        cells = (
            _rank(row, "rank"),
            Cell(main.label),
            main.cell("suite_utility"),
            _unstable([line.row for line in own]),
            Cell(ok, text=f"{ok}/{runs}"),
            Cell(row["unranked"] or ""),
        )
        utility = row.value("suite_utility") or 0
        key = (row["rank_low"] or math.inf, row["rank_high"] or 0, -utility)
        rows.append((key, Row("", cells, "below" if row["unranked"] else "ranked")))
    rows.sort(key=lambda pair: (pair[1].kind != "ranked", *pair[0]))
    seeds = {int(seed) for line in ranked for seed in line.row["seeds"].split(",")}
    tasks = sorted({line.row["task"] for line in ranked})
    notes = [
        "utility: 1 as near as real samples, 0 no nearer than the best trivial generator; unstable "
        f"runs count 0; mean over {', '.join(tasks)}; seeds {interval_of_seeds(seeds)}",
        "[low, high]: 95 % intervals over seeds; ranks are ranges where these overlap, and where "
        "Welch's test tells no order (Holm over all pairs)",
    ]
    chosen, every = ([line.section for line in own] for own in (ranked, lines))
    notes += setting_notes(chosen, every)
    if len(seeds) < SEEDS_FOR_AN_ORDER:
        notes.append(FEW_NOTE)
    if any(line.faults for line in ranked if line.faults != line.row.limits):
        notes.append(MARK_NOTE)
    notes += [
        f"{line.label} on {line.row['task']}: {limit}; so its runs count {CLAIM:g} at most there"
        for line in ranked
        for limit in line.row.limits
    ]
    references = [
        Row("", (Cell(), Cell(name), Cell(value), Cell(), Cell(), Cell()), "reference")
        for name, value in utilities_of_references(lines, columns)
    ]
    ordered = (*(row for _, row in rows), *references)
    return Table("ranking", title, headings, ordered, tuple(notes))


def _ranked(lines: Sequence[Line]) -> Sequence[Line]:
    """Those of the settings on which the suite is ranked: others have no suite utility."""
    return [line for line in lines if "suite_utility" in line.row.estimates] or lines


def stability(lines: Sequence[Line], title: str) -> Table:
    """How steadily each variant trains, task by task."""
    headings = (
        Heading("rank"),
        Heading("variant"),
        Heading("retained utility", "higher"),
        Heading("unstable", "lower"),
        Heading("runs"),
        Heading("late degradation", "lower"),
        Heading("oscillation", "lower"),
        Heading("seed sd", "lower"),
    )

    def cells(line: Line) -> tuple[Cell, ...]:
        row = line.row
        retained = line.cell("retained_utility", row["retained_utility_missing"] or "")
        return (
            _rank(row, "stability_rank"),
            Cell(line.label),
            retained,
            _unstable([row]),
            Cell(_outcomes(row)),
            line.cell("late_degradation"),
            line.cell("oscillation"),
            Cell(row["seed_dispersion"], n=row.estimates["distance"].n),
        )

    never = [line for line in lines if line.row["retained_utility_missing"] == NEVER_TRAINED]
    notes = [
        "retained utility: mean progress at the end over the best that any seed ever had; progress "
        "counts from the real mean to the floor, utility from the best trivial generator",
        "late degradation, oscillation, seed sd: in ln distance, over finished runs; noise "
        "from the choice of latents is subtracted",
    ]
    if never:
        notes.append("never trained: no run was ever better than the real mean; ranked last")
    rows = _sections(
        lines, cells, "stability_rank", lambda row: -(row.value("retained_utility") or 0)
    )
    return Table("stability", title, headings, rows, _with_line(notes, lines))


def scores(
    lines: Sequence[Line],
    title: str,
    name: str,
    columns: Sequence[tuple[str, Column]],
    references: dict[str, dict[str, Column]],
) -> Table:
    """All scores of one panel that some tasks have in common.

    Args:
        lines: of these tasks.
        title: of the table.
        name: `distance` or `collapse`.
        columns: key and description, in order.
        references: section -> key -> description, for the floors and nulls of each task.
    """
    headings = (
        *((Heading("rank"),) if name == "distance" else ()),
        Heading("variant"),
        Heading("n"),
        *_score_headings(columns),
    )

    def cells(line: Line) -> tuple[Cell, ...]:
        silent = (line.row["uninterpretable"] or "").split()
        # Its value is nobody's to read, to sort by or to quote: not even with an interval.
        values = [Cell(text=SILENT) if key in silent else line.score(key) for key, _ in columns]
        rank = (_rank(line.row, "distance_rank"),) if name == "distance" else ()
        return (*rank, Cell(line.label), Cell(line.row["ok"]), *values)

    def reference(section: str) -> list[Row]:
        known = [references[section].get(key) for key, _ in columns]
        return rows_of_references(
            section, known, name == "distance", len(headings) - len(known) - 2
        )

    worst = math.inf
    rows = _sections(
        lines, cells, "distance_rank", lambda row: _or(row.value("distance"), worst), reference
    )
    notes = ["means over finished runs (n); of distances the geometric mean where all are positive"]
    survivors = [line for line in lines if line.row["distance_rank_low"] and line.row["ok"]]
    survivors = [line for line in survivors if line.entry.count(*INSTABILITIES)]
    if name == "distance" and survivors:
        told = ", ".join(dict.fromkeys(line.label for line in survivors))
        notes.append(f"ranked by the runs that were not unstable: {told}; see stability")
    if any(cell.text == SILENT for row in rows for cell in row.cells):
        notes.append(SILENT_NOTE)
    if any("±" in cell.text for row in rows if row.kind == "reference" for cell in row.cells):
        notes.append(FLOOR_NOTE)
    return Table(
        name, title, headings, rows, _with_line(notes, lines), len(headings) - len(columns)
    )


def cost(lines: Sequence[Line], title: str) -> Table:
    """What a run costs, task by task."""
    headings = (
        Heading("variant"),
        Heading("n"),
        Heading("training", "lower", "s", prefixed=True),
        Heading("step", "lower", "s", prefixed=True),
        Heading("compute", "lower", "FLOP", prefixed=True),
        Heading("steps", "", "", prefixed=True),
        Heading("images", "", "", prefixed=True),
        Heading("parameters", "", "", prefixed=True),
        Heading("peak memory", "lower", "B", prefixed=True),
    )
    names = ("seconds", "seconds_per_step", "flops", "steps", "images")

    def cells(line: Line) -> tuple[Cell, ...]:
        row = line.row
        mixed = "several devices" if SEVERAL in (row["device_name"] or "") else ""
        values = [line.cell(name, mixed if row.value(name) is None else "") for name in names]
        memory = line.cell("peak_memory_bytes", mixed)
        return (Cell(line.label), Cell(row["ok"]), *values, Cell(row["parameters"]), memory)

    devices = sorted({line.row["device_name"] or "an unknown device" for line in lines})
    notes = [f"means over finished runs (n), on: {' | '.join(devices)}"]
    if len(devices) > 1:
        notes.append("times and memory of different devices do not compare")
    rows = _sections(lines, cells, "", lambda row: _or(row.value("seconds"), math.inf))
    return Table("cost", title, headings, rows, tuple(notes), 2)


def _sections(
    lines: Iterable[Line],
    cells: Callable[[Line], tuple[Cell, ...]],
    rank: str,
    order: Callable[[Aggregate], float],
    references: Callable[[str], list[Row]] | None = None,
) -> tuple[Row, ...]:
    """Rows by section: the ranked, best first; below the line the others; then the references."""
    rows: list[Row] = []
    for section, members in grouped(lines, lambda line: line.section).items():

        def place(line: Line) -> tuple[Any, ...]:
            row = line.row
            low = row[f"{rank}_low"] if rank else None
            return (_kind(row, rank) == "below", low or math.inf, order(row), line.label)

        rows += [
            Row(section, cells(line), _kind(line.row, rank)) for line in sorted(members, key=place)
        ]
        if references is not None:
            rows += references(section)
    return tuple(rows)


def _kind(row: Aggregate, rank: str) -> RowKind:
    """Costs are no competition: there is no line in their table."""
    return "below" if rank and (row["incomplete"] or row.marks) else "ranked"


def _with_line(notes: Sequence[str], lines: Iterable[Line]) -> tuple[str, ...]:
    """With what is below the line, and why."""
    lines = list(lines)
    marked = [line for line in lines if line.faults]
    below = [line.row for line in lines if line.row["incomplete"]]
    # Who is barred has one reason in both places.
    alike = {row["incomplete"] == row["unranked"] for row in below}
    missing = [note for same, note in ((False, LINE_NOTE), (True, BARRED_NOTE)) if same in alike]
    reasons = [f"{one.label} on {one.section}: {'; '.join(one.faults)}" for one in marked]
    return (*notes, *missing, *([MARK_NOTE, *reasons] if marked else []))


def _rank(row: Aggregate, name: str) -> Cell:
    low, high = row[f"{name}_low"], row[f"{name}_high"]
    if low is None:
        return Cell()
    return Cell(str(low) if low == high else f"{low}–{high}")


def _unstable(rows: Sequence[Aggregate]) -> Cell:
    """Unstable runs among those that ended by themselves, with the exact interval."""
    failed = sum(row[status] for row in rows for status in INSTABILITIES)
    counted = failed + sum(row["ok"] for row in rows)
    if not counted:
        return Cell()
    share = clopper_pearson(failed, counted)
    return Cell(share.estimate, share.low, share.high, counted, f"{failed}/{counted}")


def _outcomes(row: Aggregate) -> str:
    """Such as ``4 ok, 1 nonfinite_weights``: every run, by the word for how it ended."""
    return ", ".join(f"{row[status]} {status}" for status in STATUSES if row[status])


def _score_headings(columns: Sequence[tuple[str, Column]]) -> list[Heading]:
    """Labels, told apart where two scores of one label stand side by side."""
    labels = distinct_labels({key: column["label"] for key, column in columns})
    return [
        Heading(labels[key], column["direction"], column["unit"], key=key)
        for key, column in columns
    ]


def _or(value: float | None, other: float) -> float:
    return other if value is None else value
