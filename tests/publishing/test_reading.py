"""Published folders are read for what they claim to be, or refused with the first thing wrong."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ganbench.api.errors import InvalidResults
from ganbench.api.version import SCHEMA_VERSION
from ganbench.publishing.manifest import LEADERBOARD, RUNS
from ganbench.publishing.publish import publish
from ganbench.publishing.reading import known_runs, read_folder, read_published
from ganbench.publishing.validation.validate import validate
from ganbench.results.frame import collect

from ..results.synthetic import W2, curve, record, spec

RECORDS = [record(spec("wgan-gp", seed=seed), curve("ring8", 2, seed)) for seed in (0, 1)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return publish(RECORDS, "starter", tmp_path)[0].parent


def change(folder: Path, edit: Callable[[list[list[str]]], object]) -> None:
    """Edit the rows of runs.csv, header included, and put its description right."""
    rows = list(csv.reader(io.StringIO((folder / "runs.csv").read_text("utf-8"))))
    edit(rows)
    stream = io.StringIO()
    csv.writer(stream, lineterminator="\n").writerows(rows)
    content = stream.getvalue().encode()
    (folder / "runs.csv").write_bytes(content)

    def describe(manifest: Any) -> None:
        digest = hashlib.sha256(content).hexdigest()
        manifest["resources"][1].update(bytes=len(content), hash=f"sha256:{digest}")

    change_manifest(folder, describe)


def change_manifest(folder: Path, edit: Callable[[Any], object]) -> None:
    manifest = json.loads((folder / "datapackage.json").read_text("utf-8"))
    edit(manifest)
    (folder / "datapackage.json").write_text(json.dumps(manifest), "utf-8")


def test_what_was_published_is_read_without_a_finding(folder: Path) -> None:
    found = read_folder(folder, LEADERBOARD, RUNS)
    assert found.findings == []
    assert set(found.contents) == {"runs.csv", "leaderboard.csv"}
    assert found.manifest is not None
    assert len(known_runs(found.manifest, found.files["runs"]).frame) == 2


CELLS = {
    "no number": ("seconds", "fast", "runs.csv:2 [seconds]: 'fast' is no finite number"),
    "infinity": ("seconds", "inf", "'inf' is no finite number"),
    "a number in another form": ("seconds", "1.50", "1.50 is written as 1.5"),
    "no integer": ("steps", "1_000", "'1_000' is no integer"),
    "an integer that floats lose": ("images", str(2**53 + 1), "is no integer"),
    "no text where one must be": ("dataset", "", "it is empty"),
    "text that steers": ("device_name", "a\u202eb", "has characters that cannot be printed"),
    "no kind of budget": ("budget_kind", "epochs", "is none of: flops, seconds, images, steps"),
    "no budget": ("budget_amount", "0.0", "0.0 is not above 0"),
    "no code": ("code", "0000aaaa00", "stands for no plugins in the manifest"),
    "a negative seed": ("seed", "-1", "-1 is negative"),
    "no parameters": ("variant_parameters", "[1]", "it is no JSON object"),
    "no floor where there is a utility": ("distance_floor", "", "with the trivial distance 1.0"),
    "no cap": ("distance_cap", "", "it is empty, with the trivial distance 1.0"),
    "nothing spent": ("flops", "", "it is empty, after 4000 steps on a budget of it"),
    "parameters that are no numbers": ("dataset_parameters", '{"a":NaN}', "it is no JSON object"),
}


@pytest.mark.parametrize("case", CELLS)
def test_a_wrong_cell_is_refused_with_its_place(folder: Path, case: str) -> None:
    column, text, message = CELLS[case]
    change(folder, lambda rows: rows[1].__setitem__(rows[0].index(column), text))
    with pytest.raises(InvalidResults) as refused:
        read_published(folder)
    assert message in refused.value.message
    assert f"runs.csv:2 [{column}]" in refused.value.message
    assert refused.value.hint == f"`ganbench validate {folder}` lists all that is wrong with it"
    assert any(message in str(one) for one in validate(folder).errors)


@pytest.mark.parametrize("cell", [("distance_cap", "5e-324"), ("distance_floor", "2.0")])
def test_a_scale_that_is_none_is_refused(folder: Path, cell: tuple[str, str]) -> None:
    column, text = cell
    change(folder, lambda rows: rows[1].__setitem__(rows[0].index(column), text))
    message = "runs.csv:2 [distance_trivial]: 1.0, with the floor"
    with pytest.raises(InvalidResults) as refused:
        read_published(folder)
    assert message in refused.value.message
    assert any(message in str(one) for one in validate(folder).errors)


TABLES: dict[str, tuple[Callable[[Any], object], str]] = {
    "a column twice": (lambda rows: [row.append(row[-1]) for row in rows], "occurs twice"),
    "a column less": (lambda rows: [row.pop(0) for row in rows], "[suite]: the column is missing"),
    "a cell less": (lambda rows: rows[2].pop(), "runs.csv:3: it has"),
    "columns in another order": (lambda rows: [row.reverse() for row in rows], "another order"),
}


@pytest.mark.parametrize("case", TABLES)
def test_a_wrong_table_is_refused(folder: Path, case: str) -> None:
    edit, message = TABLES[case]
    change(folder, edit)
    with pytest.raises(InvalidResults) as refused:
        read_published(folder)
    assert message in refused.value.message


def without_kind(records: list[Any]) -> list[Any]:
    """The same runs of a time when records did not tell of what kind a processor is."""
    known = [
        {name: value for name, value in one["environment"].items() if name != "cpu_kind"}
        for one in records
    ]
    return [
        {**one, "environment": environment} for one, environment in zip(records, known, strict=True)
    ]


@pytest.mark.parametrize("told", [True, False])
def test_files_that_tell_no_kind_of_processor_stay_valid(tmp_path: Path, told: bool) -> None:
    records = RECORDS if told else without_kind(RECORDS)
    folder = publish(records, "starter", tmp_path)[0].parent
    for name in ("runs.csv", "leaderboard.csv"):
        header = (folder / name).read_text("utf-8").splitlines()[0]
        assert ("cpu_kind" in header.split(",")) is told
    assert validate(folder).errors == []
    runs, _ = read_published(folder)
    kinds = list(runs.frame["cpu_kind"].astype(object).where(runs.frame["cpu_kind"].notna(), None))
    assert kinds == ["26-2-1 AVX512" if told else None] * 2
    assert runs.score_keys == collect(records).score_keys
    again = publish(runs, "starter", tmp_path / "again")
    assert [file.read_bytes() for file in again] == [
        (folder / file.name).read_bytes() for file in again
    ]


def test_a_kind_that_some_runs_tell_is_published(tmp_path: Path) -> None:
    records = [*without_kind(RECORDS[:1]), RECORDS[1]]
    folder = publish(records, "starter", tmp_path)[0].parent
    assert validate(folder).errors == []
    runs, _ = read_published(folder)
    assert runs.frame["cpu_kind"].isna().tolist() == [True, False]


def test_an_empty_column_is_not_what_these_runs_give(tmp_path: Path) -> None:
    """Nobody takes the kind out of the cells to have a number taken for another trajectory."""
    folder = publish(RECORDS, "starter", tmp_path)[0].parent
    change(
        folder, lambda rows: [row.__setitem__(rows[0].index("cpu_kind"), "") for row in rows[1:]]
    )
    assert any("columns are not those" in str(one) for one in validate(folder).errors)


MANIFESTS: dict[str, tuple[Callable[[Any], object], str]] = {
    "a newer schema": (
        lambda one: one["ganbench"].update(schema=SCHEMA_VERSION + 1, seeds="all"),
        "is newer than this ganbench knows; update ganbench",
    ),
    "an older schema": (
        lambda one: one["ganbench"].update(schema=SCHEMA_VERSION - 1),
        "is read by the ganbench that wrote it",
    ),
    "no schema": (lambda one: one.pop("ganbench"), "ganbench is missing"),
    "seeds as text": (
        lambda one: one["ganbench"].update(seeds="0-4"),
        "ganbench.seeds is '0-4', n",
    ),
    "no runs": (lambda one: one["resources"].pop(1), "it does not list the runs"),
    "other columns": (
        lambda one: one["resources"][1]["schema"]["fields"].pop(0),
        "the columns of runs are not those of this schema",
    ),
    "another file": (
        lambda one: one["resources"][1].update(path="../runs.csv"),
        "path is runs.csv, the manifest says ../runs.csv",
    ),
    "another size": (
        lambda one: one["resources"][1].update(bytes=7),
        "is not the file that its manifest describes: bytes is",
    ),
    "specs without plugins": (
        lambda one: one["ganbench"]["specs"][0].update(code="none"),
        "ganbench.specs names the code 'none'",
    ),
    "a spec without a task": (
        lambda one: one["ganbench"]["specs"][0]["spec"].pop("task"),
        "spec.task is missing",
    ),
    "an unprintable reason": (
        lambda one: one["ganbench"].update(unranked={"\x1b[2J": []}),
        "cannot be printed",
    ),
}


@pytest.mark.parametrize("case", MANIFESTS)
def test_a_wrong_manifest_is_refused(folder: Path, case: str) -> None:
    edit, message = MANIFESTS[case]
    change_manifest(folder, edit)
    with pytest.raises(InvalidResults) as refused:
        read_published(folder)
    assert message in refused.value.message
    assert validate(folder).errors


def test_a_wrong_leaderboard_keeps_no_runs_from_being_read(folder: Path) -> None:
    (folder / "leaderboard.csv").write_text("spoiled\n")
    assert len(read_published(folder)[0].frame) == 2
    assert W2 in read_published(folder)[0].score_keys
    assert validate(folder).errors


def test_what_utilities_begin_at_is_published_and_checked(tmp_path: Path) -> None:
    """Reference generators and thresholds go with a column, the zero with every run."""
    task = replace(spec().task, thresholds={"w2": 0.5})
    specs = [replace(spec(seed=seed), task=task) for seed in range(5)]
    records = [record(one, curve("ring8", 4, one.seed)) for one in specs]
    for one in records:
        one["columns"][W2] |= {"references": {"uniform noise": 0.25, "one sample": 2.0}}
        one["columns"][W2] |= {"threshold": 0.5}
    folder = publish(records, "starter", tmp_path)[0].parent
    assert validate(folder).errors == []
    runs, _ = read_published(folder)
    (column,) = [one for (_, key), one in runs.scores.items() if key == W2]
    assert column["references"] == {"uniform noise": 0.25, "one sample": 2.0}
    assert column["threshold"] == 0.5
    assert set(runs.frame["distance_trivial"]) == {0.25}
    assert set(runs.frame["distance_cap"]) == {1.0}
