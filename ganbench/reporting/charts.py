"""Charts as geometry: what is where, for a template that writes it down as SVG.

A series is told from the others by its colour, by the shape of its marks, by its dashes beyond the
first few, and by its name beside its end.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from ganbench.reporting.scales import Scale, scale_of

WIDTH, HEIGHT = 400, 290
LEFT, TOP, BOTTOM = 50, 12, 40
LETTER, LINE = 7.0, 15.0
"""Pixels of an average letter, and between the names of two series."""
BESIDE = 30
"""Pixels between the plot and the names: a leader and a mark."""
LONGEST = 16
"""Letters of a name beside a line; the rest of it is in the tooltip."""
COLOURS = 6

_SHAPES = (
    "M-3.5 0a3.5 3.5 0 1 0 7 0a3.5 3.5 0 1 0-7 0z",
    "M-3.2-3.2h6.4v6.4h-6.4z",
    "M0-4.2L4 3h-8z",
    "M0-4.4L4.4 0 0 4.4-4.4 0z",
    "M0 4.2L4-3h-8z",
    "M-3.6-1.3h2.3v-2.3h2.6v2.3h2.3v2.6h-2.3v2.3h-2.6v-2.3h-2.3z",
)

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Style:
    """How a variant looks in every chart of the page."""

    colour: int
    shape: str
    dashed: bool

    @classmethod
    def number(cls, index: int) -> Style:
        """The style of the variant with that place in the ranking."""
        turn = index // COLOURS  # every further round has the next shape for each colour
        return cls(index % COLOURS, _SHAPES[(index + turn) % len(_SHAPES)], turn > 0)


@dataclass(frozen=True, slots=True)
class Thread:
    """One run: a thin line, with a cross at its end where the run failed there."""

    points: Sequence[Point]
    tip: str
    status: str
    failed: bool = False


@dataclass(frozen=True, slots=True)
class Series:
    """One variant: its mean over runs as a strong line with marks, and its runs.

    Args:
        name: of the variant.
        style: see `Style`.
        points: of the mean; none where no run is finished.
        tips: one for each point.
        threads: its runs.
        label: read by screen readers instead of the drawing.
        steps: whether the line moves in steps.
    """

    name: str
    style: Style
    points: Sequence[Point]
    tips: Sequence[str]
    threads: Sequence[Thread] = ()
    label: str = ""
    steps: bool = False


@dataclass(frozen=True, slots=True)
class DrawnThread:
    """A `Thread` in pixels."""

    path: str
    tip: str
    status: str
    end: Point | None


@dataclass(frozen=True, slots=True)
class Drawn:
    """A `Series` in pixels; no `path` where no run is finished, no `name` and `leader` where none
    was ever evaluated."""

    series: Series
    path: str
    marks: Sequence[tuple[float, float, str]]
    threads: Sequence[DrawnThread]
    name: str
    name_y: float
    leader: str


@dataclass(frozen=True, slots=True)
class Numbers:
    """What a chart shows, as a table for those who read rather than look."""

    headings: Sequence[str]
    rows: Sequence[tuple[str, str, str, Sequence[str]]]
    """Variant, run, status, and a text per heading."""


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart in pixels, with its words."""

    title: str
    task: str
    x_label: str
    y_label: str
    width: float
    height: float
    right: float
    bottom: float
    x_ticks: Sequence[tuple[float, str]]
    y_ticks: Sequence[tuple[float, str]]
    series: Sequence[Drawn]
    rule: tuple[float, str] | None
    numbers: Numbers
    notes: Sequence[str] = field(default=())
    front: str = ""


def draw(
    series: Sequence[Series],
    *,
    title: str,
    task: str,
    x_label: str,
    y_label: str,
    numbers: Numbers,
    rule: tuple[float, str] | None = None,
    notes: Sequence[str] = (),
    x_scale: Mapping[str, float] | None = None,
    y_scale: Mapping[str, float] | None = None,
    x_ticks: Sequence[tuple[float, str]] | None = None,
    front: Sequence[Point] = (),
) -> Chart | None:
    """Lay out a chart; None where there is nothing to draw.

    Args:
        series: in the order of the legend.
        title, task, x_label, y_label: words; `task` for filters, may be empty.
        numbers: the same as a table.
        rule: height and name of a horizontal line, e.g. the noise floor.
        notes: below the chart, one line each.
        x_scale, y_scale: fixed ends, `low` or `high` or both; else a logarithmic axis that fits.
        x_ticks: instead of those of the scale.
        front: corners of a line in steps behind everything, which belongs to no variant.
    """
    points = [point for one in series for point in _all_points(one)]
    if not points:
        return None
    named = [one for one in series if _end(one)]
    letters = max((min(len(one.name), LONGEST) for one in named), default=0)
    right = WIDTH - letters * LETTER - BESIDE
    height = max(HEIGHT, TOP + BOTTOM + LINE * len(named))
    bottom = height - BOTTOM
    x = scale_of((p[0] for p in points), LEFT, right, **(x_scale or {}))
    heights = [p[1] for p in points] + ([rule[0]] if rule else [])
    y = scale_of(heights, bottom, TOP, **(y_scale or {}))
    places = _spread([y(end[1]) for one in named if (end := _end(one))], TOP + 4, bottom)
    ends = dict(zip((one.name for one in named), places, strict=True))
    return Chart(
        title=title,
        task=task,
        x_label=x_label,
        y_label=y_label,
        width=WIDTH,
        height=height,
        right=right,
        bottom=bottom,
        x_ticks=[(x(value), text) for value, text in (x_ticks or x.ticks())],
        y_ticks=[(y(value), text) for value, text in y.ticks()],
        series=[_drawn(one, x, y, ends.get(one.name)) for one in series],
        rule=(y(rule[0]), rule[1]) if rule else None,
        numbers=numbers,
        notes=notes,
        front=_path(front, x, y, steps=True) if front else "",
    )


def _end(series: Series) -> Point | None:
    """Where its name is led from: the end of its mean, or of its longest run without one."""
    if series.points:
        return series.points[-1]
    longest = max((one.points for one in series.threads), key=len, default=())
    return longest[-1] if longest else None


def _all_points(series: Series) -> Iterable[Point]:
    yield from series.points
    for thread in series.threads:
        yield from thread.points


def _drawn(series: Series, x: Scale, y: Scale, name_y: float | None) -> Drawn:
    marks = [
        (x(one[0]), y(one[1]), tip) for one, tip in zip(series.points, series.tips, strict=True)
    ]
    threads = [
        DrawnThread(
            _path(one.points, x, y),
            one.tip,
            one.status,
            (x(one.points[-1][0]), y(one.points[-1][1])) if one.failed else None,
        )
        for one in series.threads
        if one.points
    ]
    end = _end(series)
    if end is None or name_y is None:
        return Drawn(series, "", marks, threads, "", 0.0, "")
    name = series.name if len(series.name) <= LONGEST else series.name[: LONGEST - 1] + "…"
    leader = f"M{x(end[0]) + 5:g} {y(end[1]):g}L{x.end + 10:g} {name_y:g}"
    path = _path(series.points, x, y, steps=series.steps) if series.points else ""
    return Drawn(series, path, marks, threads, name, name_y, leader)


def _path(points: Sequence[Point], x: Scale, y: Scale, *, steps: bool = False) -> str:
    parts = [f"{x(a):g} {y(b):g}" for a, b in points]
    if len(parts) == 1:  # a line of no length: with round ends it is seen as a dot
        return f"M{parts[0]}h0"
    if not steps:
        return "M" + "L".join(parts)
    corners = [f"H{x(a):g}V{y(b):g}" for a, b in points[1:]]
    return f"M{parts[0]}" + "".join(corners)


def _spread(wanted: Sequence[float], top: float, bottom: float) -> list[float]:
    """Heights near the wanted ones, in their order, at least a line apart where there is room."""
    order = sorted(range(len(wanted)), key=lambda index: wanted[index])
    gap = min(LINE, (bottom - top) / max(1, len(wanted) - 1))
    placed: list[float] = []
    for index in order:
        placed.append(max(wanted[index], top if not placed else placed[-1] + gap))
    limit = bottom
    for place in range(len(placed) - 1, -1, -1):
        placed[place] = min(placed[place], limit)
        limit = placed[place] - gap
    result = [0.0] * len(wanted)
    for place, index in enumerate(order):
        result[index] = round(placed[place], 1)
    return result
