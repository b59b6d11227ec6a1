"""What utility costs: every variant at its price, and the front that no other one is beyond."""

from __future__ import annotations

import math
from collections.abc import Callable, Container, Mapping, Sequence
from typing import TYPE_CHECKING

from ganbench.reporting.charts import Chart, Numbers, Point, Series, Style, Thread, draw
from ganbench.statistics.groups import grouped
from ganbench.wording import common_prefix, number

if TYPE_CHECKING:
    from ganbench.tables.aggregate import Estimate
    from ganbench.tables.panels import Line

ALIKE = 1.05
"""Costs whose largest is below this times the smallest tell nobody apart."""

_COSTS: tuple[tuple[str, str, str, Callable[[Line], float | None]], ...] = (
    ("compute", "FLOP", "total", lambda line: line.row.value("flops")),
    ("training time", "s", "total", lambda line: line.row.value("seconds")),
    ("parameters", "", "mean", lambda line: line.row["parameters"]),
)
"""Name, unit, what is made of the tasks' costs, and where one is."""


def pareto_charts(lines: Sequence[Line], styles: Mapping[str, Style]) -> list[Chart]:
    """The suite's utility over each cost in which variants differ.

    Whoever is marked, controls among them, is shown and competes with nobody, as in tables. Times
    of several devices have no chart: they do not compare.

    Args:
        lines: of one edition.
        styles: variant -> how it looks.
    """
    ranked = [line for line in lines if line.row.value("suite_utility") is not None]
    variants = grouped(ranked, lambda line: line.label)
    marked = {line.label for line in ranked if line.row.grave_marks}
    devices = {line.row["device_name"] for line in ranked}
    utilities = {label: own[0].row.estimates["suite_utility"] for label, own in variants.items()}
    charts = []
    for name, unit, how, price in _COSTS:
        costs = {
            label: _cost([price(line) for line in own], how) for label, own in variants.items()
        }
        if name == "training time" and len(devices) > 1:
            continue
        known = {label: costs[label] for label in styles if costs.get(label) is not None}
        prices = [cost for cost in known.values() if cost is not None]
        if len(known) < 2 or max(prices) < ALIKE * min(prices):
            continue
        factor, letter = common_prefix(prices)
        whole = [
            (label, styles[label], price / factor, utilities[label])
            for label, price in zip(known, prices, strict=True)
        ]
        what = f"{name} of a seed" if how == "total" else name
        charts.append(_chart(whole, marked, what, f"{letter}{unit}"))
    return [chart for chart in charts if chart]


Priced = tuple[str, Style, float, "Estimate"]
"""A variant, how it looks, what it costs, its utility."""


def _chart(
    variants: Sequence[Priced], marked: Container[str], what: str, unit: str
) -> Chart | None:
    points = {label: (cost, utility.value or 0.0) for label, _, cost, utility in variants}
    competing = {label: point for label, point in points.items() if label not in marked}
    front = front_of(list(competing.values()))
    on_it = ", ".join(label for label, point in competing.items() if point in front)
    notes = [f"on the front, where nothing is both better and cheaper: {on_it}"] if on_it else []
    if apart := ", ".join(label for label in points if label not in competing):
        notes.append(f"marked, so not on the front: {apart}")
    named = f"{what} [{unit}]" if unit else what
    return draw(
        [_series(*one, f"{unit} of {what}".lstrip()) for one in variants],
        title=f"Utility over {what}",
        task="",
        x_label=f"{named} (log scale)",
        y_label="higher and further left is better",
        numbers=Numbers(
            [named, "utility"],
            [(label, label, "", list(map(number, point))) for label, point in points.items()],
        ),
        y_scale={"low": 0.0, "high": 1.0},
        notes=tuple(notes),
        front=front,
    )


def front_of(points: Sequence[Point]) -> list[Point]:
    """The points (cost, utility) that no other one beats in both, the cheapest first."""
    front: list[Point] = []
    for point in sorted(points, key=lambda one: (one[0], -one[1])):
        if not front or point[1] > front[-1][1]:
            front.append(point)
    return front


def _cost(prices: Sequence[float | None], how: str) -> float | None:
    """Over the tasks; None where one is not known, or is nothing that a logarithm has."""
    known = [price for price in prices if price is not None and price > 0]
    if not known or len(known) < len(prices):
        return None
    return math.fsum(known) / (len(known) if how == "mean" else 1)


def _series(label: str, style: Style, cost: float, utility: Estimate, what: str) -> Series:
    value = utility.value or 0.0
    tip = f"{label}: utility {number(value)} for {number(cost)} {what}"
    threads = []
    if utility.low is not None and utility.high is not None:
        limits = f"{number(utility.low)} to {number(utility.high)}"
        ends = [(cost, utility.low), (cost, utility.high)]
        threads.append(Thread(ends, f"{label}: 95 % interval {limits}", "ok"))
    return Series(label, style, [(cost, value)], [tip], threads, tip)
