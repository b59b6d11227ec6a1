from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ganbench.api.errors import UsageError
from ganbench.api.version import PROTOCOL_VERSION, SCHEMA_VERSION
from ganbench.tables.assemble import tables
from ganbench.tables.coverage import Coverage
from ganbench.tables.forms.markup import safe_cell
from ganbench.tables.forms.render import FORMATS, render
from ganbench.tables.forms.table import Cell, Heading, Row, Table

from ...results.synthetic import FD, record, spec, starter

ALL = tables(starter())
TERMINAL = render(ALL)


def test_the_terminal_form_fits_and_has_no_escapes() -> None:
    assert max(map(len, TERMINAL.splitlines())) <= 100
    assert "\x1b" not in TERMINAL
    assert not any(line != line.rstrip() for line in TERMINAL.splitlines())


@pytest.mark.parametrize("width", [60, 80, 120, 200])
def test_other_widths_fit_as_well(width: int) -> None:
    assert max(map(len, render(ALL, width=width).splitlines())) <= width


def test_colour_changes_nothing_but_colour() -> None:
    coloured = render(ALL, color=True)
    assert "\x1b[" in coloured
    assert re.sub(r"\x1b\[[\d;]*m", "", coloured) == TERMINAL


def test_the_tables_say_what_a_reader_must_know() -> None:
    for words in (
        "– never trained",
        "4 ok, 1 nonfinite_weights",
        "4 ok, 1 timeout",
        "1/5 [0.01, 0.72]",  # Clopper-Pearson of 1 in 5
        "floor: real data",
        "FD[classifier] ↓",
        "coverage ↑",
        "modes →",
        "compute [TFLOP]",
        "step [ms] ↓",
        "2 of 5 seeds on digits,",
        "on: AMD EPYC",
    ):
        assert words in TERMINAL


def test_tables_come_in_the_order_in_which_they_are_read() -> None:
    names = dict.fromkeys(table.name for table in ALL)
    assert list(names) == [
        *("ranking", "stability", "distance", "profile", "tuning", "collapse", "cost")
    ]


def test_below_the_line_stands_what_has_no_rank() -> None:
    kinds = {row.cells[1].value: row.kind for row in ALL[0].rows}
    assert kinds == {
        "wgan-gp": "ranked",
        "stillborn[lr=1.0]": "ranked",
        "dcgan": "below",
        "vanilla": "below",
    }
    assert [row.cells[0].value for row in ALL[0].rows] == ["1", "2", None, None]


def test_a_column_has_one_key() -> None:
    for table in ALL:
        keys = [heading.key for heading in table.headings if heading.key]
        assert len(set(keys)) == len(keys)


def test_tables_keep_the_order_of_the_suite() -> None:
    ordered = tables(starter(), Coverage(("ring8", "digits", "grid25"), (0, 1, 2, 3, 4)))
    sections = list(dict.fromkeys(row.section.split(",")[0] for row in ordered[1].rows))
    assert sections == ["ring8", "digits", "grid25"]


def test_protocols_have_tables_of_their_own() -> None:
    old = [record(spec("a"), [0.1])]
    new = [{**one, "protocol": PROTOCOL_VERSION + 1, "run_id": "a-new"} for one in old]
    titles = [table.title for table in tables([*old, *new])]
    assert titles[0] == f"starter, protocol {PROTOCOL_VERSION}: ranking"
    assert f"starter, protocol {PROTOCOL_VERSION + 1}: ranking" in titles


def test_two_codes_of_one_name_are_told_apart() -> None:
    pin = {**spec().pins[1], "source_hash": "sha256:" + "cd" * 32}
    made = tables([record(spec("a"), [0.1]), record(spec("a", pins=(pin,)), [0.1])])
    names = [str(row.cells[1].value) for row in made[0].rows]
    assert len(set(names)) == 2
    assert all(re.fullmatch(r"a @[0-9a-f]{6}", name) for name in names)


def test_a_version_has_the_same_label_on_every_task() -> None:
    records = []
    for task in ("ring8", "digits"):
        run = spec("a", task)
        pin = {**run.pins[1], "source_hash": "sha256:" + "cd" * 32}
        records += [record(run, [0.1]), record(spec("a", task, pins=(run.pins[0], pin)), [0.1])]
    made = tables(records)
    assert len(made[0].rows) == 2
    assert len({row.cells[1].value for table in made[:2] for row in table.rows}) == 2


def test_no_runs_make_no_tables() -> None:
    assert tables([]) == []
    assert render([]) == ""
    assert json.loads(render([], "json")) == {"schema": SCHEMA_VERSION, "tables": []}


HOSTILE = Table(
    "cost",
    "a|b_c",
    (Heading("variant"), Heading("x_y", "lower", "s", key="k|1")),
    (Row("=task", (Cell("=HYPERLINK(1)|$x_#{}%&~^\\"), Cell(1.5, 1.0, 2.0, 5))),),
    ("note_with <html> | pipe",),
    1,
)


def test_markdown_is_escaped() -> None:
    text = render([HOSTILE], "md")
    row = next(line for line in text.splitlines() if "HYPERLINK" in line)
    assert len(re.findall(r"(?<!\\)\|", row)) == 4
    assert r"\_" in text
    assert "<html>" not in text.replace(r"\<html\>", "")


def test_latex_is_escaped() -> None:
    text = render([HOSTILE], "latex")
    row = next(line for line in text.splitlines() if "HYPERLINK" in line)
    assert row == (
        r"=task & =HYPERLINK(1)\textbar{}\$x\_\#\{\}\%\&\textasciitilde{}\textasciicircum{}"
        r"\textbackslash{} & 1.5 [1.0, 2.0] \\"
    )
    assert text.count(r"\begin{tabular}") == text.count(r"\end{tabular}") == 1


def test_csv_has_one_line_per_value_and_no_formula() -> None:
    rows = list(csv.DictReader(io.StringIO(render([HOSTILE], "csv"))))
    assert len(rows) == 1
    assert rows[0]["row"].startswith("'=HYPERLINK")
    assert rows[0]["section"] == "'=task"
    assert (rows[0]["value"], rows[0]["low"], rows[0]["n"]) == ("1.5", "1.0", "5")
    numbers = csv.DictReader(io.StringIO(render(ALL, "csv")))
    assert all(line["value"] == "" or line["column"] for line in numbers)


@given(st.text())
def test_safe_cells_are_safe(text: str) -> None:
    safe = safe_cell(text)
    assert not safe.lstrip().startswith(("=", "+", "-", "@"))
    assert safe in (text, f"'{text}")


def test_json_holds_everything() -> None:
    document = json.loads(render(ALL, "json"))
    assert [table["name"] for table in document["tables"]] == [table.name for table in ALL]
    cell = document["tables"][0]["rows"][0]["cells"][2]
    assert cell["low"] < cell["value"] < cell["high"]


def test_an_unknown_format_is_told_with_a_suggestion() -> None:
    with pytest.raises(UsageError, match="did you mean latex"):
        render(ALL, "latecks")
    assert all(render(ALL, form) for form in FORMATS)


def test_a_long_name_is_folded_and_numbers_are_not() -> None:
    cells = (Cell("a" * 150), Cell(1.5, 1.0, 2.0, 5))
    wide = replace(HOSTILE, rows=(Row("", cells),))
    text = render([wide])
    assert max(map(len, text.splitlines())) <= 100
    assert "1.5 [1.0, 2.0]" in text
    assert text.count("a" * 20) > 1


def test_a_measured_floor_stands_below_the_closed_form() -> None:
    records = [record(spec("a", "digits", seed), [9.0, 8.0]) for seed in range(2)]
    for one in records:
        one["columns"][FD]["measured_floor"] = 1.75
    text = render(tables(records), "terminal")
    assert re.search(r"floor: real data +1\.5\b", text)
    assert re.search(r"floor, measured +1\.75", text)
    assert "floor, measured" not in TERMINAL


def test_scores_that_say_nothing_are_marked() -> None:
    records = [record(spec("a", "digits", seed), [9.0, 8.0]) for seed in range(2)]
    keys = {key.partition("/")[0]: key for key in records[0]["columns"]}
    for one in records:
        one["columns"][keys["precision"]]["null"] = 0.9
        one["columns"][keys["recall"]]["read_with"] = keys["precision"]
        one["points"][-1]["scores"][keys["precision"]] = 0.1
    text = render(tables(records), "terminal")
    assert text.count("not interpretable") == 2  # the cell and the note that explains it
    cells = [cell for table in tables(records) for row in table.rows for cell in row.cells]
    (silent,) = [cell for cell in cells if cell.text == "not interpretable"]
    assert (silent.value, silent.low, silent.high) == (None, None, None)
    assert "not interpretable" not in TERMINAL


def test_names_are_not_torn_apart() -> None:
    names = ["wgan-gp[lr_scale=1/9]", "a-model-of-many-words[discriminator_norm=layer]"]
    rows = tuple(
        Row("", (Cell(name), Cell("a reason of many words " * 4), Cell(1.0))) for name in names
    )
    headings = (Heading("variant"), Heading("why"), Heading("score"))
    text = render([Table("x", "X", headings, rows)], "terminal", width=60)
    assert names[0] in text
    assert names[1] not in text  # longer than any column of names may be
    assert max(map(len, text.splitlines())) <= 60
