from __future__ import annotations

import pytest

from ganbench.reporting.grids import MOST_LETTERS, grids
from ganbench.tables.forms.table import Cell, Heading, Row, RowKind, Table

REASON = "near duplicates 0.197, of real samples 0.01 on the digits of a task with a long name"


def table(*headings: str, reason: str = "") -> Table:
    cells = (Cell("gan"), *(Cell(0.5, 0.1234567, 0.7654321) for _ in headings), Cell(reason))
    columns = (Heading("variant"), *map(Heading, headings), Heading("why no rank"))
    return Table("ranking", "Ranking", columns, (Row("", cells),), ("a note",), fixed=1)


def test_a_wide_table_goes_on_in_another_with_the_same_first_columns() -> None:
    scores = [f"score {number}" for number in range(9)]
    made = grids(table(*scores), {}, "All of it")
    assert [one.title for one in made] == ["All of it", "All of it, continued"]
    assert [one.columns[0].name for one in made] == ["variant", "variant"]
    assert [column.name for one in made for column in one.columns[1:]] == scores
    assert [list(one.notes) for one in made] == [[], ["a note"]]  # below the last


def test_what_is_best_near_a_reference_is_sorted_by_its_distance_from_that_of_its_section() -> None:
    def row(section: str, name: str, value: float | None, kind: RowKind = "ranked") -> Row:
        return Row(section, (Cell(name), Cell(value)), kind)

    rows = (
        row("one", "a", 0.5), row("one", "b", 1.2), row("one", "c", None),
        row("one", "perfect", 1.0, "reference"), row("one", "noise", 9.0, "reference"),
        row("two", "a", 0.5), row("two", "perfect", 0.25, "reference"),
    )  # fmt: skip
    headings = (Heading("variant"), Heading("density", "target"))
    (made,) = grids(Table("collapse", "Collapse", headings, rows, (), fixed=1), {}, "Collapse")
    assert made.columns[1].first == "ascending"
    orders = {
        section: [one.cells[1].apart and float(one.cells[1].apart) for one in own]
        for section, _, own in made.sections
    }
    assert orders["one"][:2] == pytest.approx([0.5, 0.2])
    assert orders["one"][2:4] == ["", 0.0]
    assert orders["two"] == pytest.approx([0.25, 0.0])


def test_a_long_reason_goes_on_in_the_next_line_and_not_in_another_table() -> None:
    scores = ["utility"] * 4
    (made,) = grids(table(*scores, reason=REASON * 3), {}, "Ranking")
    assert [column.name for column in made.columns] == ["variant", *scores, "why no rank"]
    assert len(REASON * 3) > MOST_LETTERS
