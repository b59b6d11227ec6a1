from __future__ import annotations

from ganbench.reporting.grids import MOST_LETTERS, grids
from ganbench.tables.forms.table import Cell, Heading, Row, Table

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


def test_a_long_reason_goes_on_in_the_next_line_and_not_in_another_table() -> None:
    scores = ["utility"] * 4
    (made,) = grids(table(*scores, reason=REASON * 3), {}, "Ranking")
    assert [column.name for column in made.columns] == ["variant", *scores, "why no rank"]
    assert len(REASON * 3) > MOST_LETTERS
