"""A run is kept under the suite that ran it first, and belongs to all that would run it."""

from __future__ import annotations

from dataclasses import replace
from importlib.resources import files
from pathlib import Path

import pytest

from ganbench.api.errors import NothingSelected
from ganbench.planning.suite import load_suite
from ganbench.publishing.loading import load_selected
from ganbench.publishing.membership import under_suite
from ganbench.results.frame import collect
from ganbench.results.seal import seal

from ..results.synthetic import curve, record, spec

TASK = next(task for task in load_suite("starter").tasks if task.name == "ring8")
FIRST = replace(spec("vanilla", "ring8", 0), task=TASK)
SECOND = replace(spec("dcgan", "ring8", 0), task=TASK, suite="mine")
ELSEWHERE = replace(FIRST, task=replace(TASK, fakes=TASK.fakes + 1), suite="mine")


@pytest.fixture
def suite(tmp_path: Path) -> str:
    """The starter suite under another name, as somebody copies it to change it."""
    text = (files("ganbench.planning") / "suites" / "starter.toml").read_text("utf-8")
    file = tmp_path / "mine.toml"
    file.write_text(text.replace('name = "starter"', 'name = "mine"'))
    return str(file)


def test_what_another_suite_ran_first_is_taken_over(suite: str) -> None:
    runs = collect([record(one, curve("ring8", 2, 0)) for one in (FIRST, SECOND, ELSEWHERE)])
    ours = under_suite(runs, suite)
    # What a suite ran itself is its own, with whatever budget or counts.
    assert set(ours.frame["run_id"]) == {FIRST.run_id, SECOND.run_id, ELSEWHERE.run_id}
    assert set(ours.frame["suite"]) == {"mine"}
    theirs = under_suite(runs, "starter")
    assert set(theirs.frame["run_id"]) == {FIRST.run_id, SECOND.run_id}
    # Of a suite that is not at hand nobody knows what it would run.
    assert set(under_suite(runs, "mine").frame["run_id"]) == {SECOND.run_id, ELSEWHERE.run_id}


def test_tables_of_a_suite_have_its_runs(suite: str, tmp_path: Path) -> None:
    for one in (FIRST, SECOND):
        folder = tmp_path / "runs" / one.run_id
        folder.mkdir(parents=True)
        (folder / "record.json").write_bytes(seal(record(one, curve("ring8", 2, 0))))
    loaded = load_selected(tmp_path / "runs", suite=suite, variants=["vanilla"])
    assert list(loaded.runs.frame["variant"]) == ["vanilla"]
    assert [row["variant"] for row in loaded.runs.hidden] == ["dcgan"]
    with pytest.raises(NothingSelected, match="is of suite 'minf'") as told:
        load_selected(tmp_path / "runs", suite="minf")
    assert told.value.hint == "did you mean mine?"
