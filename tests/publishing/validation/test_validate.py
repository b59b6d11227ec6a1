from __future__ import annotations

import copy
import csv
import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import Any

import pytest

from ganbench.api.errors import InvalidResults, UsageError
from ganbench.api.version import PROTOCOL_VERSION, SCHEMA_VERSION
from ganbench.publishing.publish import publish
from ganbench.publishing.reading import read_published
from ganbench.publishing.validation.validate import published_folders, validate

from ...results.synthetic import W2, curve, record, spec
from ..doctored import Rows, change, change_manifest

RECORDS = [
    record(spec(name, task, seed), curve(task, level, seed))
    for name, level in (("vanilla", 9), ("wgan-gp", 2))
    for task in ("grid25", "ring8")
    for seed in range(6)
]
STARTER = Path(__file__).parents[3] / "results" / "starter"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return publish(RECORDS, "starter", tmp_path)[0].parent


def test_what_was_published_is_valid(folder: Path) -> None:
    report = validate(folder)
    assert report.findings == []
    assert (report.runs, report.rows) == (24, 4)


def test_failed_and_unranked_runs_are_valid(tmp_path: Path) -> None:
    failed = record(spec("dcgan"), [0.9, 0.5], "nonfinite_weights")
    late = record(spec("dcgan", seed=1), [0.9], "timeout")
    out = publish([*RECORDS, failed, late], "starter", tmp_path, unranked=True)[0].parent
    assert validate(out).findings == []


def test_the_starter_leaderboard_is_valid() -> None:
    assert validate(STARTER).errors == []


def test_a_run_that_has_spent_more_than_its_budget_has_no_rank(tmp_path: Path) -> None:
    """Work that nobody had counted: an honest record tells it."""
    more = copy.deepcopy(RECORDS)
    more[0]["used"]["flops"] *= 1.5
    with pytest.raises(InvalidResults, match="50% more than its budget was spent") as caught:
        publish(more, "starter", tmp_path)
    assert "set the budgets in seconds" in str(caught.value)
    assert "seeds" not in str(caught.value).replace("budgets in seconds", "")  # none is missing
    out = publish(more, "starter", tmp_path, unranked=True)[0].parent
    assert validate(out).findings == []
    with (out / "leaderboard.csv").open() as stream:
        rows = [row for row in csv.DictReader(stream) if row["variant"] == "vanilla"]
    assert {"50% more" in row["unranked"] for row in rows} == {True}
    assert sorted("50% more" in row["incomplete"] for row in rows) == [False, True]


def test_a_count_beyond_the_budget_is_found(folder: Path) -> None:
    change(folder, "runs.csv", lambda rows: rows[0].update(flops="3000000000000.0"))
    messages = [one.message for one in validate(folder).errors if one.row == 2]
    assert any("200% more than its budget was spent" in one for one in messages), messages


CELLS = {
    "a better score": ("runs.csv", "distance_end", "0.001", "the primary score is"),
    "a score out of range": ("runs.csv", "utility_end", "1.5", "is not in [0, 1]"),
    "a nicer variant": ("runs.csv", "variant", "mine", "the run's spec says 'vanilla'"),
    "another seed": ("runs.csv", "seed", "7", "the run's spec says 0"),
    "more budget": ("runs.csv", "budget_amount", "2000000000000.0", "the run's spec says"),
    "another code": ("runs.csv", "code", "0000aaaa00", "stands for no plugins"),
    "an unknown status": ("runs.csv", "status", "great", "is none of: ok"),
    "a negative time": ("runs.csv", "seconds", "-1.0", "is negative"),
    "text for a number": ("runs.csv", "steps", "many", "is no integer"),
    "nan": ("runs.csv", "seconds", "nan", "is no finite number"),
    "a long number": ("runs.csv", "seconds", "1.50", "is written as 1.5"),
    "a formula": ("runs.csv", "device_name", "=1+1", "needs an apostrophe"),
    "an empty cell": ("runs.csv", "dataset", "", "it is empty"),
    "a newer protocol": ("runs.csv", "protocol", str(PROTOCOL_VERSION + 1), "is not known here"),
    "a day to come": ("runs.csv", "finished", "2999-01-01T00:00:00Z", "still to come"),
    "no such day": ("runs.csv", "started", "2026-02-31T00:00:00Z", "is no time"),
    "an end before the start": ("runs.csv", "finished", "2026-11-22T00:00:00Z", "before the start"),
    "a rank": ("leaderboard.csv", "rank_low", "1", "from the runs it is 2"),
    "a mean": ("leaderboard.csv", "distance", "0.5", "from the runs it is"),
    "a limit": ("leaderboard.csv", f"{W2}:low", "0.5", "from the runs it is"),
}


@pytest.mark.parametrize("case", CELLS)
def test_a_changed_cell_is_found_with_its_place(folder: Path, case: str) -> None:
    file, column, text, message = CELLS[case]
    change(folder, file, lambda rows: rows[0].update({column: text}))
    found = validate(folder).errors
    assert [
        one
        for one in found
        if (one.file, one.row, one.column) == (file, 2, column) and message in one.message
    ], [str(one) for one in found]


def test_a_renamed_run_is_found(folder: Path) -> None:
    change(folder, "runs.csv", lambda rows: rows[0].update(run_id="vanilla-s0"))
    report = validate(folder)
    assert any("specs is not that of these runs" in one.message for one in report.errors)
    assert any("1 of 24 runs have no spec here" in one.message for one in report.warnings)


def test_a_failed_run_with_scores_is_found(folder: Path) -> None:
    change(folder, "runs.csv", lambda rows: rows[0].update(status="oom"))
    found = {one.column for one in validate(folder).errors if "ended as oom" in one.message}
    assert found >= {W2, "distance_end"}


def test_a_made_up_score_is_found_by_its_range(folder: Path) -> None:
    def bound(manifest: Any) -> None:
        for field in manifest["resources"][1]["schema"]["fields"]:
            for column in field.get("measured", {}).values():
                if field["name"] == W2:
                    column["lowest"] = 1e6

    change_manifest(folder, bound)
    below = [one for one in validate(folder).errors if "the least that this score" in one.message]
    assert len(below) == len(RECORDS)


def test_of_wrong_rows_nothing_that_is_derived_is_called_wrong(folder: Path) -> None:
    change(folder, "runs.csv", lambda rows: rows[0].update(distance_end="0.001"))
    assert {one.file for one in validate(folder).errors} == {"runs.csv"}


def test_all_of_several_mismatches_are_found(folder: Path) -> None:
    def edit(rows: Rows) -> None:
        rows[0]["seconds"], rows[1]["images"], rows[2]["seed"] = "-1.0", "-3", "9"

    change(folder, "runs.csv", edit)
    places = {(one.row, one.column) for one in validate(folder).errors if one.file == "runs.csv"}
    assert places >= {(2, "seconds"), (3, "images"), (4, "seed")}


ROWS: dict[str, tuple[Callable[[Rows], object], str]] = {
    "twice": (lambda rows: rows.append(rows[0]), f"the run {RECORDS[0]['run_id']} occurs 2 times"),
    "a seed twice": (
        lambda rows: rows.append({**rows[0], "run_id": "another-0123456789"}),
        "seed 0 of vanilla on grid25 occurs 2 times",
    ),
    "unsorted": (lambda rows: rows.reverse(), "not sorted"),
}


@pytest.mark.parametrize("case", ROWS)
def test_changed_rows_are_found(folder: Path, case: str) -> None:
    edit, message = ROWS[case]
    change(folder, "runs.csv", edit)
    assert any(message in one.message for one in validate(folder).errors)


def test_a_seed_that_was_left_out_is_found(folder: Path) -> None:
    change(folder, "runs.csv", lambda rows: rows.pop())
    found = [str(one) for one in validate(folder).errors]
    assert any("5 of 6 seeds on ring8" in one for one in found), found


MANIFESTS: dict[str, tuple[Callable[[Any], object], str]] = {
    "a newer schema": (
        lambda one: one["ganbench"].update(schema=SCHEMA_VERSION + 1),
        "is newer than this ganbench",
    ),
    "no plugins": (lambda one: one["ganbench"].pop("plugins"), "ganbench.plugins is missing"),
    "another version of a plugin": (
        lambda one: [pin.update(version="9") for pins in one["ganbench"]["plugins"].values()
                     for pin in pins],
        "have the hash",
    ),
    "fewer seeds": (
        lambda one: one["ganbench"].update(seeds=[*range(5)]),
        "[seed]: 5 is none of the seeds in the manifest",
    ),
    "fewer tasks": (
        lambda one: one["ganbench"].update(tasks=["grid25"]),
        "[task]: ring8 is none of the tasks in the manifest",
    ),
    "another spec": (
        lambda one: one["ganbench"]["specs"][0]["spec"]["parameters"].update(lr=1.0),
        "the run's spec has the id",
    ),
    "a type": (
        lambda one: one["resources"][1]["schema"]["fields"][3].update(type="string"),
        "type is 'string', it should be 'integer'",
    ),
    "a hash": (lambda one: one["resources"][0].update(hash="sha256:0"), "the manifest says"),
    "no columns": (lambda one: one["resources"][0].pop("schema"), "resources[0].schema is missing"),
    "a reason": (
        lambda one: one["ganbench"].update(unranked={"bad": [RECORDS[0]["run_id"]]}),
        "unranked for 'bad'",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", MANIFESTS)
def test_a_changed_manifest_is_found(folder: Path, case: str) -> None:
    edit, message = MANIFESTS[case]
    change_manifest(folder, edit)
    found = [str(one) for one in validate(folder).errors]
    assert any(message in one for one in found), found


@pytest.mark.parametrize("file", ["runs.csv", "leaderboard.csv", "datapackage.json"])
@pytest.mark.parametrize("content", [None, b"", b"\xff\xfe", b"{}", b"a,b\r\n1\r\n"])
def test_damaged_files_are_findings(folder: Path, file: str, content: bytes | None) -> None:
    if content is None:
        (folder / file).unlink()
    else:
        (folder / file).write_bytes(content)
    assert any(one.file == file for one in validate(folder).errors)


def test_one_changed_byte_anywhere_is_found(folder: Path) -> None:
    for file in ("runs.csv", "leaderboard.csv"):
        content = (folder / file).read_bytes()
        for position in range(0, len(content), len(content) // 8):
            damaged = bytearray(content)
            damaged[position] ^= 1
            (folder / file).write_bytes(damaged)
            assert validate(folder).errors, (file, position)
        (folder / file).write_bytes(content)


def test_paths_that_may_be_named(folder: Path, tmp_path: Path) -> None:
    for path in (folder, folder / "runs.csv", folder / "datapackage.json", tmp_path):
        assert published_folders(path) == [folder]
    (tmp_path / "empty").mkdir()
    for path in (tmp_path / "none", tmp_path / "empty"):
        with pytest.raises(UsageError, match="is no published leaderboard"):
            published_folders(path)


@pytest.mark.parametrize("left", ["runs.csv", "leaderboard.csv", "datapackage.json"])
def test_a_folder_that_has_lost_files_is_still_found(
    folder: Path, tmp_path: Path, left: str
) -> None:
    whole = publish(RECORDS, "whole", tmp_path)[0].parent
    lost = {"runs.csv", "leaderboard.csv", "datapackage.json"} - {left}
    for name in lost:
        (folder / name).unlink()
    assert published_folders(tmp_path) == [folder, whole]
    assert {one.file for one in validate(folder).errors} == lost


def test_specs_with_paths_of_a_machine_are_left_out_and_said(tmp_path: Path) -> None:
    private = spec(parameters={"weights": "/home/alice/w.pt"})
    folder = publish([record(private, [0.1])], "starter", tmp_path)[0].parent
    assert "alice" not in (folder / "datapackage.json").read_text("utf-8")
    report = validate(folder)
    assert report.errors == []
    assert "1 of 1 runs have no spec here" in report.warnings[0].message


def test_records_are_left_as_they_are(tmp_path: Path) -> None:
    before = copy.deepcopy(RECORDS)
    publish(RECORDS, "starter", tmp_path)
    assert before == RECORDS


def places(value: Any, place: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where a JSON value has parts, itself included; of lists the first two."""
    yield place
    keys = {dict: list, list: lambda parts: range(len(parts[:2]))}.get(type(value), lambda _: ())
    for key in keys(value):
        yield from places(value[key], (*place, key))


def test_no_manifest_whatever_it_holds_ends_in_a_traceback(tmp_path: Path) -> None:
    folder = publish([record(spec(), [0.1])], "starter", tmp_path)[0].parent
    path = folder / "datapackage.json"
    manifest = json.loads(path.read_text("utf-8"))
    random = Random(0)  # noqa: S311
    for place in random.sample(list(places(manifest)), 60):
        whole = {"whole": copy.deepcopy(manifest)}
        part: Any = whole
        for key in ("whole", *place)[:-1]:
            part = part[key]
        part[("whole", *place)[-1]] = random.choice([None, 1, -1.5, "x", [], {}, True, [None]])
        path.write_text(json.dumps(whole["whole"]), "utf-8")
        validate(folder)
        with suppress(InvalidResults):
            read_published(folder)
