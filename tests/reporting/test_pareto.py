"""Utility over cost: who is on the front, by hand and against all pairs."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import cast

from hypothesis import given
from hypothesis import strategies as st

from ganbench.reporting.charts import Chart, Style
from ganbench.reporting.pareto import front_of, pareto_charts
from ganbench.results.frame import collect
from ganbench.results.record import Record
from ganbench.tables.assemble import editions

from ..results.synthetic import starter

POINTS = st.lists(st.tuples(st.integers(1, 9), st.integers(0, 9)), min_size=1)


@given(points=POINTS)
def test_nothing_beats_the_front(points: list[tuple[int, int]]) -> None:
    floats = [(float(cost), float(utility)) for cost, utility in points]
    front = front_of(floats)
    best = {
        one
        for one in floats
        if not any(other != one and other[0] <= one[0] and other[1] >= one[1] for other in floats)
    }
    assert set(front) == best
    assert front == sorted(front)


def charts(changed: Callable[[Record], None] = lambda _: None) -> list[Chart]:
    """Of variants that have the more parameters and take longer, the longer their names are."""
    records = []
    for one in starter():
        name = one["spec"]["variant"]
        own = {"generator": 10_000 * len(name), "discriminator": 1}
        records.append(cast("Record", {**copy.deepcopy(one), "parameters": own}))
        records[-1]["used"]["seconds"] *= len(name)
        changed(records[-1])
    (lines,) = editions(collect(records)).values()
    styles = {line.label: Style.number(index) for index, line in enumerate(lines)}
    return pareto_charts(lines, styles)


def test_a_chart_for_each_cost_in_which_variants_differ() -> None:
    found = charts()
    assert found
    for chart in found:
        assert chart.front.startswith("M")
        assert len(chart.series) > 1
        for one in chart.series:
            assert len(one.marks) == 1
            (thread,) = one.threads  # the interval, through the mark
            assert one.marks[0][0] == float(thread.path[1:].split()[0])
        named = [name for name, *_ in chart.numbers.rows]
        assert all(name in named for name in chart.notes[0].partition(": ")[2].split(", "))


def test_controls_compete_with_nobody() -> None:
    (without,) = (one for one in charts() if one.title == "Utility over parameters")
    best = without.notes[0].partition(": ")[2].split(", ")[0]

    def controlled(one: Record) -> None:
        if one["spec"]["variant"] == best:
            one["parameters"]["discriminator"] = 0

    (found,) = (one for one in charts(controlled) if one.title == "Utility over parameters")
    own, apart = found.notes
    assert best not in own
    assert apart == f"marked, so not on the front: {best} (control)"
    assert {one.name for one in found.series} >= {f"{best} (control)"}  # it is shown
    assert found.front != without.front


def test_times_of_several_devices_have_no_chart() -> None:
    def elsewhere(one: Record) -> None:
        if one["spec"]["variant"] == "dcgan":
            one["environment"]["device_name"] = "H200"

    alone, mixed = ({one.title for one in found} for found in (charts(), charts(elsewhere)))
    assert alone - mixed == {"Utility over training time of a seed"}
