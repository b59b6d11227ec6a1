"""Which sheets get onto a page, and that the page says which did not."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from ganbench.reporting.samples import Samples, choose_samples
from ganbench.results.frame import collect
from ganbench.results.media import FRAMES_FOLDER, frame_file
from ganbench.results.record import Record
from ganbench.results.store import RunStore
from ganbench.tables.assemble import editions

from ..results.synthetic import curve, record, spec
from .runs_folder import sheet, write_runs


def runs(seeds: int = 3) -> list[Record]:
    return [
        record(spec(name, "ring8", seed), curve("ring8", 2, seed))
        for name in ("one", "two")
        for seed in range(seeds)
    ]


def chosen(store: RunStore, records: list[Record], most: int) -> Samples:
    ((_, lines),) = editions(collect(records)).items()
    return choose_samples(lines, {one["run_id"]: one for one in records}, store, most)


@pytest.fixture
def store(tmp_path: Path) -> RunStore:
    return write_runs(tmp_path / "runs", runs())


SIZE = len(sheet(0))
WIDEST = 1.2
"""Sheets of different greys differ by a few bytes."""


def test_all_sheets_are_shown_where_there_is_room(store: RunStore) -> None:
    samples = chosen(store, runs(), 10**6)
    (reel,) = samples.reels
    assert samples.notes == []
    assert [(one.variant, one.seed) for one in reel.strips] == [
        (name, seed) for name in ("one", "two") for seed in range(3)
    ]
    assert list(reel.marks) == [f"{share} %" for share in range(10, 101, 10)]
    (shown,) = reel.strips[1].frames[3]
    assert base64.b64decode(shown.uri.partition(",")[2]) == sheet(20 * 3 + 1)


def test_seeds_are_left_out_together_and_the_page_says_so(store: RunStore) -> None:
    samples = chosen(store, runs(), int(WIDEST * 2 * 10 * 2 * SIZE))
    (reel,) = samples.reels
    assert [one.seed for one in reel.strips] == [0, 1, 0, 1]
    (note,) = samples.notes
    assert "The first 2 seeds" in note


def test_evaluations_are_thinned_only_where_one_seed_is_too_much(store: RunStore) -> None:
    samples = chosen(store, runs(), int(WIDEST * 2 * 4 * SIZE))
    (reel,) = samples.reels
    assert [one.seed for one in reel.strips] == [0, 0]
    assert list(reel.marks) == ["10 %", "40 %", "70 %", "100 %"]
    assert "one in 3" in samples.notes[1]


def test_a_failed_run_shows_what_it_had(tmp_path: Path) -> None:
    records = runs(1)
    records.append(record(spec("two", "ring8", 1), curve("ring8", 2, 1)[:4], "nonfinite_weights"))
    records.append(record(spec("three", "ring8", 0), [], "error"))
    store = write_runs(tmp_path / "runs", records)
    (reel,) = chosen(store, records, 10**6).reels
    strips = {(one.variant, one.seed): one for one in reel.strips}
    assert set(strips) == {("one", 0), ("two", 0), ("two", 1)}
    failed = strips["two", 1]
    assert [bool(frame) for frame in failed.frames] == [True] * 4 + [False] * 6
    assert failed.last == 3


def test_a_run_without_a_record_shows_the_sheets_that_it_has_drawn(tmp_path: Path) -> None:
    lost = record(spec("lost", "ring8", 0), [], "killed")
    store = write_runs(tmp_path / "runs", [lost])
    for index in range(4):
        path = store.folder(lost["run_id"]) / FRAMES_FOLDER / frame_file(index, 0, ".webp")
        path.write_bytes(sheet(index))
    (reel,) = chosen(store, [lost], 10**6).reels
    assert list(reel.marks) == ["10 %", "20 %", "30 %", "40 %"]


def test_a_run_of_few_steps_has_the_marks_that_it_was_evaluated_at(tmp_path: Path) -> None:
    short = record(spec("short", "ring8", 0), [0.5, 0.4, 0.3])
    (reel,) = chosen(write_runs(tmp_path / "runs", [short]), [short], 10**6).reels
    assert list(reel.marks) == ["33 %", "67 %", "100 %"]


def test_runs_without_sheets_are_no_error(tmp_path: Path) -> None:
    samples = chosen(RunStore(tmp_path), runs(), 10**6)
    assert samples.reels == ()
    assert samples.notes == ("These runs have no samples to show.",)
