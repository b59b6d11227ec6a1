"""The comparison tables of some runs.

Every suite, protocol and (for time budgets) device has tables of its own; every setting of a task
has a section of its own; and every column has one score key.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from ganbench.results.fields import RunRow
from ganbench.results.frame import Runs, collect
from ganbench.results.record import Column, Record
from ganbench.statistics.groups import grouped
from ganbench.tables.caveats import with_caveats
from ganbench.tables.changes import changes
from ganbench.tables.controls import CONTROL, with_controls
from ganbench.tables.coverage import Coverage
from ganbench.tables.forms.table import Table
from ganbench.tables.labels import section_names, variant_labels
from ganbench.tables.leaderboard import aggregates
from ganbench.tables.pairs import with_pairs
from ganbench.tables.panels import Line, cost, ranking, scores, stability
from ganbench.tables.profiles import profile, tuning
from ganbench.tables.sensitivity import sensitivity
from ganbench.tables.twins import twin_notes

Edition = tuple[Any, ...]
"""Suite, protocol and, for time budgets, device: what one ranking is about."""

_PANELS = {"distance": ("distance",), "collapse": ("collapse", "quality")}
_TITLES = {"distance": "distance to the data", "collapse": "mode collapse and quality"}


def tables(source: Runs | Sequence[Record], coverage: Coverage | None = None) -> list[Table]:
    """All comparison tables, in the order in which they are read.

    Args:
        source: runs or their records.
        coverage: the tasks and seeds that a rank needs; by default all that occur in the suite.

    Raises:
        InvalidResults: two different records have the same run id.
    """
    runs = source if isinstance(source, Runs) else collect(source)
    named = editions(runs, coverage)
    return [table for name, lines in named.items() for table in edition_tables(lines, name, runs)]


def editions(runs: Runs, coverage: Coverage | None = None) -> dict[str, list[Line]]:
    """The lines of the leaderboard by what one ranking is about, each edition under its name."""
    rows = aggregates(runs, coverage)
    facts = [row.facts for row in rows]
    named = zip(variant_labels(facts), section_names(facts), rows, strict=True)
    lines = [
        Line(f"{label} ({CONTROL})" if CONTROL in row.marks else label, section, row)
        for label, section, row in named
    ]
    if coverage is not None:  # the suite's own order of its tasks
        places = {task: index for index, task in enumerate(coverage.tasks)}
        lines.sort(key=lambda line: places.get(line.row["task"], len(places)))
    about = ("suite", "protocol", "timed_on")
    found = grouped(lines, lambda line: tuple(line.row[name] for name in about))
    names = edition_names(found)
    return {names[edition]: own for edition, own in found.items()}


def edition_names(editions: Iterable[Edition]) -> dict[Edition, str]:
    """What to call each of them: the suite, and what tells it from the others."""
    editions = list(dict.fromkeys(editions))
    several = len({protocol for _, protocol, _ in editions}) > 1
    names = {}
    for suite, protocol, device in editions:
        name = suite + (f", protocol {protocol}" if several else "")
        names[suite, protocol, device] = name + (f", timed on {device}" if device else "")
    return names


def edition_tables(lines: list[Line], name: str, runs: Runs) -> list[Table]:
    """All tables of one edition, in the order in which they are read."""
    columns = runs.columns
    ranked = with_pairs(ranking(lines, f"{name}: ranking", columns), lines)
    suites = {line.row["suite"] for line in lines}
    hidden = [run for run in runs.hidden if run["suite"] in suites]
    twins = [*_hidden_note(hidden), *twin_notes(run for line in lines for run in line.entry.twins)]
    return [
        with_controls(
            with_caveats(replace(ranked, notes=(*ranked.notes, *twins)), lines, columns),
            lines,
            runs.specs,
            hidden,
        ),
        *sensitivity(lines, f"{name}: learning-rate sensitivity"),
        *changes(lines, f"{name}: what each change is worth", runs),
        stability(lines, f"{name}: stability"),
        *_score_tables(lines, name, "distance", columns),
        *profile(lines, f"{name}: performance profile"),
        *tuning(lines, f"{name}: best of k seeds", runs.scores),
        *_score_tables(lines, name, "collapse", columns),
        cost(lines, f"{name}: cost"),
    ]


def _hidden_note(hidden: Sequence[RunRow]) -> list[str]:
    """A line where ranks are others than those of all variants."""
    count = len({run["variant"] for run in hidden})
    others = "others are" if count > 1 else "other is"
    return [f"ranks among the variants shown: {count} {others} left out"] if count else []


def _score_tables(
    lines: list[Line], name: str, table: str, columns: Mapping[str, Mapping[str, Column]]
) -> list[Table]:
    """One table for all tasks with exactly the same columns: a column has one key."""
    described: dict[str, dict[str, Column]] = {}
    for line in lines:
        described[line.section] = {
            key: column
            for key, column in columns.get(line.row["setting"], {}).items()
            if column["panel"] in _PANELS[table]
        }
    groups = grouped(lines, lambda line: _ordered(described[line.section], line.row["primary"]))
    groups.pop((), None)  # tasks without such a score
    title = f"{name}: {_TITLES[table]}"
    made = []
    for keys, members in groups.items():
        printed = [(key, described[members[0].section][key]) for key in keys]
        one = scores(members, title, table, printed, described)
        made.append(with_caveats(one, members, columns, keys))
    return made


def _ordered(columns: dict[str, Column], primary: str | None) -> tuple[str, ...]:
    """Keys: the primary distance first, then by panel and key."""
    return tuple(sorted(columns, key=lambda key: (key != primary, columns[key]["panel"], key)))
