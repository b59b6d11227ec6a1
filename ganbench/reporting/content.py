"""All that a page says, before it is HTML: the tables, names and numbers of `ganbench table`."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from ganbench.reporting.charts import Chart, Style
from ganbench.reporting.drawings import MOST_BYTES as OF_DRAWINGS
from ganbench.reporting.drawings import Gallery, galleries
from ganbench.reporting.failures import Failed, failures
from ganbench.reporting.figures import distance_charts, mode_charts, profile_chart
from ganbench.reporting.grids import Grid, grids
from ganbench.reporting.pareto import pareto_charts
from ganbench.reporting.provenance import Provenance, provenance
from ganbench.reporting.samples import MOST_BYTES as OF_SAMPLES
from ganbench.reporting.samples import Samples, choose_samples
from ganbench.results.fields import STATUSES
from ganbench.results.frame import plain_rows
from ganbench.tables.assemble import edition_tables, editions
from ganbench.tables.forms.table import Cell, Heading, Row, Table
from ganbench.tables.grouping import one_per_seed
from ganbench.tables.labels import interval_of_seeds
from ganbench.wording import counted

if TYPE_CHECKING:
    from ganbench.results.frame import Runs
    from ganbench.results.record import Record
    from ganbench.results.store import RunStore
    from ganbench.tables.coverage import Coverage
    from ganbench.tables.panels import Line

_PUBLISHED = "These are published results: curves and sample sheets are in the runs, not in them."


@dataclass(frozen=True, slots=True)
class Edition:
    """What one ranking is about: tables by the section of the page, charts and samples.

    Args:
        name: suite, and what tells it from others.
        anchor: begins the ids of its sections; empty where there is one edition.
        styles: variant -> how it looks, in the order of the ranking.
    """

    name: str
    anchor: str
    styles: Mapping[str, Style]
    tables: Mapping[str, Sequence[Grid]]
    curves: Sequence[Chart]
    modes: Sequence[Chart]
    profile: Chart | None
    pareto: Sequence[Chart]
    samples: Samples
    galleries: Sequence[Gallery]
    left_out: str


@dataclass(frozen=True, slots=True)
class Content:
    """Everything on the page.

    Args:
        title: of the page.
        summary: what was run, in a line.
        statuses: how many runs ended how.
        variants, tasks: what can be filtered by.
        warnings: what could not be read.
    """

    title: str
    summary: str
    statuses: Sequence[tuple[str, int]]
    variants: Sequence[str]
    tasks: Sequence[str]
    editions: Sequence[Edition]
    runs: Grid
    failures: Sequence[Failed]
    provenance: Provenance
    published: str
    warnings: Sequence[str]


_SECTIONS = {
    "ranking": "leaderboard",
    "distance": "leaderboard",
    "collapse": "modes",
    "stability": "stability",
    "sensitivity": "stability",
    "changes": "leaderboard",
    "profile": "profiles",
    "tuning": "profiles",
    "cost": "cost",
}


def gather(
    runs: Runs,
    coverage: Coverage | None,
    records: Mapping[str, Record],
    store: RunStore | None,
    warnings: Sequence[str] = (),
) -> Content:
    """Everything that a page says of these runs.

    Args:
        runs: at least one.
        coverage: the tasks and seeds that a rank needs; None: all that occur.
        records: by run id; none of published runs.
        store: where the runs' files are; None of published runs.
        warnings: for the reader.
    """
    named = editions(runs, coverage)
    lines = [line for own in named.values() for line in own]
    rows = plain_rows(one_per_seed(runs)[0].frame)
    made = [
        _edition(
            name, "" if len(named) == 1 else f"e{index}-", own, runs, records, store, len(named)
        )
        for index, (name, own) in enumerate(named.items(), start=1)
    ]
    counts = [(status, sum(row["status"] == status for row in rows)) for status in STATUSES]
    variants = list(dict.fromkeys(label for one in made for label in one.styles))
    tasks = list(dict.fromkeys(line.row["task"] for line in lines))
    seeds = sorted({int(row["seed"]) for row in rows})
    summary = (
        f"{counted(len(rows), 'run')}: {counted(len(variants), 'variant')} on "
        f"{counted(len(tasks), 'task')}, {'seeds' if len(seeds) > 1 else 'seed'} "
        f"{interval_of_seeds(seeds)}"
    )
    return Content(
        title=f"ganbench report: {', '.join(dict.fromkeys(row['suite'] for row in rows))}",
        summary=summary,
        statuses=[(status, count) for status, count in counts if count],
        variants=variants,
        tasks=tasks,
        editions=made,
        runs=_runs_grid(lines),
        failures=failures(lines, records, store),
        provenance=provenance(runs, lines, rows),
        published="" if store else _PUBLISHED,
        warnings=warnings,
    )


def _edition(
    name: str,
    anchor: str,
    lines: list[Line],
    runs: Runs,
    records: Mapping[str, Record],
    store: RunStore | None,
    parts: int,
) -> Edition:
    """One of so many, which share what a page can carry of pictures and sounds."""
    tables = edition_tables(lines, name, runs)
    tasks = {line.section: line.row["task"] for line in lines}
    groups: dict[str, list[Grid]] = {}
    titles = [table.title for table in tables]
    for table in tables:
        title = table.title.removeprefix(f"{name}: ")
        if titles.count(table.title) > 1:  # of tasks with other columns each
            title += f": {', '.join(dict.fromkeys(tasks[row.section] for row in table.rows))}"
        shown = grids(table, tasks, title[:1].upper() + title[1:])
        groups.setdefault(_SECTIONS[table.name], []).extend(shown)
    ranked = [str(row.cells[1].value) for row in tables[0].rows if row.kind != "reference"]
    styles = {label: Style.number(index) for index, label in enumerate(ranked)}
    places = list(tasks)
    ordered = sorted(lines, key=lambda line: (places.index(line.section), ranked.index(line.label)))
    drawn, left_out = galleries(ordered, store, OF_DRAWINGS // parts) if store else ([], "")
    return Edition(
        name=name,
        anchor=anchor,
        styles=styles,
        tables=groups,
        curves=distance_charts(ordered, runs, records, styles),
        modes=mode_charts(ordered, runs, records, styles),
        profile=profile_chart(lines, styles),
        pareto=pareto_charts(lines, styles),
        samples=choose_samples(ordered, records, store, OF_SAMPLES // parts)
        if store
        else Samples((), ()),
        galleries=drawn,
        left_out=left_out,
    )


_RUN_HEADINGS = (
    Heading("variant"),
    Heading("task"),
    Heading("seed"),
    Heading("status"),
    Heading("final distance", "lower"),
    Heading("best distance", "lower"),
    Heading("steps"),
    Heading("training", unit="s"),
    Heading("run"),
)


def _runs_grid(lines: Sequence[Line]) -> Grid:
    """Every run, failed and unfinished ones included."""
    pairs = [(line, run) for line in lines for run in line.entry.runs]
    rows = [Row("", _run_cells(line, run)) for line, run in pairs]
    (made,) = grids(Table("runs", "", _RUN_HEADINGS, tuple(rows)), {}, "All runs", most=math.inf)
    (section,) = made.sections
    shown = [
        replace(row, task=run["task"], status=run["status"])
        for row, (_, run) in zip(section[2], pairs, strict=True)
    ]
    return replace(made, sections=[("", "", shown)])


def _run_cells(line: Line, run: Mapping[str, Any]) -> tuple[Cell, ...]:
    numbers = (run["distance_end"], run["distance_best"], run["steps"], run["seconds"])
    what = (Cell(line.label), Cell(line.section), Cell(int(run["seed"])), Cell(run["status"]))
    return (*what, *map(Cell, numbers), Cell(run["run_id"]))
