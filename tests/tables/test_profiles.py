"""The tables about choosing, and the note on pairs, by hand."""

from __future__ import annotations

import itertools
import json
from collections.abc import Sequence
from dataclasses import replace

import pytest

from ganbench.planning.budget import Budget
from ganbench.results.record import Record
from ganbench.statistics.permutation import holm, permutation_test
from ganbench.statistics.stability import utility
from ganbench.tables.assemble import tables
from ganbench.tables.forms.render import FORMATS, render
from ganbench.tables.forms.table import Table

from ..results.synthetic import CAPS, FD, FLOORS, W2, record, spec, starter

DEAD = "nonfinite_weights"


def runs_of(variant: str, ends: Sequence[float | str], task: str = "ring8") -> list[Record]:
    """One run per seed: its final distance, or the word for how it failed."""
    return [
        record(spec(variant, task, seed), [end] if isinstance(end, float) else [0.5],
               "ok" if isinstance(end, float) else end)
        for seed, end in enumerate(ends)
    ]  # fmt: skip


def named(records: Sequence[Record], name: str) -> list[Table]:
    return [table for table in tables(records) if table.name == name]


def texts(table: Table) -> dict[str, list[str]]:
    return {str(row.cells[0].value): [cell.text for cell in row.cells[1:]] for row in table.rows}


THREE = {
    "a": {"ring8": [0.01], "grid25": [0.10], "digits": [5.0]},
    "b": {"ring8": [0.012], "grid25": [0.05], "digits": [60.0]},
    "c": {"ring8": [DEAD], "grid25": [0.05], "digits": [2.0, 50.0]},  # geometric mean 10
}


def three() -> list[Record]:
    return list(
        itertools.chain(
            *(runs_of(one, ends, task) for one, by in THREE.items() for task, ends in by.items())
        )
    )


def test_a_performance_profile_by_hand() -> None:
    # Ratios to the best: a 1, 2, 1; b 1.2, 1, 12; c failed, 1, 2.
    (table,) = named(three(), "profile")
    assert [heading.name for heading in table.headings] == [
        *("variant", "best", "within 1.1 x", "within 1.5 x", "within 2 x", "within 5 x"),
        "within 10 x",
    ]
    assert texts(table) == {
        "a": ["2/3", "2/3", "2/3", "3/3", "3/3", "3/3"],
        "b": ["1/3", "1/3", "2/3", "2/3", "2/3", "2/3"],
        "c": ["1/3", "1/3", "1/3", "2/3", "2/3", "2/3"],
    }
    assert table.rows[0].cells[1].value == pytest.approx(2 / 3)
    assert "of digits, grid25, ring8" in table.notes[0]


def test_a_profile_puts_what_has_no_rank_below_the_line() -> None:
    records = [*three(), *runs_of("d", [0.001], "ring8"), *runs_of("d", [0.001], "grid25")]
    (table,) = named(records, "profile")
    # Two seeds occur, and only c has both of them on one task: nobody is complete.
    assert {row.kind for row in table.rows} == {"below"}
    assert texts(table)["d"] == ["2/3"] * 6
    (table,) = named(starter(), "profile")
    kinds = {str(row.cells[0].value): row.kind for row in table.rows}
    assert kinds["wgan-gp"] == "ranked"
    assert kinds["dcgan"] == "below"
    assert list(kinds)[-2:] == ["dcgan", "vanilla"]


def test_a_profile_names_the_marked_that_it_leaves_out() -> None:
    records = three()
    for one in records:
        one["coupled"] = one["spec"]["variant"] == "c"
    (table,) = named(records, "profile")
    assert set(texts(table)) == {"a", "b"}
    assert table.notes[2] == "without marked rows, and so without c"


def test_a_profile_needs_two_tasks_and_two_variants() -> None:
    assert not named([*runs_of("a", [0.1]), *runs_of("b", [0.2])], "profile")
    assert not named([*runs_of("a", [0.1]), *runs_of("a", [0.1], "grid25")], "profile")


def test_a_profile_is_of_the_main_settings() -> None:
    records = [one for one in three() if one["spec"]["variant"] != "c"]
    small = replace(spec().task, budget=Budget("steps", 10.0))
    records.append(record(replace(spec("b"), task=small), [1e-5]))
    records[-1]["used"]["steps"] = 10
    (table,) = named(records, "profile")
    assert texts(table)["a"][0] == "2/3"


def test_a_profile_leaves_out_tasks_with_negative_distances() -> None:
    records = [one for one in three() if one["spec"]["variant"] != "c"]
    records = [
        one
        for one in records
        if (one["spec"]["variant"], one["spec"]["task"]["name"]) != ("b", "digits")
    ]
    records += runs_of("b", [-0.5], "digits")
    (table,) = named(records, "profile")
    assert texts(table)["a"][0] == "1/2"
    assert "of grid25, ring8" in table.notes[0]


def values(table: Table) -> dict[str, list[float | str | None]]:
    return {str(row.cells[0].value): [cell.value for cell in row.cells[2:]] for row in table.rows}


def test_a_tuning_table_by_hand() -> None:
    records = [
        *runs_of("a", [0.1, 0.2, 0.6]),
        *runs_of("b", [0.3, DEAD, 0.5]),
        *runs_of("c", [DEAD, DEAD, 0.05]),
        *runs_of("d", [0.7]),
        *runs_of("e", [0.8, 0.9, "timeout"]),
    ]
    (table,) = named(records, "tuning")
    assert [heading.name for heading in table.headings][2:] == [
        "best of 1",
        "best of 2",
        "best of 3",
    ]
    found = values(table)
    # Of a's three pairs two hold 0.1; of b's, the pair without a failure has 0.3.
    assert found["a"] == pytest.approx([0.3, (0.1 + 0.1 + 0.2) / 3, 0.1])
    assert found["b"][0] is None
    assert found["b"][1:] == pytest.approx([(0.3 + 0.5 + 0.3) / 3, 0.3])
    assert found["c"] == [None, None, 0.05]
    assert found["d"] == [0.7, None, None]
    assert found["e"] == [pytest.approx(0.85), 0.8, None]
    runs = {str(row.cells[0].value): row.cells[1].text for row in table.rows}
    assert runs == {"a": "3/3", "b": "2/3", "c": "1/3", "d": "1/1", "e": "2/2"}
    assert table.title == "starter: best of k seeds, W2"
    assert "what reporting the best of k seeds would have shown" in table.notes[0]


@pytest.mark.parametrize(
    ("seeds", "sizes"),
    [(2, [1, 2]), (5, [1, 2, 5]), (7, [1, 2, 5, 7]), (12, [1, 2, 5, 10, 12])],
)
def test_columns_of_a_tuning_table(seeds: int, sizes: list[int]) -> None:
    (table,) = named(runs_of("a", [0.1 + 0.01 * seed for seed in range(seeds)]), "tuning")
    assert [heading.name for heading in table.headings][2:] == [f"best of {k}" for k in sizes]
    assert values(table)["a"][-1] == pytest.approx(0.1)


def test_tuning_needs_two_runs_of_a_variant_on_the_task() -> None:
    assert not named([*runs_of("a", [0.1]), *runs_of("b", [0.2, "oom"])], "tuning")
    records = [*runs_of("a", [0.1, 0.2]), *runs_of("a", [0.3], "grid25")]
    (table,) = named(records, "tuning")
    assert {row.section for row in table.rows} == {"ring8, 1TFLOP"}


def test_tuning_never_mixes_distances() -> None:
    found = named(starter(), "tuning")
    assert [
        {heading.key.rpartition("/")[0] for heading in table.headings[2:]} for table in found
    ] == [
        {FD},
        {W2},
    ]
    assert len({table.title for table in found}) == 2


def test_the_new_tables_in_every_form() -> None:
    found = [*named(starter(), "profile"), *named(starter(), "tuning")]
    for form in FORMATS:
        text = render(found, form)
        assert "best of 5" in text, form
        assert "within 1.1 x" in text, form
    assert [one["name"] for one in json.loads(render(found, "json"))["tables"]] == [
        *("profile", "tuning", "tuning")
    ]


LEVELS = {"a": 2, "b": 2.01, "c": 20}


def ranked(seeds: int, tasks: Sequence[str] = ("ring8", "grid25")) -> dict[str, list[list[float]]]:
    """Final distances of three variants, task by task."""
    return {
        name: [
            [FLOORS[task] * level * (1 + 0.02 * seed) for seed in range(seeds)] for task in tasks
        ]
        for name, level in LEVELS.items()
    }


def pair_notes(ends: dict[str, list[list[float]]], tasks: Sequence[str]) -> list[str]:
    records = [
        one
        for name, by_task in ends.items()
        for task, values in zip(tasks, by_task, strict=True)
        for one in runs_of(name, values, task)
    ]
    return [note for note in tables(records)[0].notes if "pairs of variants" in note]


def test_pairs_that_differ_are_counted() -> None:
    tasks = ("ring8", "grid25")
    ends = ranked(5, tasks)
    utilities = {
        name: [
            [utility(end, CAPS[task], FLOORS[task]) for end in values]
            for task, values in zip(tasks, by_task, strict=True)
        ]
        for name, by_task in ends.items()
    }
    p_values = [
        permutation_test(list(zip(utilities[a], utilities[b], strict=True))).p_value
        for a, b in itertools.combinations(utilities, 2)
    ]
    differ = sum(p_value < 0.05 for p_value in holm(p_values))
    assert 0 < differ < 3
    assert pair_notes(ends, tasks) == [
        f"{differ} of 3 pairs of variants differ in utility at p < 0.05 (permutation test over "
        "seeds, Holm over all pairs); `ganbench compare` tests some against one of them"
    ]


def test_only_ranked_variants_make_pairs() -> None:
    tasks = ("ring8", "grid25")
    ends = ranked(5, tasks)
    ends["c"][0].pop()
    assert pair_notes(ends, tasks)[0].startswith("0 of 1 pairs")


def test_few_seeds_make_no_pairs() -> None:
    assert not pair_notes(ranked(4), ("ring8", "grid25"))
    assert not pair_notes({"a": ranked(5)["a"]}, ("ring8", "grid25"))


def test_what_would_take_too_long_is_not_tested() -> None:
    assert pair_notes(ranked(11, ("ring8",)), ("ring8",)) == []
    many = {
        f"v{index}": [[0.01 + 0.001 * index + 1e-4 * seed for seed in range(5)]]
        for index in range(21)
    }
    assert not pair_notes(many, ("ring8",))
    del many["v20"]
    assert pair_notes(many, ("ring8",))[0].startswith("0 of 190 pairs")
