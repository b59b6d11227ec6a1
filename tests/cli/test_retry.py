"""A run that an accident has ended goes on where it was, when it is tried again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ganbench.results.record import Record
from ganbench.results.seal import unseal

SUITE = """
name = "mine"
seeds = "0"
[[tasks]]
name = "ring"
dataset = "ring8"
budget = "20steps"
scores = ["sliced-w2"]
final_scores = ["fragile"]
fakes = 200
evaluations = 2
"""
PLUGIN = """
from pathlib import Path
from ganbench import Measurement, ScoreSpec, hookimpl

def compute(evaluation):
    if evaluation.steps and not Path("mended").exists():
        raise RuntimeError("the network drive has gone")
    return [Measurement(key="fragile", label="fragile", value=1.0)]

@hookimpl
def ganbench_scores():
    return [ScoreSpec(name="fragile", description="breaks once trained", compute=compute)]
"""


@pytest.fixture
def arguments(tmp_path: Path) -> list[str]:
    (tmp_path / "mine.toml").write_text(SUITE)
    (tmp_path / "fragile.py").write_text(PLUGIN)
    return ["vanilla", "--suite", "mine.toml", "-P", "fragile.py"]


def record_of(tmp_path: Path) -> Record:
    (file,) = (tmp_path / "runs").glob("*/record.json")
    return unseal(file.read_bytes())


def test_only_what_failed_is_done_again(
    ganbench_cli: Any, tmp_path: Path, arguments: list[str]
) -> None:
    failed = ganbench_cli("run", *arguments)
    assert failed.returncode == 1
    assert "the network drive has gone" in failed.stdout + failed.stderr
    assert record_of(tmp_path)["used"]["steps"] == 20
    again = ganbench_cli("run", *arguments)  # nothing is run by itself
    assert "try --retry-failed" in again.stderr
    (tmp_path / "mended").touch()
    mended = ganbench_cli("run", *arguments, "--retry-failed")
    assert mended.returncode == 0, mended.stderr
    record = record_of(tmp_path)
    assert (record["status"], record["resumed"], record["used"]["steps"]) == ("ok", 1, 20)
    assert len(record["points"]) == 2
    assert not list((tmp_path / "runs").glob("*/checkpoint/*"))


def test_fresh_starts_over(ganbench_cli: Any, tmp_path: Path, arguments: list[str]) -> None:
    ganbench_cli("run", *arguments)
    (tmp_path / "mended").touch()
    fresh = ganbench_cli("run", *arguments, "--fresh")
    assert fresh.returncode == 0, fresh.stderr
    assert record_of(tmp_path)["resumed"] == 0
