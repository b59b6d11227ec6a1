"""Utility over cost: who is on the front, by hand and against all pairs."""

from __future__ import annotations

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


def charts() -> list[Chart]:
    """Of variants that have the more parameters, the longer their names are."""
    records = [
        cast("Record", {**one, "parameters": {"generator": 10_000 * len(one["spec"]["variant"])}})
        for one in starter()
    ]
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
