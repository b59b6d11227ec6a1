from __future__ import annotations

import copy
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from ganbench.api.errors import InvalidResults, UsageError
from ganbench.api.version import PROTOCOL_VERSION
from ganbench.planning.runspec import RunSpec
from ganbench.publishing.joining import Merged
from ganbench.publishing.merge import merge_folders
from ganbench.publishing.publish import publish
from ganbench.publishing.reading import read_published
from ganbench.publishing.validation.validate import validate
from ganbench.results.frame import collect
from ganbench.results.record import Record
from ganbench.results.store import RunStore
from ganbench.tables.coverage import Coverage

from ..results.synthetic import FLOORS, W2, curve, record, spec
from . import doctored

NEEDED = Coverage(("ring8",), (0, 1, 2, 3))


def runs_of(name: str, seeds: Iterable[int], **more: Any) -> list[Record]:
    return [record(spec(name, seed=seed, **more), curve("ring8", 3, seed)) for seed in seeds]


ALL = runs_of("vanilla", range(4)) + runs_of("wgan-gp", range(4))


def kept(folder: Path, records: Iterable[Record]) -> Path:
    for one in records:
        RunStore(folder).write(one)
    return folder


def published(folder: Path, records: list[Record]) -> Path:
    return publish(records, "starter", folder, NEEDED, unranked=True)[0].parent


def merged(folder: Path, *sources: Path, **options: Any) -> tuple[Path, Merged]:
    files, found = merge_folders(sources, folder, **options)
    return files[0].parent, found


FEW = "no rank for vanilla, wgan-gp: provisional rank 1 to 2 of 2; 4 seeds: a rank needs 5"


def test_two_halves_are_the_whole(tmp_path: Path) -> None:
    whole = publish(ALL, "starter", tmp_path / "whole", NEEDED)[0].parent
    halves = [published(tmp_path / str(half), ALL[half::2]) for half in (0, 1)]
    for order in (halves, halves[::-1]):
        out, found = merged(tmp_path / "out", *order)
        assert (found.conflicts, found.twice, found.remarks) == ([], 0, [FEW])
        for file in whole.iterdir():
            assert file.read_bytes() == (out / file.name).read_bytes()
    assert validate(out).findings == []


def test_runs_folders_and_leaderboards_mix(tmp_path: Path) -> None:
    task = {**spec().to_json()["task"], "fakes": 9}
    foreign = record(RunSpec.from_json({**spec("dcgan").to_json(), "task": task}), [0.1])
    runs = kept(tmp_path / "runs", [*ALL[4:], foreign])
    out, found = merged(tmp_path / "out", published(tmp_path / "a", ALL[:4]), runs)
    assert len(read_published(out)[0].frame) == 8
    assert found.remarks == [f"1 run in {runs} left out: not of this suite", FEW]


def test_seeds_that_nobody_asked_for_do_not_come_in(tmp_path: Path) -> None:
    """Of ten runs whoever makes them could take the best; a suite names its seeds."""
    board = published(tmp_path / "a", ALL)
    more = kept(tmp_path / "runs", runs_of("vanilla", range(2, 9)) + runs_of("dcgan", range(4)))
    for order in ((board, more), (more, board)):
        out, found = merged(tmp_path / "out", *order)
        frame = read_published(out)[0].frame
        assert set(frame["variant"]) == {"vanilla", "wgan-gp", "dcgan"}
        assert set(frame["seed"]) == {0, 1, 2, 3}
        assert f"5 runs in {more} left out: not of this suite" in found.remarks
        assert found.twice == 2
        assert validate(out).errors == []


def test_the_same_run_with_equal_results_counts_once(tmp_path: Path) -> None:
    again = record(spec("vanilla"), curve("ring8", 3, 0), finished="2026-11-24T00:00:00+00:00")
    again["environment"]["device_name"] = "another"
    again["points"][-1]["scores"][W2] *= 1 + 1e-9
    first, second = published(tmp_path / "a", ALL), published(tmp_path / "b", [again])
    for order in ((first, second), (second, first)):
        out, found = merged(tmp_path / "out", *order)
        assert (found.conflicts, found.twice) == ([], 1)
        frame = read_published(out)[0].frame.set_index("run_id")
        assert frame.loc[again["run_id"], "device_name"] == "AMD EPYC"  # the first to be finished


def conflicting(tmp_path: Path) -> tuple[Path, Path]:
    better = record(spec("vanilla"), [*curve("ring8", 3, 0)[:-1], 0.005])
    better["environment"]["device_name"] = "T4"
    return published(tmp_path / "a", ALL), published(tmp_path / "b", [better])


def test_a_conflict_is_left_out_and_reported(tmp_path: Path) -> None:
    sources = conflicting(tmp_path)
    with pytest.raises(InvalidResults, match="3 of 4 seeds on ring8") as refused:
        merged(tmp_path / "out", *sources)
    assert "distance_end is" in str(refused.value)
    assert "--prefer SOURCE" in str(refused.value)
    out, found = merged(tmp_path / "out", *sources, unranked=True)
    (conflict,) = found.conflicts
    assert conflict.run_id == ALL[0]["run_id"]
    assert {(name, value, where.split(",")[0]) for name, value, where in conflict.told} == {
        (str(sources[0]), ALL[0]["points"][-1]["scores"][W2], "AMD EPYC"),
        (str(sources[1]), 0.005, "T4"),
    }
    assert ALL[0]["run_id"] not in set(read_published(out)[0].frame["run_id"])
    assert validate(out).errors == []


DOCTORED: dict[str, Any] = {
    "primary": None,
    "distance_floor": 0.003,
    "distance_cap": 2.0,
    "distance_trivial": 0.9,
    "utility_end": 0.99,
    "utility_best": 0.99,
    "flops": 9e11,
    "parameters": 1,
    "generator_parameters": 1,
    "discriminator_parameters": None,
    "coupled": 1,
}


TELLTALE = ("primary", *(one for one in DOCTORED if one.startswith(("distance_", "utility_"))))
"""What the file itself gives away, so that no such source is merged at all."""


@pytest.mark.parametrize("column", DOCTORED)
def test_a_twin_that_differs_in_what_ranks_are_made_of_is_a_conflict(
    tmp_path: Path, column: str
) -> None:
    twin = [{**one, "coupled": False} for one in ALL]
    runs = collect(twin)  # type: ignore[arg-type]
    first, value = ALL[0]["run_id"], DOCTORED[column]

    def doctor(row: dict[str, Any]) -> None:
        if row["run_id"] == first:
            row[column] = value

    sources = doctored.published(tmp_path / "b", runs, doctor), kept(tmp_path / "a", twin)  # type: ignore[arg-type]
    if column in TELLTALE:
        with pytest.raises(InvalidResults, match=f"is no valid leaderboard: .*{column}"):
            merged(tmp_path / "out", *sources, unranked=True)
        return
    _, found = merged(tmp_path / "out", *sources, unranked=True)
    assert [(one.run_id, one.column) for one in found.conflicts] == [(first, column)]
    assert {told for _, told, _ in found.conflicts[0].told} >= {value}


def test_a_utility_near_nothing_differs_by_rounding_alone(tmp_path: Path) -> None:
    """Where the distance is nearly that of the trivial generator, a part in 1e7 of it is much."""
    worst = [record(spec(seed=seed), [0.999999]) for seed in (0, 1)]
    again = record(spec(seed=0), [0.999999 * (1 - 1e-7)])
    sources = published(tmp_path / "a", worst), published(tmp_path / "b", [again])
    _, found = merged(tmp_path / "out", *sources, unranked=True)
    assert (found.conflicts, found.twice) == ([], 1)


def test_a_setting_has_one_scale_whoever_measured_it(tmp_path: Path) -> None:
    """Another machine rounds the floor otherwise: its rows would not be those of the manifest."""
    theirs = copy.deepcopy(ALL[4:])
    for one in theirs:
        one["columns"][W2]["floor"] = FLOORS["ring8"] * (1 + 1e-4)
    dead = record(spec("wgan-gp", seed=3), [0.5], "nonfinite_weights")
    dead["columns"][W2]["floor"] = FLOORS["ring8"] * (1 + 1e-4)
    sources = published(tmp_path / "a", ALL[:4]), published(tmp_path / "b", [*theirs[:3], dead])
    for order in (sources, sources[::-1]):
        out, found = merged(tmp_path / "out", *order, unranked=True)
        frame = read_published(out)[0].frame
        assert frame["distance_floor"].nunique() == 1
        assert validate(out).errors == []
        assert any(f"describes {W2} differently" in remark for remark in found.remarks)
        assert frame.set_index("run_id").loc[dead["run_id"], "utility_end"] == 0


@pytest.mark.parametrize("flags", [{}, {"newest": True}, {"prefer": "a"}])
def test_what_to_type_instead_is_what_was_typed(tmp_path: Path, flags: dict[str, Any]) -> None:
    """Of a suite from a file nobody knows here where that is."""
    mine = [record(spec(seed=seed, suite="mine"), [0.1]) for seed in range(2)]
    folder = publish(mine, "mine", tmp_path / "a", NEEDED, unranked=True)[0].parent
    options = {**flags, **({"prefer": folder} if "prefer" in flags else {})}
    with pytest.raises(InvalidResults) as refused:
        merged(tmp_path / "out", folder, **options)
    hint = str(refused.value.hint)
    assert "`ganbench run --suite FILE --seeds 0-3 vanilla` runs what is missing" in hint
    typed = {"newest": " --newest", "prefer": f" --prefer {folder}"}
    again = f"ganbench merge {folder} --out {tmp_path / 'out'}"
    assert f"`{again}{''.join(typed[one] for one in flags)} --unranked`" in hint


@pytest.mark.parametrize("which", [0, 1])
def test_a_preferred_source_decides(tmp_path: Path, which: int) -> None:
    sources = conflicting(tmp_path)
    out, found = merged(tmp_path / "out", *sources, prefer=sources[which])
    assert f"that of {sources[which]} is taken" in str(found.conflicts[0])
    frame = read_published(out)[0].frame.set_index("run_id")
    assert frame.loc[ALL[0]["run_id"], "device_name"] == ("AMD EPYC", "T4")[which]
    with pytest.raises(UsageError, match="none of the folders"):
        merged(tmp_path / "out", *sources, prefer=tmp_path)


def test_a_result_is_preferred_to_an_accident(tmp_path: Path) -> None:
    lost = record(spec("vanilla"), curve("ring8", 3, 0)[:4], "killed")
    sources = published(tmp_path / "a", [lost]), published(tmp_path / "b", ALL)
    out, found = merged(tmp_path / "out", *sources)
    assert found.conflicts == []
    assert set(read_published(out)[0].frame["status"]) == {"ok"}


def test_only_the_newest_protocol_is_merged(tmp_path: Path) -> None:
    old = [{**one, "protocol": PROTOCOL_VERSION - 1} for one in ALL[:3]]
    aside = published(tmp_path / "a", old)  # type: ignore[arg-type]
    out, found = merged(tmp_path / "out", aside, published(tmp_path / "b", ALL))
    assert f"3 runs in {aside} left out: protocol below {PROTOCOL_VERSION}" in found.remarks
    assert json.loads((out / "datapackage.json").read_text())["ganbench"]["protocols"] == [
        PROTOCOL_VERSION
    ]


def recoded(seed: int) -> Record:
    """A run of vanilla by other code, later."""
    pins = tuple({**pin, "source_hash": "sha256:" + "cd" * 32} for pin in spec().pins)
    run = spec("vanilla", seed=seed, pins=pins)
    return record(run, curve("ring8", 3, seed), finished="2026-11-24T00:00:00+00:00")


def test_of_a_variants_code_the_newest_alone_is_kept_where_that_is_asked(tmp_path: Path) -> None:
    new = [recoded(seed) for seed in (0, 1)]
    sources = published(tmp_path / "a", ALL), kept(tmp_path / "runs", new)
    assert len({one["run_id"] for one in [*ALL, *new]}) == 10
    out, _ = merged(tmp_path / "out", *sources, unranked=True)
    assert len(read_published(out)[0].frame) == 10
    for order in (sources, sources[::-1]):
        out, found = merged(tmp_path / "out", *order, newest=True, unranked=True)
        frame = read_published(out)[0].frame
        ids = {name: set(own["run_id"]) for name, own in frame.groupby("variant")}
        assert ids == {
            "vanilla": {one["run_id"] for one in new},
            "wgan-gp": {one["run_id"] for one in ALL[4:]},
        }
        told = "4 runs of 1 variant on ring8 left out: of older code or parameters"
        assert told in found.remarks
        assert validate(out).errors == []


def test_a_suite_must_be_named_where_none_is_published(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="runs folders only"):
        merged(tmp_path / "out", kept(tmp_path / "runs", ALL))


def test_a_damaged_source_is_refused(tmp_path: Path) -> None:
    source = published(tmp_path / "a", ALL)
    (source / "runs.csv").write_text("suite\n")
    with pytest.raises(InvalidResults, match="is not the file that its manifest describes"):
        merged(tmp_path / "out", source)


def test_a_folder_of_leaderboards_is_none(tmp_path: Path) -> None:
    board = published(tmp_path / "results", ALL)
    with pytest.raises(UsageError, match="results is no leaderboard, it holds some") as caught:
        merged(tmp_path / "out", tmp_path / "results")
    assert caught.value.hint == f"name them: {board}"
