"""The perfect and the reference generators stand in every table of scores and have no rank."""

from __future__ import annotations

import csv
import io
import json

from ganbench.results.record import Record
from ganbench.results.references import COPIES, GAUSSIAN, NOISE, PERFECT
from ganbench.tables.assemble import tables
from ganbench.tables.forms.render import render
from ganbench.tables.forms.table import Table

from ..results.synthetic import CAPS, FLOORS, W2, record, spec

MODES = "modes/8@2500"


def runs() -> list[Record]:
    """Of two variants on the ring, which was scored for three generators as well."""
    found = []
    for seed in range(5):
        for variant, level in (("vanilla", 40.0), ("wgan-gp", 4.0)):
            one = record(spec(variant, seed=seed), [0.9, FLOORS["ring8"] * level])
            distances = {COPIES: 0.003, GAUSSIAN: 0.05, NOISE: 0.1}
            one["columns"][W2]["references"] = distances
            one["columns"][MODES]["references"] = {COPIES: 8.0, NOISE: 7.0}
            found.append(one)
    return found


def named(name: str, records: list[Record]) -> Table:
    return next(table for table in tables(records) if table.name == name)


def references(table: Table) -> dict[str, list[object]]:
    """Name -> the cells behind it, in the order of the rows."""
    place = [heading.name for heading in table.headings].index("variant")
    return {
        str(row.cells[place].value): [cell.value for cell in row.cells[place + 1 :]]
        for row in table.rows
        if row.kind == "reference"
    }


def test_they_follow_the_variants_in_the_tables_of_scores() -> None:
    distance = references(named("distance", runs()))
    assert list(distance) == ["floor: real data", COPIES, GAUSSIAN, NOISE]
    assert [cells[1] for cells in distance.values()] == [FLOORS["ring8"], 0.003, 0.05, 0.1]
    collapse = references(named("collapse", runs()))
    assert list(collapse) == [PERFECT, COPIES, NOISE]
    kinds = [row.kind for row in named("distance", runs()).rows]
    assert kinds == [*["ranked"] * 2, *["reference"] * 4]


def test_the_ranking_has_their_utilities_and_none_has_a_rank() -> None:
    table = named("ranking", runs())
    assert {name: cells[0] for name, cells in references(table).items()} == {
        PERFECT: 1.0, COPIES: 1.0, GAUSSIAN: 0.0, NOISE: 0.0,
    }  # fmt: skip
    ranks = {row.cells[1].value: row.cells[0].value for row in table.rows}
    assert ranks["wgan-gp"] == "1"
    assert not any(ranks[name] for name in (PERFECT, COPIES, GAUSSIAN, NOISE))
    # vanilla ends at .16, farther than the Gaussian: nothing is left of its utility.
    utilities = {row.cells[1].value: row.cells[2].value for row in table.rows}
    assert utilities["vanilla"] == 0


def test_a_generator_that_a_task_does_not_know_has_no_mean_over_tasks() -> None:
    both = [
        *runs(),
        *(record(spec(v, "grid25", s), [1.0]) for v in ("vanilla", "wgan-gp") for s in range(5)),
    ]
    assert references(named("ranking", both)) == {}
    for one in both:
        if one["spec"]["task"]["name"] == "grid25":
            one["columns"][W2]["references"] = {NOISE: CAPS["grid25"] / 2}
    assert list(references(named("ranking", both))) == [PERFECT, NOISE]


def test_every_form_has_them() -> None:
    made = tables(runs())
    assert GAUSSIAN in render(made)
    rows = list(csv.DictReader(io.StringIO(render(made, "csv"))))
    assert any(NOISE in row.values() for row in rows)
    assert any(NOISE in json.dumps(one) for one in json.loads(render(made, "json"))["tables"])
