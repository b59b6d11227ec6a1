"""What a change is worth, by hand and against `compare`."""

from __future__ import annotations

import copy
import math
from collections.abc import Sequence

import pytest

from ganbench.results.frame import collect
from ganbench.results.record import Record
from ganbench.tables.assemble import tables
from ganbench.tables.comparison import compare
from ganbench.tables.forms.table import Row, Table

from ..results.synthetic import record, spec

DEAD = "nonfinite_weights"


def runs_of(variant: str, ends: Sequence[float | str], task: str = "ring8") -> list[Record]:
    return [
        record(spec(variant, task, seed), [end] if isinstance(end, float) else [0.5],
               "ok" if isinstance(end, float) else end)
        for seed, end in enumerate(ends)
    ]  # fmt: skip


def changes(records: Sequence[Record]) -> Table:
    (table,) = (one for one in tables(records) if one.name == "changes")
    return table


def rows(table: Table) -> dict[str, Row]:
    return {str(row.cells[0].value): row for row in table.rows}


BASE = [0.10, 0.11, 0.12, 0.10, 0.11]


def remedies() -> list[Record]:
    return [
        *runs_of("a", BASE),
        *runs_of("a", [2 * one for one in BASE], "grid25"),
        *runs_of("a+r1", [one / 4 for one in BASE]),
        *runs_of("a+r1", [2 * one for one in BASE], "grid25"),
        *runs_of("a+clip", [DEAD] * 5),
        *runs_of("a[width=9]", [3 * one for one in BASE]),
        *runs_of("b", BASE),
        *runs_of("ab", BASE),
    ]


def test_a_pair_of_the_models_name_is_no_change_of_the_variant_of_that_name() -> None:
    """`dcgan+hinge` has the model and a loss, and a batch and a rate of its own."""
    mine = {"lr": 2e-4, "width": None}
    pair = {"model.width": None, "loss.margin": 1.0}

    def of(variant: str, parameters: dict[str, object]) -> list[Record]:
        return [
            record(spec(variant, seed=seed, parameters=parameters), [end])
            for seed, end in enumerate(BASE)
        ]

    records = of("dcgan", mine) + of("dcgan+pac:2", {**mine, "pac.m": 2}) + of("dcgan+hinge", pair)
    assert list(rows(changes(records))) == ["dcgan+pac:2"]


def test_a_changed_control_is_compared_as_others_are() -> None:
    of_controls = runs_of("tvae", BASE) + runs_of("tvae[width=32]", [3 * one for one in BASE])
    for one in of_controls:
        one["parameters"]["discriminator"] = 0
    own = rows(changes(of_controls))
    assert list(own) == ["tvae[width=32]"]


def test_ratios_to_the_unchanged_variant() -> None:
    table = changes(remedies())
    own = rows(table)
    assert list(own) == ["a+r1", "a[width=9]", "a+clip"]  # the nearest to the data first
    assert {row.cells[1].value for row in own.values()} == {"a"}
    names = [heading.name for heading in table.headings]
    assert [name.partition(",")[0] for name in names[2:4]] == ["grid25", "ring8"]
    grid, ring = own["a+r1"].cells[2:4]
    assert ring.value == pytest.approx(1 / 4)
    assert grid.value == pytest.approx(1)
    assert ring.low is not None
    assert ring.high is not None
    assert ring.low < 1 / 4 < ring.high < 1
    assert own["a[width=9]"].cells[3].value == pytest.approx(3)
    assert own["a[width=9]"].cells[2].value is None  # was not run there
    assert own["a+clip"].cells[3].value is None  # has no finished run


def test_verdicts_are_those_of_compare() -> None:
    records = remedies()
    own = rows(changes(records))
    assert [cell.value for cell in own["a+r1"].cells[4:]] == ["ring8", ""]
    assert [cell.value for cell in own["a[width=9]"].cells[4:]] == ["", "ring8"]
    assert [cell.value for cell in own["a+clip"].cells[4:]] == ["", "ring8"]  # it died
    found = compare(collect(records), ["a", "a+r1", "a+clip", "a[width=9]"]).by_task
    better = {(one.b, *one.tasks) for one in found if one.verdict == "B better"}
    assert better == {("a+r1", "ring8")}


def test_another_suite_in_the_folder_changes_no_verdict() -> None:
    other = copy.deepcopy(remedies())
    for one in other:
        one["run_id"] += "-other"
        one["spec"]["suite"] = "other"
    alone, beside = changes(remedies()), tables([*remedies(), *other])
    (own,) = (one for one in beside if one.name == "changes" and one.title == alone.title)
    assert own == alone


def test_a_change_of_a_change_is_one_of_the_plainest_variant() -> None:
    records = [*runs_of("a", BASE), *runs_of("a+r1", BASE), *runs_of("a+r1+pac:2", BASE)]
    assert {row.cells[1].value for row in rows(changes(records)).values()} == {"a"}


def test_two_seeds_decide_nothing() -> None:
    records = [*runs_of("a", BASE[:2]), *runs_of("a+r1", [one / 9 for one in BASE[:2]])]
    table = changes(records)
    (row,) = table.rows
    assert [cell.value for cell in row.cells[3:]] == ["", ""]
    assert any("no order is claimed" in note for note in table.notes)


def test_one_seed_has_a_ratio_and_no_interval() -> None:
    (row,) = changes([*runs_of("a", [0.2]), *runs_of("a+r1", [0.1])]).rows
    assert row.cells[2].value == pytest.approx(0.5)
    assert row.cells[2].low is row.cells[2].high is None


@pytest.mark.parametrize("other", ["ab", "b+r1", "a[lr_scale=0.1]"])
def test_other_variants_are_no_change(other: str) -> None:
    """Another learning rate has a table of its own."""
    assert not [
        one for one in tables([*runs_of("a", BASE), *runs_of(other, BASE)]) if one.name == "changes"
    ]


def test_infinities_are_nowhere() -> None:
    cells = [cell for row in changes(remedies()).rows for cell in row.cells]
    numbers = [one for cell in cells for one in (cell.value, cell.low, cell.high)]
    assert all(math.isfinite(one) for one in numbers if isinstance(one, float))
