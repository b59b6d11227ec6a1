"""Charts: marks where the values are, names apart, failed runs with a cross."""

from __future__ import annotations

import itertools
import re
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from ganbench.reporting.charts import (
    LINE,
    Chart,
    Numbers,
    Series,
    Style,
    Thread,
    _spread,
    draw,
)

NUMBERS = Numbers([], [])


def drawn(*series: Series, **more: Any) -> Chart:
    words = {"title": "t", "task": "", "x_label": "x", "y_label": "y", "numbers": NUMBERS}
    chart = draw(series, **{**words, **more})
    assert chart is not None
    return chart


def line(name: str, *heights: float, threads: tuple[Thread, ...] = (), index: int = 0) -> Series:
    points = [(place / 10, height) for place, height in enumerate(heights, start=1)]
    return Series(name, Style.number(index), points, [f"{one}" for one in heights], threads)


def test_the_path_goes_through_the_marks() -> None:
    (one,) = drawn(line("a", 1.0, 0.1, 0.01)).series
    corners = [tuple(map(float, pair)) for pair in re.findall(r"([\d.]+) ([\d.]+)", one.path)]
    assert corners == [(x, y) for x, y, _ in one.marks]
    heights = [y for _, y, _ in one.marks]
    assert heights == sorted(heights)  # smaller values are further down
    assert abs((heights[1] - heights[0]) - (heights[2] - heights[1])) < 0.3  # on a log scale


def test_a_failed_run_ends_with_a_cross_and_is_named_where_no_run_of_it_has_finished() -> None:
    failed = Thread([(0.1, 1.0), (0.2, 2.0)], "tip", "diverged", failed=True)
    fine = Thread([(0.1, 1.0), (0.2, 3.0)], "tip", "ok")
    chart = drawn(line("a", 1.0, 3.0, threads=(fine,)), line("b", threads=(failed,), index=1))
    first, second = chart.series
    assert [thread.end for thread in first.threads] == [None]
    (cross,) = [thread.end for thread in second.threads]
    assert cross is not None
    assert cross[0] == first.marks[-1][0]
    assert (first.name, second.name, second.path) == ("a", "b", "")
    assert second.leader.startswith(f"M{cross[0] + 5:g} {cross[1]:g}L")
    never = drawn(line("a", 1.0, 3.0), line("b", index=1)).series[1]
    assert (never.name, never.leader) == ("", "")


def test_without_any_point_there_is_no_chart() -> None:
    words: dict[str, Any] = {"title": "", "task": "", "x_label": "", "y_label": ""}
    assert draw([line("a")], numbers=NUMBERS, **words) is None


def test_a_chart_grows_with_its_names() -> None:
    few = drawn(line("a", 1.0, 2.0))
    many = drawn(*(line(f"v{i}", 1.0, 1.0, index=i) for i in range(40)))
    assert many.height > few.height
    places = sorted(one.name_y for one in many.series)
    assert min(b - a for a, b in itertools.pairwise(places)) > LINE - 2


def test_the_first_styles_differ_in_colour_and_shape_and_later_ones_are_dashed() -> None:
    styles = [Style.number(index) for index in range(12)]
    assert len(set(styles)) == 12
    assert len({style.shape for style in styles[:6]}) == 6
    assert len({(one.colour, one.shape) for one in map(Style.number, range(36))}) == 36
    assert not any(style.dashed for style in styles[:6])
    assert all(style.dashed for style in styles[6:])


@given(st.lists(st.floats(0, 300), min_size=1, max_size=15))
def test_names_keep_the_order_of_their_lines_and_do_not_overlap(wanted: list[float]) -> None:
    places = _spread(wanted, 10, 260)
    ordered = [places[i] for i in sorted(range(len(wanted)), key=lambda i: wanted[i])]
    assert all(b - a >= LINE - 0.2 for a, b in itertools.pairwise(ordered))
    assert all(place <= 260 for place in places)
