"""Thresholds are the specs', and rates of copies have the null that they have by definition."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ganbench.publishing.validation.validate import validate
from ganbench.results.frame import collect
from ganbench.results.record import Column, Record
from ganbench.statistics.nulls import NEAR, chance_of_rate, near_error
from ganbench.tables.marks import LEVEL

from ...results.synthetic import W2, column, curve, record, spec
from ..doctored import published

QUALITY = "high-quality/8@2500"
HELD_OUT = "near_held-out/raw/heldout/1000x1000"
TRAIN, TWICE = "near_train/raw/heldout/1000x1000", "near_duplicates/raw/heldout/1000x1000"
TASK = replace(spec().task, thresholds={"high-quality": 0.8})


def judged(variant: str, seed: int, copies: float) -> Record:
    """A run with a threshold, and a share of samples near to training samples."""
    made = record(replace(spec(variant, seed=seed), task=TASK), curve("ring8", 2, seed))
    made["columns"][QUALITY]["threshold"] = 0.8
    for key, together in ((TRAIN, 1), (HELD_OUT, 1), (TWICE, 2)):
        error = near_error(1000, together)
        made["columns"][key] = column(key, "collapse", "target", null=NEAR, null_error=error)
    made["points"][-1]["scores"] |= {TRAIN: copies, HELD_OUT: 0.0, TWICE: 0.0}
    return made


RUNS = collect(
    judged(name, seed, copies)
    for name, copies in (("vanilla", 0.01), ("wgan-gp", 0.2))
    for seed in range(5)
)


def told(folder: Path, key: str, edit: Callable[[Any], object]) -> Path:
    """The leaderboard of runs whose score is described otherwise: all that is derived agrees."""
    scores: dict[tuple[str, str], Column] = {}
    for (setting, name), one in RUNS.scores.items():
        scores[setting, name] = one.copy()
        if name == key:
            edit(scores[setting, name])
    return published(folder, replace(RUNS, scores=scores), lambda row: row)


def test_what_follows_from_spec_and_definition_is_valid(tmp_path: Path) -> None:
    assert validate(told(tmp_path, TRAIN, lambda _: None)).findings == []
    assert chance_of_rate(1000, 5000, NEAR, near_error(1000)) < LEVEL  # or no null would matter


CHANGES: dict[str, tuple[str, Callable[[Any], object], str]] = {
    "no threshold": (QUALITY, lambda one: one.pop("threshold"), "threshold is none, by the specs"),
    "a lower one": (QUALITY, lambda one: one.update(threshold=0.1), "by the specs it is 0.8"),
    "one of its own": (TRAIN, lambda one: one.update(threshold=0.1), "by the specs it is none"),
    "no fakes": (TRAIN, lambda one: one.update(n_fake=0), "n_fake 0, its key has 1000x1000"),
    "no null": (TRAIN, lambda one: one.update(null=None), "null is none"),
    "a null too low": (TRAIN, lambda one: one.update(null=0.001), "from 0.01 to 1"),
    "a null of all": (TWICE, lambda one: one.update(null=1.0), "from 0.01 to 1"),
    "a vague null": (TRAIN, lambda one: one.update(null_error=0.09), "null_error is 0.09"),
    "a null of which nothing is known": (
        HELD_OUT,
        lambda one: one.update(null_error=0.5),
        "more than any rate of 0.01 has",
    ),
    "a vague null of pairs": (
        TWICE,
        lambda one: one.update(null_error=near_error(1000)),
        "null_error is",
    ),
}


@pytest.mark.parametrize("case", CHANGES)
def test_a_score_that_is_described_otherwise_is_found(tmp_path: Path, case: str) -> None:
    key, edit, message = CHANGES[case]
    found = validate(told(tmp_path, key, edit)).errors
    assert [(one.file, one.column) for one in found] == [("datapackage.json", key)], found
    assert message in found[0].message


def test_a_null_that_only_data_could_bear_out_is_told_of(tmp_path: Path) -> None:
    """Data may hold exact copies: half of the real samples here, or so the manifest says."""
    report = validate(told(tmp_path, TRAIN, lambda one: one.update(null=0.5)))
    assert report.errors == []
    (warning,) = report.warnings
    assert (warning.column, "0.5: right if that share" in warning.message) == (TRAIN, True)


def test_a_null_that_only_few_training_samples_leave_so_vague_is_told_of(tmp_path: Path) -> None:
    """With it no share of copies of held-out samples is too many."""
    report = validate(told(tmp_path, HELD_OUT, lambda one: one.update(null_error=0.0994)))
    assert report.errors == []
    (warning,) = report.warnings
    assert (warning.column, "fewer than 100 training" in warning.message) == (HELD_OUT, True)


def test_a_floor_without_its_spread_is_told_of(tmp_path: Path) -> None:
    """No mark says of a distance below it that it is too good to be true."""
    report = validate(told(tmp_path, W2, lambda one: one.update(floor_error=1e-4)))
    assert report.errors == []
    (warning,) = report.warnings
    assert (warning.column, "no floor_spread" in warning.message) == (W2, True)
    known = told(tmp_path, W2, lambda one: one.update(floor_error=1e-4, floor_spread=1e-3))
    assert validate(known).findings == []


STRICT = {"direction": "higher", "null": 0.7}


def test_a_score_that_is_read_from_its_wrong_end_is_told_of(tmp_path: Path) -> None:
    """It cannot be told from a suite that asks for more than real samples have."""
    report = validate(told(tmp_path, QUALITY, lambda one: one.update(direction="lower")))
    assert report.errors == []
    (warning,) = report.warnings
    assert warning.column == QUALITY
    assert "more than real samples have, 0.8" in warning.message
    strict = validate(told(tmp_path, QUALITY, lambda one: one.update(STRICT)))
    assert [one.column for one in strict.warnings] == [QUALITY]
    assert strict.errors == []


def test_a_score_with_a_threshold_may_not_be_left_out(tmp_path: Path) -> None:
    scores = {place: one for place, one in RUNS.scores.items() if place[1] != QUALITY}
    runs = replace(RUNS, scores=scores, frame=RUNS.frame.drop(columns=QUALITY))
    found = validate(published(tmp_path, runs, lambda row: row)).errors
    assert any("it is no score here" in one.message for one in found), found


@pytest.mark.parametrize("key", [QUALITY, TRAIN])
def test_a_finished_run_has_what_may_cost_it_its_rank(tmp_path: Path, key: str) -> None:
    folder = published(
        tmp_path, RUNS, lambda row: row["variant"] == "wgan-gp" and row.update({key: None})
    )
    found = validate(folder).errors
    assert {(one.row, one.column) for one in found} == {(row, key) for row in range(7, 12)}


def test_the_error_of_a_rate_is_that_of_the_scores() -> None:
    """Written twice, since scores need torch and `validate` does not."""
    neighbours = pytest.importorskip("ganbench_plugins.scores.kernels.neighbours")
    assert neighbours.NEAR == NEAR
    for n, together in ((7, 1), (1000, 1), (2500, 2)):
        assert neighbours.rate_error(n, together) == near_error(n, together)
