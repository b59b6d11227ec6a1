"""What `plan` and `run` say of tasks that cannot be run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

SUITE = """
name = "mine"
seeds = "0"
[[tasks]]
name = "digits"
dataset = "digits"
budget = "20steps"
scores = ["fd[extractor=raw]"]
final_scores = {final}
"""
NOWHERE = "error: task digits: the weights of vgg16 are not on this machine"


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    """Of which a final score wants weights that nobody has."""
    file = tmp_path / "mine.toml"
    file.write_text(SUITE.format(final='["fd[extractor=vgg16]"]'))
    return file


def test_missing_weights_are_told_before_anything_runs(
    ganbench_cli: Any, suite: Path, tmp_path: Path
) -> None:
    hub = {"TORCH_HOME": str(tmp_path / "torch")}
    planned = ganbench_cli("plan", "vanilla", "dcgan", "--suite", str(suite), **hub)
    assert planned.returncode == 2
    assert planned.stdout.count("20steps") == 2  # what would run is told as well
    ran = ganbench_cli("run", "vanilla", "dcgan", "--suite", str(suite), **hub)
    assert ran.returncode == 2
    for said in (planned.stderr, ran.stderr):
        assert NOWHERE in said
        assert "vgg16[download=true]" in said
    assert not list((tmp_path / "runs").iterdir())
    as_json = ganbench_cli("plan", "vanilla", "--suite", str(suite), "--json", **hub)
    assert as_json.returncode == 2
    assert [run["state"] for run in json.loads(as_json.stdout)["runs"]] == ["to run"]


def test_finished_runs_do_without_what_they_needed(
    ganbench_cli: Any, suite: Path, tmp_path: Path
) -> None:
    """A record that is there is shown, even if the weights are gone since."""
    weights = tmp_path / "torch" / "hub" / "checkpoints" / "vgg16-397923af.pth"
    weights.parent.mkdir(parents=True)
    weights.write_bytes(b"no weights at all")
    hub = {"TORCH_HOME": str(tmp_path / "torch")}
    ran = ganbench_cli("run", "vanilla", "--suite", str(suite), **hub)
    assert ran.returncode == 1
    assert "is damaged: its sha256 is" in ran.stdout + ran.stderr
    weights.unlink()
    for verb in ("plan", "run"):
        said = ganbench_cli(verb, "vanilla", "--suite", str(suite), **hub)
        assert NOWHERE not in said.stderr
    again = ganbench_cli("run", "vanilla", "--suite", str(suite), "--fresh", **hub)
    assert again.returncode == 2
    assert NOWHERE in again.stderr


def test_a_task_that_cannot_be_scored_is_refused(
    ganbench_cli: Any, suite: Path, tmp_path: Path
) -> None:
    suite.write_text(SUITE.format(final='["ndb[bins=800]"]'))
    for verb in ("plan", "run"):
        said = ganbench_cli(verb, "vanilla", "--suite", str(suite))
        assert said.returncode == 2
        assert "task digits: score ndb with 800 bins needs as many training" in said.stderr
        assert said.stdout == ""
    assert not (tmp_path / "runs").exists()


def test_for_other_machines_it_takes_what_this_one_has_not(ganbench_cli: Any) -> None:
    asked = ("plan", "vanilla", "--task", "ring8", "--threads", "4096")
    assert ganbench_cli(*asked).returncode == 2
    assert ganbench_cli(*asked, "--executor", "slurm").returncode == 0
