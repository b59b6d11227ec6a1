"""Buckets on the command line: URLs wherever a runs folder may be named, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ganbench.results.mirror_store import MirrorStore
from ganbench.results.mirrors import open_runs

from ..conftest import RunCli
from ..results.synthetic import curve, record, spec

SUITE = """
name = "mine"
variants = ["vanilla"]
seeds = "0-1"

[[tasks]]
name = "ring8"
dataset = "ring8"
budget = "1TFLOP"
fakes = 2500
scores = ["w2", "modes"]
"""
SPECS = [spec("vanilla", "ring8", seed) for seed in range(2)]


@pytest.fixture
def url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Of a bucket with two runs, which another machine has put there."""
    url = f"file://{tmp_path}/lab/runs"
    (tmp_path / "lab" / "runs").mkdir(parents=True)
    monkeypatch.setenv("GANBENCH_CACHE", str(tmp_path / "another"))
    store = open_runs(url)
    assert isinstance(store, MirrorStore)
    for one in SPECS:
        folder = store.create(one.run_id, one.to_json())
        (folder / "log.txt").write_text("it went well\n")
        assert store.write(record(one, curve("ring8", 2, one.seed)))
        store.hand_in(one.run_id)
    monkeypatch.setenv("GANBENCH_CACHE", str(tmp_path / "cache"))
    return url


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["status"], "2 ok"),
        (["show", SPECS[0].run_id], "it went well"),
        (["table"], "vanilla"),
        (["report"], "2 runs"),
        (["cancel", "--all"], "nothing is under way"),
    ],
    ids=lambda one: one[0] if isinstance(one, list) else "",
)
def test_a_url_stands_for_a_folder(
    ganbench_cli: RunCli, url: str, arguments: list[str], told: str
) -> None:
    done = ganbench_cli(*arguments, "--runs", url)
    assert told in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


def test_it_may_be_set_for_a_project(ganbench_cli: RunCli, url: str, tmp_path: Path) -> None:
    (tmp_path / "ganbench.toml").write_text(f'runs = "{url}"\n')
    done = ganbench_cli("status", "--json")
    assert [run["status"] for run in json.loads(done.stdout)] == ["ok", "ok"], done.stderr


def test_buckets_and_folders_are_merged(ganbench_cli: RunCli, url: str, tmp_path: Path) -> None:
    """A folder without any run as well."""
    (tmp_path / "runs").mkdir()
    (tmp_path / "mine.toml").write_text(SUITE)
    done = ganbench_cli("merge", url, "runs", "--suite", "mine.toml", "--out", "out", "--unranked")
    assert "2 runs from 2 sources" in done.stderr, done.stderr


def test_a_mirror_is_named_as_a_folder_too(ganbench_cli: RunCli, url: str, tmp_path: Path) -> None:
    """As what is printed says, to be typed again."""
    assert ganbench_cli("status", "--runs", url).returncode == 0
    (mirror,) = (tmp_path / "cache" / "mirrors").iterdir()
    (tmp_path / "lab" / "runs" / SPECS[0].run_id / "record.json").unlink()
    done = ganbench_cli("status", "--json", "--runs", str(mirror))
    assert sorted(run["status"] for run in json.loads(done.stdout)) == ["ok", "unfinished"]


@pytest.mark.parametrize("verb", [["run", "--all"], ["status"], ["merge", "--out", "out"]])
def test_other_stores_are_refused(ganbench_cli: RunCli, verb: list[str], tmp_path: Path) -> None:
    where = [] if verb[0] == "merge" else ["--runs"]
    done = ganbench_cli(*verb, *where, "ftp://lab/runs", GANBENCH_CACHE=str(tmp_path / "cache"))
    assert done.returncode == 2
    assert "runs cannot lie in ftp://lab/runs" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "cache" / "mirrors").exists()


def test_help_asks_no_bucket(ganbench_cli: RunCli) -> None:
    done = ganbench_cli("status", "--help", GANBENCH_RUNS="s3://nobodys/runs")
    assert done.returncode == 0
    assert "s3://BUCKET/FOLDER" in done.stdout


def test_completion_offers_the_runs_of_the_mirror(ganbench_cli: RunCli, url: str) -> None:
    words = {"_GANBENCH_COMPLETE": "bash_complete", "COMP_CWORD": "4"}
    line = {"COMP_WORDS": f"ganbench show --runs {url} "}
    assert SPECS[0].run_id not in ganbench_cli(**words, **line).stdout
    assert ganbench_cli("status", "--runs", url).returncode == 0
    assert SPECS[0].run_id in ganbench_cli(**words, **line).stdout
