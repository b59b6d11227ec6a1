"""The same variant at several learning rates becomes one row, held to the kernel."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest

from ganbench.planning.references import display_name
from ganbench.results.record import Record
from ganbench.statistics.stability import (
    LEARNING_RATE_GRID,
    learning_rate_sensitivity,
    utility,
)
from ganbench.tables.assemble import tables
from ganbench.tables.forms.render import FORMATS, render
from ganbench.tables.forms.table import Cell, Row, Table

from ..results.synthetic import CAPS, FLOORS, record, spec

GRID = LEARNING_RATE_GRID
LEVELS = {1 / 9: 60.0, 1 / 3: 8.0, 1.0: 2.0, 3.0: 4.0, 9.0: 200.0}
"""Final distance at each multiple, in floors."""


def run(
    name: str, scale: float, seed: int = 0, level: float = 2.0, task: str = "ring8", **more: Any
) -> Record:
    """A run whose final distance is so many floors."""
    own = more.pop("own", {})
    status = more.pop("status", "ok")
    parameters = {"lr": 2e-4, **own, "lr_scale": scale}
    display = display_name(name, {**own, **({} if scale == 1 else {"lr_scale": scale})})
    ends = [CAPS[task] * 0.9, FLOORS[task] * level]
    return record(spec(display, task, seed, parameters=parameters, **more), ends, status)


def sweep(name: str, seeds: int = 3, **more: Any) -> list[Record]:
    return [
        run(name, scale, seed, LEVELS[scale], **more) for scale in GRID for seed in range(seeds)
    ]


def the_table(records: list[Record]) -> Table:
    found = [table for table in tables(records) if table.name == "sensitivity"]
    assert len(found) == 1
    return found[0]


def cells(table: Table, row: Row) -> dict[str, Cell]:
    return {heading.name: cell for heading, cell in zip(table.headings, row.cells, strict=True)}


def by_label(table: Table) -> dict[str, dict[str, Cell]]:
    return {str(row.cells[0].value): cells(table, row) for row in table.rows}


def utility_at(level: float, task: str = "ring8") -> float:
    return utility(level * FLOORS[task], CAPS[task], FLOORS[task])


def test_one_row_holds_what_the_kernel_says() -> None:
    table = the_table(sweep("vanilla"))
    (row,) = table.rows
    known = {scale: utility_at(level) for scale, level in LEVELS.items()}
    score = learning_rate_sensitivity(known)
    assert score is not None
    got = cells(table, row)
    assert got["variant"].value == "vanilla"
    assert got["utility lost"].value == pytest.approx(score.mean_loss)
    assert got["width"].value == pytest.approx(score.width)
    assert (got["best at"].value, got["best at"].text) == (1.0, "x1")
    assert got["seeds"] == Cell(3, text="3")
    names = ["x1/9", "x1/3", "x1", "x3", "x9"]
    assert [heading.name for heading in table.headings[4:-2]] == names
    assert [got[name].value for name in names] == pytest.approx([known[scale] for scale in GRID])
    assert (row.kind, got["why no score"].value) == ("ranked", "")


def test_it_stands_right_behind_the_ranking() -> None:
    made = tables(sweep("vanilla"))
    assert [table.name for table in made[:2]] == ["ranking", "sensitivity"]
    assert made[1].title == "starter: learning-rate sensitivity"


def test_no_table_without_a_second_learning_rate() -> None:
    plain = [run("a", 1.0), run("b", 3.0), record(spec("c"), [0.1])]
    assert all(table.name != "sensitivity" for table in tables(plain))
    assert the_table([*plain, run("b", 1.0)]).rows[0].cells[0].value == "b"
    assert len(the_table([*plain, run("b", 1.0)]).rows) == 1


def test_utilities_are_means_over_seeds_and_the_unstable_count_zero() -> None:
    records = sweep("vanilla", seeds=1)
    records += [run("vanilla", 1.0, 1, status="nonfinite_weights"), run("vanilla", 1.0, 2, 6.0)]
    got = by_label(the_table(records))["vanilla"]
    assert got["x1"].value == pytest.approx((utility_at(2) + 0 + utility_at(6)) / 3)
    assert got["seeds"] == Cell(1, text="1–3")


def test_accidents_are_left_out_and_told() -> None:
    records = [*sweep("vanilla"), run("vanilla", 1.0, 3, status="timeout")]
    records.append(run("vanilla", 9.0, 3, status="killed"))
    table = the_table(records)
    got = by_label(table)["vanilla"]
    assert got["x1"].value == pytest.approx(utility_at(2))
    assert any("1 timeout, 1 killed" in note for note in table.notes)
    assert table.rows[0].kind == "below"
    assert not any("left out" in note for note in the_table(sweep("vanilla")).notes)


def test_an_incomplete_grid_has_a_reason_instead_of_a_score() -> None:
    records = [one for one in sweep("vanilla") if one["spec"]["parameters"]["lr_scale"] > 1 / 4]
    table = the_table([*records, *sweep("wgan-gp")])
    assert [row.kind for row in table.rows] == ["ranked", "below"]
    got = by_label(table)["vanilla"]
    assert got["why no score"].value == "not run at x1/9"
    assert got["utility lost"] == got["width"] == got["best at"] == got["x1/9"] == Cell()
    assert got["x3"].value == pytest.approx(utility_at(4))
    assert any(note.startswith("below the line") for note in table.notes)


def test_a_multiple_that_only_met_accidents_is_not_complete() -> None:
    records = [one for one in sweep("vanilla") if one["spec"]["parameters"]["lr_scale"] != 9]
    records += [run("vanilla", 9.0, seed, status="oom") for seed in range(3)]
    got = by_label(the_table(records))["vanilla"]
    assert got["why no score"].value == "no run at x9 has ended by itself"
    assert got["seeds"].text == "0–3"


def test_other_multiples_have_columns_but_no_part_in_the_score() -> None:
    records = [*sweep("vanilla"), *(run("vanilla", 0.5, seed, 1.0) for seed in range(3))]
    table = the_table(records)
    got, alone = by_label(table)["vanilla"], by_label(the_table(sweep("vanilla")))["vanilla"]
    assert got["x0.5"].value == 1.0
    for name in ("utility lost", "width", "best at"):
        assert got[name] == alone[name]


def test_who_never_trained_is_last_with_the_reason() -> None:
    never = [run("aaa", scale, seed, 1e6) for scale in GRID for seed in range(3)]
    table = the_table([*never, *sweep("vanilla")])
    assert [row.cells[0].value for row in table.rows] == ["vanilla", "aaa"]
    assert by_label(table)["aaa"]["why no score"].value == "never trained"
    assert [row.kind for row in table.rows] == ["ranked", "ranked"]


def test_the_least_sensitive_is_first_and_tasks_have_sections() -> None:
    flat = [run("flat", scale, seed, 8.0, task) for scale in GRID for seed in range(3)
            for task in ("ring8", "digits")]  # fmt: skip
    table = the_table([*sweep("vanilla"), *sweep("vanilla", task="digits"), *flat])
    assert [(row.section.split(",")[0], row.cells[0].value) for row in table.rows] == [
        *(("digits", "flat"), ("digits", "vanilla")),
        *(("ring8", "flat"), ("ring8", "vanilla")),
    ]
    got = by_label(table)["flat"]
    assert got["utility lost"].value == pytest.approx(0)
    assert got["best at"].text == "x1"  # of equals the recipe's own


def test_other_parameters_stay_in_the_name_and_apart() -> None:
    wide = sweep("vanilla", own={"width": 64})
    table = the_table([*sweep("vanilla"), *wide])
    assert sorted(by_label(table)) == ["vanilla", "vanilla[width=64]"]
    assert all(got["seeds"].text == "3" for got in by_label(table).values())


def test_versions_of_the_code_are_told_apart() -> None:
    pin = {**spec("vanilla").pins[0], "source_hash": "sha256:" + "cd" * 32}
    table = the_table([*sweep("vanilla"), *sweep("vanilla", pins=(pin,))])
    labels = [str(row.cells[0].value) for row in table.rows]
    assert len(set(labels)) == 2
    assert all(label.startswith("vanilla @") for label in labels)


@pytest.mark.parametrize("other", ["fast", True, -1.0, 0])
def test_a_plugins_own_idea_of_the_name_does_no_harm(other: Any) -> None:
    odd = [
        record(spec(f"odd[lr_scale={value}]", parameters={"lr_scale": value}), [0.1])
        for value in (other, "x", None)
    ]
    assert all(table.name != "sensitivity" for table in tables(odd))


def test_a_name_that_cannot_be_read_stays_as_it_is() -> None:
    records = [
        record(spec(f"odd[x=a]b,{scale}", parameters={"lr_scale": scale}), [0.1]) for scale in GRID
    ]
    assert all(table.name != "sensitivity" for table in tables(records))


def test_a_best_at_an_end_of_the_grid_is_told() -> None:
    rising = [run("a", scale, 0, 90 / scale) for scale in GRID]
    table = the_table(rising)
    assert by_label(table)["a"]["best at"].text == "x9"
    assert any(note.startswith("best at an end") for note in table.notes)
    assert not any(note.startswith("best at") for note in the_table(sweep("vanilla")).notes)


def test_few_seeds_claim_no_order() -> None:
    claim = "fewer than 5 seeds: no order is claimed"
    assert claim in the_table(sweep("vanilla", seeds=4)).notes
    assert claim not in the_table(sweep("vanilla", seeds=5)).notes


def test_every_form_has_it() -> None:
    table = the_table([*sweep("vanilla"), *sweep("wgan-gp", task="digits")])
    text = render([table])
    assert max(map(len, text.splitlines())) <= 100
    assert "utility lost ↓" in text
    rows = list(csv.DictReader(io.StringIO(render([table], "csv"))))
    assert {row["key"] for row in rows} >= {"lr_sensitivity/mean-loss", "utility/lr_scale=1/9"}
    (shown,) = json.loads(render([table], "json"))["tables"]
    assert shown["rows"][0]["cells"][1]["value"] == table.rows[0].cells[1].value
    assert all(render([table], form) for form in FORMATS)
