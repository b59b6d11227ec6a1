"""Runs from a runs folder or a published leaderboard, all of them or those of some columns."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from ganbench.api.errors import NothingSelected, UsageError
from ganbench.publishing.loading import load_runs, load_selected
from ganbench.publishing.publish import publish
from ganbench.results.store import RunStore
from ganbench.tables.assemble import tables
from ganbench.tables.coverage import Coverage

from ..results.synthetic import curve, record, spec

RECORDS = [
    record(spec(name, task, seed), curve(task, 3, seed))
    for name in ("vanilla", "wgan-gp")
    for task in ("ring8", "grid25")
    for seed in (0, 1)
]


@pytest.fixture(params=["runs", "published"])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    if request.param == "published":
        return publish(RECORDS, "starter", tmp_path)[0].parent
    for one in RECORDS:
        RunStore(tmp_path / "runs").write(one)
    return tmp_path / "runs"


def test_a_runs_folder_tells_of_its_records_and_of_what_it_could_not_use(tmp_path: Path) -> None:
    store = RunStore(tmp_path)
    for one in RECORDS[:3]:
        store.write(one)
    store.create("unfinished-s9", spec(seed=9).to_json())
    (tmp_path / RECORDS[2]["run_id"] / "record.json").write_text("spoiled")
    loaded = load_runs(tmp_path)
    ended = sorted(one["run_id"] for one in RECORDS[:2])
    assert sorted(loaded.records) == ended
    assert set(loaded.runs.frame["run_id"]) == {*ended, "unfinished-s9"}
    assert loaded.coverage is None
    assert len(loaded.warnings) == 1


def test_a_leaderboard_tells_what_its_ranks_needed(tmp_path: Path) -> None:
    loaded = load_runs(publish(RECORDS, "starter", tmp_path)[0].parent)
    assert (len(loaded.runs.frame), loaded.records, loaded.warnings) == (8, {}, [])
    assert loaded.coverage == Coverage(("grid25", "ring8"), (0, 1))


def test_only_what_is_wanted_is_left(folder: Path) -> None:
    assert len(load_selected(folder).runs.frame) == 8
    left = load_selected(folder, tasks=["ring8"], variants=["vanilla", "dcgan"]).runs.frame
    assert {*zip(left["variant"], left["task"], strict=True)} == {("vanilla", "ring8")}
    assert len(left) == 2
    assert load_selected(folder, tasks=["ring8"]).coverage is None
    assert len(load_selected(folder, suite="starter").runs.frame) == 8


def test_who_asks_for_some_variants_is_told_that_there_are_others(folder: Path) -> None:
    def notes(*variants: str) -> str:
        loaded = load_selected(folder, variants=variants)
        return " ".join(tables(loaded.runs, loaded.coverage)[0].notes)

    assert "ranks among the variants shown: 1 other is left out" in notes("vanilla")
    assert "left out" not in notes()
    assert "left out" not in notes("vanilla", "wgan-gp")


def test_a_control_that_is_not_shown_is_not_missing(tmp_path: Path) -> None:
    task = replace(spec().task, controls=("tvae",))
    for name in ("vanilla", "tvae"):
        one = record(replace(spec(name), task=task), [0.1])
        one["parameters"]["discriminator"] = 0 if name == "tvae" else 1
        RunStore(tmp_path).write(one)
    loaded = load_selected(tmp_path, variants=["vanilla"])
    assert not any("without its controls" in note for note in tables(loaded.runs)[0].notes)


def test_nothing_selected_is_an_error(folder: Path) -> None:
    with pytest.raises(NothingSelected, match=r"no run in .* is of task 'ring'") as caught:
        load_selected(folder, tasks=["ring"])
    assert caught.value.hint == "did you mean ring8?"


def test_each_is_there_and_not_all_at_once(tmp_path: Path) -> None:
    for one in RECORDS:
        spec = one["spec"]
        if (spec["variant"], spec["task"]["name"]) != ("vanilla", "ring8"):
            RunStore(tmp_path).write(one)
    with pytest.raises(NothingSelected, match=r"no run in .* is all of this at once"):
        load_selected(tmp_path, tasks=["ring8"], variants=["vanilla"])


def test_what_is_wanted_and_not_there_is_told_beside_what_is(folder: Path) -> None:
    loaded = load_selected(folder, variants=["vanilla", "wgan-pg"])
    assert set(loaded.runs.frame["variant"]) == {"vanilla"}
    assert "is of variant 'wgan-pg'; did you mean wgan-gp?" in loaded.warnings[-1]


def test_a_folder_without_runs_says_where_there_may_be_some(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "none").mkdir()
    with pytest.raises(NothingSelected, match="there is no run in") as caught:
        load_selected(tmp_path / "none")
    assert "ganbench run --all --runs" in (caught.value.hint or "")
    board = publish(RECORDS, "starter", tmp_path / "none")[0].parent
    with pytest.raises(NothingSelected, match="there is no run in") as caught:
        load_selected(tmp_path / "none")
    assert caught.value.hint == f"there are leaderboards in it: --runs {board}"


def test_no_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot read the runs folder"):
        load_selected(tmp_path / "none")
