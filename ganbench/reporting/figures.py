"""Which curves a page shows: distances and modes over the budget, and performance profiles."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ganbench.reporting.charts import Chart, Numbers, Point, Series, Style, Thread, draw
from ganbench.results.fields import UNFINISHED
from ganbench.results.headings import measurement_name
from ganbench.statistics.groups import grouped
from ganbench.statistics.ranking import performance_profile
from ganbench.statistics.stability import geometric_mean
from ganbench.tables.labels import interval_of_seeds
from ganbench.tables.profiles import profile_distances
from ganbench.wording import DASH, number, percent, with_error

if TYPE_CHECKING:
    from ganbench.results.frame import Runs
    from ganbench.results.record import Column, Record
    from ganbench.tables.panels import Line

Records = Mapping[str, "Record"]
Styles = Mapping[str, Style]

_PERCENT = [(share, percent(share)) for share in (0.0, 0.25, 0.5, 0.75, 1.0)]
_MODES = ("modes", "classes", "coverage")
_QUALITY = ("high_quality", "precision")
"""Scores of the mode figures by what their keys begin with: the first that a task has."""


def distance_charts(
    lines: Sequence[Line], runs: Runs, records: Records, styles: Styles
) -> list[Chart]:
    """The primary distance over the budget, one chart per task and setting.

    Where no distance is primary, the most telling score.
    """
    charts = []
    for own in grouped(lines, lambda line: line.section).values():
        setting = own[0].row["setting"]
        columns = {key: one for (where, key), one in runs.scores.items() if where == setting}
        key = own[0].row["primary"] or _most_telling(columns)
        if key is not None:
            column = columns[key]
            floor = column["floor"]
            error = column.get("floor_error") if column["measured_floor"] is None else None
            rule = None
            if floor is not None:
                rule = floor, f"noise floor {with_error(floor, error)}"
            charts.append(_over_budget(own, key, column, records, styles, rule, {}))
    return [chart for chart in charts if chart]


def mode_charts(lines: Sequence[Line], runs: Runs, records: Records, styles: Styles) -> list[Chart]:
    """Modes found and share of high quality over the budget, where a task can tell."""
    charts = []
    for own in grouped(lines, lambda line: line.section).values():
        setting = own[0].row["setting"]
        columns = {key: one for (where, key), one in runs.scores.items() if where == setting}
        for names in (_MODES, _QUALITY):
            key = _first(columns, names)
            if key is not None:
                column = columns[key]
                null = column["null"]
                rule = (null, f"perfect generator {number(null)}") if null is not None else None
                ends = {"low": 0.0, "high": column["highest"] or null or 1.0}
                charts.append(_over_budget(own, key, column, records, styles, rule, ends))
    return [chart for chart in charts if chart]


def profile_chart(lines: Sequence[Line], styles: Styles) -> Chart | None:
    """On what share of the tasks a variant is within a ratio of the best: the whole curve."""
    tasks, distances, _ = profile_distances(lines)
    if not distances:
        return None
    ratios: set[float] = set()
    for task in range(len(tasks)):
        known = [own[task] for own in distances.values()]
        finite = [value for value in known if value is not None]
        ratios |= {value / min(finite) * (1 + 1e-12) for value in finite}  # past the rounding
    if not ratios:
        return None
    places = [1.0, *sorted(ratio for ratio in ratios if ratio > 1 + 1e-9)]
    places.append(max(places[-1] * 1.3, 2.0))
    shares = performance_profile(distances, places)
    series = [
        Series(
            label,
            styles[label],
            list(zip(places, own, strict=True)),
            [
                f"{label}: {round(share * len(tasks))} of {len(tasks)} tasks within {ratio:.3g} "
                "times the best"
                for share, ratio in zip(own, places, strict=True)
            ],
            label=f"{label}: best on {percent(own[0])} of the tasks",
            steps=True,
        )
        for label, own in shares.items()
    ]
    numbers = Numbers(
        [f"≤ {ratio:.3g}" for ratio in places],
        [(label, label, "", [number(one) for one in own]) for label, own in shares.items()],
    )
    return draw(
        series,
        title="Tasks within a ratio of the best",
        task="",
        x_label="distance over the best variant's (log scale)",
        y_label=f"share of {len(tasks)} tasks",
        numbers=numbers,
        y_scale={"low": 0.0, "high": 1.0},
        notes=("a curve that is higher and further left is better",),
    )


def _first(columns: Mapping[str, Column], names: Sequence[str]) -> str | None:
    for name in names:
        for key in sorted(columns):
            if measurement_name(key) == name:
                return key
    return None


def _most_telling(columns: Mapping[str, Column]) -> str | None:
    """The first distance; without one, the first score of which the perfect value is known."""

    def place(key: str) -> tuple[bool, bool, str]:
        return columns[key]["panel"] != "distance", columns[key]["null"] is None, key

    return min(columns, key=place, default=None)


def _over_budget(
    lines: Sequence[Line],
    key: str,
    column: Column,
    records: Records,
    styles: Styles,
    rule: tuple[float, str] | None,
    ends: Mapping[str, float],
) -> Chart | None:
    curves = {
        line.label: [(run, _curve(records.get(run["run_id"]), key)) for run in line.entry.runs]
        for line in lines
    }
    values = [point[1] for own in curves.values() for _, curve in own for point in curve]
    if rule:
        values.append(rule[0])
    # As in the tables: of distances the geometric mean, where all are positive.
    geometric = column["panel"] == "distance" and all(value > 0 for value in values)
    series = [
        _series(label, styles[label], own, geometric=geometric) for label, own in curves.items()
    ]
    row = lines[0].row
    scale = "log scale" if not ends and all(value > 0 for value in values) else ""
    unit = f"in {column['unit']}" if column["unit"] else ""
    arrows = {"lower": "lower is better", "higher": "higher is better", "target": ""}
    about = ", ".join(filter(None, (unit, scale, arrows[column["direction"]])))
    return draw(
        series,
        title=f"{column['label']} on {lines[0].section}",
        task=row["task"],
        x_label="share of the budget used",
        y_label=about,
        numbers=_numbers(curves),
        rule=rule,
        notes=_without_curves(curves),
        x_scale={"low": 0.0, "high": 1.0},
        y_scale=ends or None,
        x_ticks=_PERCENT,
    )


Curves = Mapping[str, Sequence[tuple[Mapping[str, Any], list[Point]]]]


def _curve(record: Record | None, key: str) -> list[Point]:
    if record is None:
        return []
    found = ((point["fraction"], point["scores"].get(key)) for point in record["points"])
    return [(fraction, value) for fraction, value in found if value is not None]


def _series(
    label: str,
    style: Style,
    curves: Sequence[tuple[Mapping[str, Any], list[Point]]],
    *,
    geometric: bool,
) -> Series:
    finished = [curve for run, curve in curves if run["status"] == "ok" and curve]
    points: list[Point] = []
    for marks in zip(*finished, strict=False):
        values = [value for _, value in marks]
        mean = geometric_mean(values) if geometric else math.fsum(values) / len(values)
        if mean is not None:
            points.append((math.fsum(x for x, _ in marks) / len(marks), mean))
    what = f"{'geometric mean' if geometric else 'mean'} of {len(finished)} finished runs"
    tips = [f"{label}: {number(y)} at {percent(x)} of the budget, {what}" for x, y in points]
    threads = [_thread(label, run, curve) for run, curve in curves if curve]
    spoken = (
        f"{label}: from {number(points[0][1])} to {number(points[-1][1])}, {what}"
        if points
        else f"{label}: no finished run"
    )
    return Series(label, style, points, tips, threads, spoken)


def _thread(label: str, run: Mapping[str, Any], curve: list[Point]) -> Thread:
    (_, first), (x, last) = curve[0], curve[-1]
    status, failed = str(run["status"]), run["status"] not in ("ok", UNFINISHED)
    tip = f"{label}, seed {run['seed']}: {number(first)} → {number(last)}"
    if failed:
        tip += f", then {status}, last evaluated at {percent(x)} of the budget"
    return Thread(curve, tip, status, failed)


def _numbers(curves: Curves) -> Numbers:
    longest = max((curve for own in curves.values() for _, curve in own), key=len, default=[])
    rows = [
        (
            label,
            f"{label}, seed {run['seed']}",
            str(run["status"]),
            [number(value) for _, value in curve] + [DASH] * (len(longest) - len(curve)),
        )
        for label, own in curves.items()
        for run, curve in own
        if curve
    ]
    return Numbers([percent(x) for x, _ in longest], rows)


def _without_curves(curves: Curves) -> list[str]:
    """Such as ``not drawn, since never evaluated: dcgan, seeds 0-2 (error)``."""
    gone = [(label, run) for label, own in curves.items() for run, curve in own if not curve]
    groups = grouped(gone, lambda pair: (pair[0], pair[1]["status"]))
    named = [
        f"{label}, seed{'s' if len(own) > 1 else ''} "
        f"{interval_of_seeds(int(run['seed']) for _, run in own)} ({status})"
        for (label, status), own in groups.items()
    ]
    return [f"not drawn, since never evaluated: {'; '.join(named)}"] if named else []
