"""The comparison tables of some runs.

Every suite, protocol and (for time budgets) device has tables of its own; every setting of a task
has a section of its own; and every column has one score key.
"""

from __future__ import annotations

from collections.abc import Sequence

from ganbench.results.frame import Runs, collect, plain_rows
from ganbench.results.labels import section_names, variant_labels
from ganbench.results.leaderboard import leaderboard
from ganbench.results.panels import Line, cost, ranking, scores, stability
from ganbench.results.record import Column, Record
from ganbench.results.standing import Coverage
from ganbench.results.table import Table

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
    editions: dict[tuple[str, int, str | None], list[Line]] = {}
    rows = plain_rows(leaderboard(runs, coverage))
    if coverage is not None:  # the suite's own order of its tasks
        places = {task: index for index, task in enumerate(coverage.tasks)}
        rows.sort(key=lambda row: places.get(row["task"], len(places)))
    for row, label, section in zip(rows, variant_labels(rows), section_names(rows), strict=True):
        edition = (row["suite"], row["protocol"], row["timed_on"])
        editions.setdefault(edition, []).append(Line(label, section, row))
    made: list[Table] = []
    for (suite, protocol, device), lines in editions.items():
        name = suite
        if len({key[1] for key in editions}) > 1:
            name += f", protocol {protocol}"
        if device is not None:
            name += f", timed on {device}"
        made += _edition(lines, name, runs)
    return made


def _edition(lines: list[Line], name: str, runs: Runs) -> list[Table]:
    return [
        ranking(lines, f"{name}: ranking"),
        stability(lines, f"{name}: stability"),
        *_score_tables(lines, name, "distance", runs),
        *_score_tables(lines, name, "collapse", runs),
        cost(lines, f"{name}: cost"),
    ]


def _score_tables(lines: list[Line], name: str, table: str, runs: Runs) -> list[Table]:
    """One table for all tasks with exactly the same columns: a column has one key."""
    described: dict[str, dict[str, Column]] = {}
    groups: dict[tuple[str, ...], list[Line]] = {}
    for line in lines:
        columns = {
            key: column
            for (setting, key), column in runs.scores.items()
            if setting == line.row["setting"] and column["panel"] in _PANELS[table]
        }
        described[line.section] = columns
        if keys := _ordered(columns, line.row["primary"]):
            groups.setdefault(keys, []).append(line)
    title = f"{name}: {_TITLES[table]}"
    return [
        scores(
            members,
            title,
            table,
            [(key, described[members[0].section][key]) for key in keys],
            described,
        )
        for keys, members in groups.items()
    ]


def _ordered(columns: dict[str, Column], primary: str | None) -> tuple[str, ...]:
    """Keys: the primary distance first, then by panel and key."""
    return tuple(sorted(columns, key=lambda key: (key != primary, columns[key]["panel"], key)))
