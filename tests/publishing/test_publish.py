from __future__ import annotations

import hashlib
import json
import re
from dataclasses import asdict, replace
from math import nan
from pathlib import Path

import pandas as pd
import pytest

from ganbench.api.errors import GanbenchError, InvalidResults, NothingSelected, UsageError
from ganbench.api.version import PROTOCOL_VERSION, SCHEMA_VERSION
from ganbench.planning.budget import Budget
from ganbench.publishing.eligibility import HINTS
from ganbench.publishing.loading import load_runs
from ganbench.publishing.publish import publish, without_rank
from ganbench.publishing.targets import put
from ganbench.publishing.validation.validate import validate
from ganbench.results.fields import LEADERBOARD_FIELDS, RUN_FIELDS
from ganbench.results.frame import collect
from ganbench.results.record import Record
from ganbench.results.redaction import without_paths
from ganbench.tables.assemble import tables
from ganbench.tables.coverage import Coverage
from ganbench.tables.forms.render import render

from ..results.synthetic import column, curve, record, spec, starter

RECORDS = starter()
UNRANKED = {
    "dcgan: 2 of 5 seeds on digits, grid25, ring8",
    "vanilla: 4 of 5 seeds (1 timeout) on digits",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    publish(RECORDS, "starter", tmp_path, unranked=True)
    return tmp_path / "starter"


def test_the_files_hold_what_the_manifest_says(folder: Path) -> None:
    manifest = json.loads((folder / "datapackage.json").read_text("utf-8"))
    assert {one["path"] for one in manifest["resources"]} == {"leaderboard.csv", "runs.csv"}
    for resource in manifest["resources"]:
        content = (folder / resource["path"]).read_bytes()
        assert resource["bytes"] == len(content)
        assert resource["hash"] == f"sha256:{hashlib.sha256(content).hexdigest()}"
        assert b"\r" not in content
        header = content.decode("utf-8").splitlines()[0]
        assert header == ",".join(one["name"] for one in resource["schema"]["fields"])
        assert all(one["description"] for one in resource["schema"]["fields"])
    about = manifest["ganbench"]
    assert (about["schema"], about["protocols"], about["seeds"]) == (
        SCHEMA_VERSION,
        [PROTOCOL_VERSION],
        [0, 1, 2, 3, 4],
    )
    assert about["requirements"] == ["ganbench==0.1.0"]
    assert {pin["name"] for pins in about["plugins"].values() for pin in pins} >= {
        "wgan-gp",
        "ring8",
    }


def test_frictionless_finds_nothing_wrong(folder: Path) -> None:
    frictionless = pytest.importorskip("frictionless", reason="the validator is not installed")
    report = frictionless.Package(str(folder / "datapackage.json")).validate()
    assert report.valid, report.flatten(["type", "note", "fieldName"])


def test_plain_pandas_reads_the_same_numbers(folder: Path) -> None:
    runs = collect(RECORDS)
    read = pd.read_csv(folder / "runs.csv")
    for name in ("distance_end", "utility_end", "seconds", *runs.score_keys):
        expected = runs.frame[name].astype(float)
        pd.testing.assert_series_equal(read[name].astype(float), expected, rtol=1e-14)
    board = pd.read_csv(folder / "leaderboard.csv")
    assert len(board) == 12
    assert list(board.columns[: len(LEADERBOARD_FIELDS)]) == [
        one.name for one in LEADERBOARD_FIELDS
    ]
    assert list(read.columns[: len(RUN_FIELDS)]) == [one.name for one in RUN_FIELDS]


def test_what_is_read_back_is_what_was_published(folder: Path) -> None:
    loaded = load_runs(folder)
    runs, coverage, warnings = loaded.runs, loaded.coverage, loaded.warnings
    expected = collect(RECORDS)
    pd.testing.assert_frame_equal(runs.frame, expected.frame, check_exact=True)
    assert (runs.scores, runs.pins, warnings) == (expected.scores, expected.pins, [])
    assert runs.specs == expected.specs
    assert set(runs.unranked.values()) == UNRANKED
    expected = replace(expected, unranked=runs.unranked)
    assert coverage == Coverage(("digits", "grid25", "ring8"), (0, 1, 2, 3, 4))
    assert render(tables(runs)) == render(tables(expected))


def test_the_same_runs_give_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    publish(RECORDS[::-1], "starter", tmp_path / "again", unranked=True)
    for file in folder.iterdir():
        assert file.read_bytes() == (tmp_path / "again" / "starter" / file.name).read_bytes()


def test_publishing_what_was_published_changes_nothing(folder: Path, tmp_path: Path) -> None:
    runs = load_runs(folder).runs
    publish(runs, "starter", tmp_path / "again", unranked=True)
    for file in folder.iterdir():
        assert file.read_bytes() == (tmp_path / "again" / "starter" / file.name).read_bytes()


def test_nothing_of_the_machine_is_published(tmp_path: Path) -> None:
    task = replace(spec().task, dataset="images:/home/alice/my cats[side=32]")
    private = replace(
        spec("a", task="ring8"),
        task=task,
        parameters={"weights": "/home/alice/w.pt"},
        dataset_parameters={"path": "/home/alice/my cats", "other": "C:\\Users\\alice\\d"},
    )
    one = record(private, [0.1])
    failed = record(replace(private, seed=1), [0.5], "error")
    failed["failure"] = {
        "message": "no file /home/alice/x",
        "traceback": "File /home/alice",
        "signal": None,
        "step": 1,
    }
    publish([one, failed], "starter", tmp_path, unranked=True)
    text = "".join(path.read_text("utf-8") for path in (tmp_path / "starter").iterdir())
    assert "alice" not in text
    assert "secret-host" not in text
    assert "images:my cats[side=32]" in text
    # Keys of scores have slashes and are no paths.
    assert "w2/exact/heldout/1000x1000" in text


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("images:/data/u/cats[side=32]", "images:cats[side=32]"),
        ("images:~bob/cats", "images:cats"),
        ("images:/home/o'brien/secret client/photos", "images:photos"),
        ('csv:"/home/me/Smith, John/taxes/a.csv"[modes=0]', 'csv:"a.csv"[modes=0]'),
        ('images:"/home/me/photos [2023]/client/x"', 'images:"x"'),
        ('images:"/home/me/a;b/c"|ring8', 'images:"c"|ring8'),
        ('{"path":"/home/o\'b/a, b/c","other":"/x/y"}', '{"path":"c","other":"y"}'),
        ("no file '/home/alice/x', nor '/home/alice/y'", "no file 'x', nor 'y'"),
        ("https://arxiv.org/abs/1", "https://arxiv.org/abs/1"),
        ("images:/home/me/my friends' cats/secret", "images:secret"),
        ("cannot read /home/me/my, secret/x.png: no", "cannot read x.png: no"),
        ("csv:/home/me/a.csv[drop=b],/home/me/c", "csv:a.csv[drop=b],c"),
        ("images:/home/me/a,audio:/home/me/b", "images:a,audio:b"),
        ("images[path=/home/me/a,heldout=/home/me/b]", "images[path=a,heldout=b]"),
        ("{'path': '/home/me/a', 'other': '/home/me/b'}", "{'path': 'a', 'other': 'b'}"),
        ("left out: /home/me/a, /home/me/b", "left out: a, b"),
        ("fd/x@1/heldout/10x10", "fd/x@1/heldout/10x10"),
        ('{"path":"C:\\\\Users\\\\bob\\\\cats"}', '{"path":"cats"}'),
        ("NVIDIA RTX 4000 / 8 GB", "NVIDIA RTX 4000 / 8 GB"),
        ("wgan-gp[lr=0.001]", "wgan-gp[lr=0.001]"),
    ],
)
def test_paths_are_cut(text: str, clean: str) -> None:
    assert without_paths(text) == clean


def test_formulas_are_defused_and_come_back(tmp_path: Path) -> None:
    one = record(spec(), [0.1])
    one["environment"]["device_name"] = "=1+1"
    publish([one], "starter", tmp_path)
    assert ",'=1+1," in (tmp_path / "starter" / "runs.csv").read_text("utf-8")
    runs = load_runs(tmp_path / "starter").runs
    assert runs.frame["device_name"].item() == "=1+1"


def test_runs_of_another_suite_are_filed_under_the_one_published(tmp_path: Path) -> None:
    publish([record(spec(suite="other"), [0.1])], "mine", tmp_path)
    runs = load_runs(tmp_path / "mine").runs
    assert list(runs.frame["suite"]) == ["mine"]


def test_an_unfinished_run_is_published_as_such(tmp_path: Path) -> None:
    runs = collect([record(spec(), [0.1])], {spec(seed=1).run_id: spec(seed=1).to_json()})
    publish(runs, "starter", tmp_path, unranked=True)
    assert list(load_runs(tmp_path / "starter").runs.frame["status"]) == ["ok", "unfinished"]


@pytest.mark.parametrize("file", ["runs.csv", "datapackage.json"])
def test_a_changed_or_missing_file_is_refused(folder: Path, file: str) -> None:
    content = (folder / file).read_bytes()
    (folder / file).write_bytes(content.replace(b"0.1.0", b"9.9.9").replace(b"{", b"[", 1))
    with pytest.raises(InvalidResults):
        load_runs(folder)
    (folder / file).unlink()
    with pytest.raises(GanbenchError, match="cannot be read"):
        load_runs(folder)


LOCAL = ({**spec().pins[1], "distribution": "", "version": ""},)
OLD = record(spec(), [0.1], protocol=PROTOCOL_VERSION - 1)
TIMED = replace(spec().task, budget=Budget("seconds", 60.0))


def on(device: str, seed: int) -> Record:
    one = record(spec(seed=seed, task="ring8"), [0.1])
    one["spec"] = spec(seed=seed).to_json() | {"task": asdict(TIMED), "device": "cuda"}
    one["environment"] |= {"device": "cuda", "device_name": device}
    return one


REFUSED = {
    "code": ([record(spec(pins=LOCAL), [0.1]), record(spec("dcgan"), [0.1])], "local code"),
    "protocol": ([OLD, record(spec("dcgan"), [0.1])],
                 f"protocol {OLD['protocol']}, ranked under {PROTOCOL_VERSION}"),
    "device": ([on("H200", 0), on("H200", 1), on("T4", 2)], "timed on T4, ranked on H200"),
    "coverage": ([record(spec(), [0.1]), record(spec("dcgan", seed=1), [0.1]),
                  record(spec("dcgan"), [0.1])], "vanilla: 1 of 2 seeds on ring8"),
    "accident": ([record(spec(), [0.1]), record(spec(seed=1), [0.1], "error")],
                 r"vanilla: 1 of 2 seeds \(1 error\) on ring8"),
}  # fmt: skip


@pytest.mark.parametrize("kind", REFUSED)
def test_what_may_not_be_ranked_is_refused_or_marked(tmp_path: Path, kind: str) -> None:
    records, reason = REFUSED[kind]
    coverage = Coverage(("ring8",), (0, 1)) if kind in ("coverage", "accident") else None
    with pytest.raises(InvalidResults, match=reason) as refused:
        publish(records, "starter", tmp_path, coverage)
    hint = HINTS[kind].format(run="ganbench run --suite starter vanilla")
    again = "or publish it without a rank: `ganbench publish --suite starter --unranked`"
    assert refused.value.hint == f"{hint}; {again}"
    assert not list(tmp_path.iterdir())
    folder = publish(records, "starter", tmp_path, coverage, unranked=True)[0].parent
    about = json.loads((folder / "datapackage.json").read_text("utf-8"))["ganbench"]
    (found,) = [one for one in about["unranked"] if re.search(reason, one)]
    assert len(about["unranked"][found]) == (2 if kind == "accident" else 1)
    board = pd.read_csv(folder / "leaderboard.csv")
    barred = board[board["unranked"] == found]
    assert len(barred) == 1
    for rank in ("rank_low", "stability_rank_low", "distance_rank_low"):
        assert barred[rank].isna().all()


def test_the_provenance_of_sources_is_published(tmp_path: Path) -> None:
    one, other = record(spec(), [0.1]), record(spec(seed=1), [0.1])
    one["environment"]["sources"] = {"ganbench": "unverified: editable install"}
    other["environment"]["sources"] = {"ganbench": "released"}
    source = f"ganbench==0.1.0 {spec().pins[0]['source_hash']}"
    for records, state in (([one], "unverified: editable install"), ([one, other], "released")):
        folder = publish(records, "starter", tmp_path)[0].parent
        about = json.loads((folder / "datapackage.json").read_text("utf-8"))["ganbench"]
        assert about["sources"] == load_runs(folder).runs.sources == {source: state}
        assert [f"is {state}" in one.message for one in validate(folder).findings] == (
            [] if state == "released" else [True]
        )


def test_what_is_not_ranked_displaces_nobody(tmp_path: Path) -> None:
    good = [record(spec("dcgan", seed=seed), curve("ring8", 9, seed)) for seed in range(5)]
    local = spec("vanilla", pins=LOCAL)
    best = [record(replace(local, seed=seed), curve("ring8", 2, seed)) for seed in range(5)]
    folder = publish([*good, *best], "starter", tmp_path, unranked=True)[0].parent
    board = pd.read_csv(folder / "leaderboard.csv").set_index("variant")
    assert board.loc["dcgan", ["rank_low", "rank_high", "distance_rank_high"]].tolist() == [1, 1, 1]


def test_it_is_said_who_has_no_rank_and_why(tmp_path: Path) -> None:
    good = [record(spec("dcgan", seed=seed), curve("ring8", 9, seed)) for seed in range(5)]
    copies = [record(spec("vanilla", seed=seed), curve("ring8", 2, seed)) for seed in range(5)]
    key = "near_train/raw/input/heldout/1000x1000"
    for one in [*good, *copies]:
        one["columns"][key] = column("near train", "collapse", "target", null=0.01)
        one["points"][-1]["scores"][key] = 1.0 if one in copies else 0.01
    folder = publish([*good, *copies], "starter", tmp_path)[0].parent
    mark = "near train 1, of real samples 0.01"
    assert without_rank(folder) == [f"no rank for vanilla: {mark} on ring8"]
    board = pd.read_csv(folder / "leaderboard.csv").set_index("variant")
    assert board.loc["vanilla", "marks"] == mark
    assert board["rank_low"].to_dict() == {"dcgan": 1, "vanilla": pytest.approx(nan, nan_ok=True)}
    assert validate(folder).errors == []
    half = publish([*good, *copies[:4]], "starter", tmp_path, unranked=True)[0].parent
    assert without_rank(half) == []  # what publishing without --unranked would have told


def test_one_seed_is_published_without_a_rank(tmp_path: Path) -> None:
    records = [record(spec(name), curve("ring8", 9, 0)) for name in ("1e5", "b", "c", "d")]
    folder = publish(records, "starter", tmp_path)[0].parent
    assert without_rank(folder) == ["no rank for 1e5, b, c, d: 1 seed: a rank needs 5"]
    assert pd.read_csv(folder / "leaderboard.csv")["rank_low"].isna().all()


@pytest.mark.parametrize("name", ["..", "a/b", "", "UPPER", ".x"])
def test_a_suite_cannot_lead_out_of_the_folder(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match="cannot be a suite's name"):
        publish(RECORDS, name, tmp_path / "results")


def test_nothing_to_publish_and_nowhere_to_publish_to(tmp_path: Path) -> None:
    with pytest.raises(NothingSelected):
        publish([], "starter", tmp_path)
    (tmp_path / "file").write_text("")
    with pytest.raises(GanbenchError, match="cannot write"):
        publish(RECORDS[:1], "starter", tmp_path / "file")


def test_nothing_is_left_behind(folder: Path) -> None:
    publish(RECORDS[:5], "starter", folder.parent, unranked=True)
    assert sorted(path.name for path in folder.iterdir()) == [
        "datapackage.json",
        "leaderboard.csv",
        "runs.csv",
    ]


def test_a_url_is_no_folder_to_put_files_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "starter").mkdir()
    (tmp_path / "starter" / "runs.csv").write_text("x")
    with pytest.raises(UsageError, match="nothing is put to s3://b/c"):
        put([Path("starter/runs.csv")], "s3://b/c")
    assert [one.name for one in tmp_path.iterdir()] == ["starter"]
