"""A seed counts once, however often it was run."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ganbench.planning.budget import Budget
from ganbench.planning.runspec import RunSpec
from ganbench.publishing.merge import merge_folders
from ganbench.publishing.publish import publish
from ganbench.publishing.reading import read_published
from ganbench.publishing.selection import publish_suite
from ganbench.publishing.validation.validate import validate
from ganbench.reporting.write import write_report
from ganbench.results.frame import Runs, collect
from ganbench.results.record import Record
from ganbench.results.store import RunStore
from ganbench.tables.assemble import tables
from ganbench.tables.comparison import TOO_FEW, compare
from ganbench.tables.comparison_tables import comparison_tables
from ganbench.tables.grouping import entries, one_per_seed
from ganbench.tables.leaderboard import leaderboard

from ..results.synthetic import curve, record, spec

LOW, HIGH = [0.010, 0.011, 0.012], [0.020, 0.022, 0.024]
WHY = "left out: a seed counts once, by the run of it that was started first"
EARLY, LATE = "2026-11-22T00:00:00+00:00", "2026-11-24T00:00:00+00:00"


def by(engine: str, variant: str, ends: Sequence[float], **more: Any) -> list[Record]:
    return [
        record(spec(variant, seed=seed, engine=engine), [end], **more)
        for seed, end in enumerate(ends)
    ]


def counted(*records: Record, unfinished: Sequence[RunSpec] = ()) -> list[str]:
    """The ids of the runs that count."""
    runs = collect(records, {one.run_id: one.to_json() for one in unfinished})
    kept, left_out = one_per_seed(runs)
    ids = [run["run_id"] for entry in entries(runs) for run in entry.runs]
    twins = {run["run_id"] for entry in entries(runs) for run in entry.twins}
    assert sorted(ids) == sorted(kept.frame["run_id"])
    assert twins == {run["run_id"] for run in left_out} == {*runs.frame["run_id"]} - {*ids}
    return ids


BOTH = [
    *by("eager", "a", HIGH), *by("stacked", "a", HIGH),
    *by("eager", "b", LOW), *by("stacked", "b", LOW),
]  # fmt: skip


def test_three_seeds_by_both_engines_are_three_seeds() -> None:
    found = compare(collect(BOTH), ["a", "b"])
    (one,) = found.by_task
    assert one.seeds == (3, 3)
    assert one.verdict == TOO_FEW
    (table,) = comparison_tables(found)
    assert [note for note in table.notes if WHY in note] == [
        f"6 runs of a, b on ring8 {WHY}, whatever became of it"
    ]


def test_other_seeds_of_another_engine_are_seeds_of_the_row() -> None:
    mixed = [*by("eager", "a", HIGH)[:2], *by("stacked", "a", HIGH)[2:], *by("stacked", "b", LOW)]
    found = compare(collect(mixed), ["a", "b"])
    assert found.by_task[0].seeds == (3, 3)
    assert not any(WHY in note for table in comparison_tables(found) for note in table.notes)


def test_tables_count_seeds_and_say_what_they_leave_out() -> None:
    frame = leaderboard(collect(BOTH))
    assert list(frame["runs"]) == [3, 3]
    assert list(frame["seeds"]) == ["0,1,2", "0,1,2"]
    assert list(frame["distance_n"]) == [3, 3]
    assert any(note.startswith("6 runs of a, b on ring8") for note in tables(BOTH)[0].notes)


@pytest.mark.parametrize("status", ["ok", "nonfinite_weights", "killed", "timeout"])
@pytest.mark.parametrize("other", ["ok", "nonfinite_weights", "killed"])
@pytest.mark.parametrize("engines", [("eager", "stacked"), ("stacked", "eager")])
def test_the_run_that_was_started_first_counts_whatever_became_of_it(
    status: str, other: str, engines: tuple[str, str]
) -> None:
    first, second = (spec(engine=engine) for engine in engines)
    runs = (record(first, [0.5], status, started=EARLY), record(second, [0.01], other))
    for order in itertools.permutations(runs):
        assert counted(*order) == [first.run_id]


@pytest.mark.parametrize("status", ["ok", "killed"])
def test_of_runs_of_one_second_the_eager_one_counts(status: str) -> None:
    eager, stacked = spec(), spec(engine="stacked")
    assert counted(record(stacked, [0.01]), record(eager, [0.5], status)) == [eager.run_id]


@pytest.mark.parametrize("status", ["ok", "nonfinite_weights", "killed"])
def test_a_run_without_a_record_gives_way(status: str) -> None:
    eager, stacked = spec(), spec(engine="stacked")
    assert counted(record(stacked, [0.5], status), unfinished=[eager]) == [stacked.run_id]
    assert counted(unfinished=[stacked, eager]) == [eager.run_id]


def test_a_twin_that_knew_no_distance_is_found() -> None:
    """It is no second run beside the one that has a distance."""
    eager, stacked = spec(), spec(engine="stacked")
    early = record(eager, [], "error", started=EARLY, environment={})
    assert counted(early, record(stacked, [0.01])) == [eager.run_id]


def test_what_is_no_twin_is_kept() -> None:
    """Another setting, code or parameter makes a row of its own."""
    one = spec()
    others = [
        replace(one, threads=2, engine="stacked"),
        replace(one, precision="bf16"),
        replace(one, memory_bytes=10**9),
        replace(one, parameters={"lr": 1e-4}),
        replace(one, pins=one.pins[1:]),
    ]
    assert len(counted(*(record(each, [0.1]) for each in (one, *others)))) == 6


@pytest.mark.parametrize("lost", [True, False])
def test_a_run_that_was_planned_for_another_device_is_no_twin(lost: bool) -> None:
    """Though nothing tells where it ran, as its process was killed or has not ended."""
    task = replace(spec().task, budget=Budget("seconds", 60))
    timed, other = (replace(spec(), task=task, device=device) for device in ("cpu", "cuda"))
    killed = [record(other, [], "killed", environment={}, started=EARLY)] if lost else []
    found = counted(record(timed, [0.1]), *killed, unfinished=[] if lost else [other])
    assert sorted(found) == sorted([timed.run_id, other.run_id])


def kept(folder: Path, *records: Record) -> Path:
    for one in records:
        RunStore(folder).write(one)
    return folder


SUITE = """
name = "starter"
description = "One task."
seeds = "0-2"

[[tasks]]
name = "ring8"
dataset = "ring8"
budget = "1TFLOP"
fakes = 2500
scores = ["w2", "modes"]
"""


def published_seeds(folder: Path) -> list[int]:
    runs: Runs = read_published(folder)[0]
    return [int(seed) for seed in runs.frame["seed"]]


def test_what_is_published_has_every_seed_once_and_is_valid(tmp_path: Path) -> None:
    suite, told = tmp_path / "suite.toml", list[str]()
    suite.write_text(SUITE)
    runs = kept(tmp_path / "runs", *BOTH)
    files = publish_suite(runs, str(suite), tmp_path / "out", unranked=False, remark=told.append)
    assert published_seeds(files[0].parent) == [0, 1, 2, 0, 1, 2]
    assert validate(files[0].parent).errors == []
    assert told[:2] == [f"6 runs of a, b on ring8 {WHY}, whatever became of it", "6 runs published"]


def test_records_by_both_engines_are_published_once(tmp_path: Path) -> None:
    folder = publish(BOTH, "starter", tmp_path)[0].parent
    assert published_seeds(folder) == [0, 1, 2, 0, 1, 2]
    assert validate(folder).errors == []


def test_the_engines_of_two_machines_merge_to_one_run_per_seed(tmp_path: Path) -> None:
    eager = publish(by("eager", "a", HIGH, started=LATE, finished=LATE), "starter", tmp_path / "1")
    stacked = kept(tmp_path / "2", *by("stacked", "a", LOW))
    for order in ((eager[0].parent, stacked), (stacked, eager[0].parent)):
        files, merged = merge_folders(order, tmp_path / "out")
        runs, _ = read_published(files[0].parent)
        assert list(runs.frame["distance_end"]) == LOW
        assert len(merged.runs.frame) == 3
        assert f"3 runs of a on ring8 {WHY}, whatever became of it" in merged.remarks
        assert validate(files[0].parent).errors == []


def test_a_report_counts_seeds(tmp_path: Path) -> None:
    values = {seed: curve("ring8", 3, seed) for seed in range(2)}
    both = [
        record(spec("a", seed=seed, engine=engine), ends)
        for seed, ends in values.items()
        for engine in ("eager", "stacked")
    ]
    runs, page = kept(tmp_path / "runs", *both), tmp_path / "report.html"
    assert write_report(runs, page)[0] == 2
    text = page.read_text()
    assert "2 runs: 1 variant on 1 task" in text
    assert WHY in text
