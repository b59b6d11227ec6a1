"""A column as text is the same for every form."""

from __future__ import annotations

import pytest

from ganbench.tables.forms.columns import TextColumn, value_and_spread
from ganbench.tables.forms.frames import as_frame, as_frames
from ganbench.tables.forms.table import Cell, Heading, Row, Table

HEADINGS = (
    Heading("variant"),
    Heading("step", "lower", "s", prefixed=True),
    Heading("modes", "target"),
)
ROWS = (
    Row("ring8", (Cell("dcgan"), Cell(0.0023, 0.002, 0.0026, 5), Cell(8, n=1))),
    Row("ring8", (Cell("vanilla"), Cell(text="never trained"), Cell(7.0))),
    Row("digits", (Cell("perfect"), Cell(), Cell(10.0)), "reference"),
)
TABLE = Table("cost", "starter: cost", HEADINGS, ROWS)


def test_one_prefix_suits_the_largest_value_and_the_unit_says_so() -> None:
    column = TextColumn.of(TABLE, 1)
    assert column.title == "step [ms] ↓"
    assert column.texts == ["2.30 [2.00, 2.60]", "– never trained", "–"]
    assert not column.is_text


def test_words_are_text_and_have_no_arrow() -> None:
    column = TextColumn.of(TABLE, 0)
    assert (column.title, column.arrow, column.is_text) == ("variant", "", True)
    assert TextColumn.of(TABLE, 2).title == "modes →"


@pytest.mark.parametrize(
    ("cell", "pair"),
    [
        (Cell(), ("–", "")),
        (Cell(text="never trained"), ("– never trained", "")),
        (Cell(0.5, n=1), ("0.5", "[?]")),
        (Cell(0.2, 0.0, 0.7, 5, "1/5"), ("1/5", "[0.00, 0.70]")),
    ],
)
def test_values_and_spreads(cell: Cell, pair: tuple[str, str]) -> None:
    assert value_and_spread(cell) == pair


def test_a_frame_has_limits_where_there_are_some_and_base_units() -> None:
    frame = as_frame(TABLE)
    assert list(frame.columns) == [
        "task",
        "variant",
        "step [s]",
        "step [s] low",
        "step [s] high",
        "modes",
        "kind",
    ]
    assert frame.loc[0, "step [s]"] == 0.0023
    assert frame.loc[2, "kind"] == "reference"


def test_frames_of_one_title_are_told_apart_by_their_tasks() -> None:
    other = Table("cost", "starter: cost", HEADINGS, ROWS[:1])
    assert list(as_frames([TABLE, other])) == [
        "starter: cost (ring8, digits)",
        "starter: cost (ring8)",
    ]
    assert list(as_frames([TABLE])) == ["starter: cost"]
