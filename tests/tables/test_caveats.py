"""What the real side leaves in doubt is said under every table that prints scores of it."""

from __future__ import annotations

import json

import pytest

from ganbench.results.record import Record
from ganbench.tables.assemble import tables
from ganbench.tables.caveats import FEW
from ganbench.tables.forms.table import Table

from ..results.synthetic import FD, record, spec, starter

FEW_NOTE = "few real samples to compare with: "
TRAIN_NOTE = "nothing is held out: "


def notes(records: list[Record], beginning: str) -> dict[str, str]:
    """Table -> the note that begins like that, if there is one."""
    return {
        one.name: note
        for one in tables(records)
        for note in one.notes
        if note.startswith(beginning) and _shows(one)
    }


def _shows(table: Table) -> bool:
    return table.name in ("ranking", "distance", "collapse")


def changed(old: str, new: str) -> list[Record]:
    """The starter suite's records with another text in them."""
    records: list[Record] = json.loads(json.dumps(starter()).replace(old, new))
    return records


def test_there_is_none_where_all_is_well() -> None:
    assert not notes(starter(), FEW_NOTE)
    assert not notes(starter(), TRAIN_NOTE)


@pytest.mark.parametrize("count", [1, 3, FEW - 1])
def test_few_real_samples_are_told_where_they_are_compared_with(count: int) -> None:
    records = starter()
    for one in records:
        if FD in one["columns"]:
            one["columns"][FD]["n_real"] = count
    told = notes(records, FEW_NOTE)
    assert set(told) == {"ranking", "distance"}  # of the other scores there are enough
    assert f"digits ({count:,}); below 1,000" in told["ranking"]
    assert "ring8" not in told["ranking"]


def test_scores_without_real_samples_are_none_of_few() -> None:
    records = starter()
    for one in records:
        for column in one["columns"].values():
            column["n_real"] = 0
    assert not notes(records, FEW_NOTE)


def test_the_train_split_is_told_where_nothing_was_held_out() -> None:
    told = notes(changed("/heldout/", "/train/"), TRAIN_NOTE)
    assert {"ranking", "distance"} <= set(told)
    assert "digits" in told["ranking"]


def test_and_not_where_the_task_asks_for_it() -> None:
    text = json.dumps(changed("/heldout/", "/train/"))
    asked: list[Record] = json.loads(text.replace('"split": "heldout"', '"split": "train"'))
    assert not notes(asked, TRAIN_NOTE)


def test_data_that_do_not_vary_are_told_where_their_distances_stand() -> None:
    records = starter()
    assert not notes(records, "real samples do not vary: ")
    for one in records:
        if FD in one["columns"]:
            one["columns"][FD] |= {"floor": 0.0, "cap": 0.0}
    told = notes(records, "real samples do not vary: ")
    assert told["distance"].startswith("real samples do not vary: digits; distances have no scale")


@pytest.mark.parametrize("unstable", [0, 2])
def test_a_distance_that_survivors_are_ranked_by_is_told(unstable: int) -> None:
    records = [
        record(
            spec(variant, "ring8", seed),
            [0.1 * (1 + seed / 50)],
            "diverged" if variant == "b" and seed < unstable else "ok",
        )
        for variant in "ab"
        for seed in range(7)
    ]
    told = notes(records, "ranked by the runs that were not unstable: ")
    assert told.keys() == ({"distance"} if unstable else set())
    assert all(note.endswith(": b; see stability") for note in told.values())
