"""A plan in shards, each on a machine of its own, and one leaderboard in the end."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pandas as pd
import pytest

Cli = Callable[..., "CompletedProcess[str]"]

SUITE = """
name = "mine"
variants = ["vanilla", "wgan-gp"]
seeds = "0-2"

[[tasks]]
name = "ring"
dataset = "ring8"
budget = "4steps"
evaluations = 1
fakes = 2500
scores = ["sliced-w2", "modes"]
"""

TIMES = ("seconds", "clock", "wall", "started", "finished", "memory", "created", "generated")
"""What columns of measured times have in their names: nothing else may differ."""


@pytest.mark.whole
def test_shards_merge_to_the_leaderboard_of_the_whole_plan(
    ganbench_cli: Cli, tmp_path: Path
) -> None:
    (tmp_path / "mine.toml").write_text(SUITE)
    suite = ("--suite", "mine.toml")
    whole = ganbench_cli("run", *suite, "--runs", "whole")
    assert whole.returncode == 0, whole.stderr
    planned = json.loads(ganbench_cli("plan", *suite, "--shard", "1/2", "--json").stdout)
    told = ganbench_cli("plan", *suite, "--shard", "1/2").stderr
    assert "shard 1/2 of 6 runs" in told
    for number in (1, 2):
        ran = ganbench_cli("run", *suite, "--shard", f"{number}/2", "--runs", f"part{number}")
        assert ran.returncode == 0, ran.stderr
        assert "3 runs (3 new)" in ran.stderr
        assert f"shard {number}/2 of 6 runs: ganbench merge joins" in ran.stderr
    assert planned["shard"] == "1/2"
    ids = {run["run_id"] for run in planned["runs"]}
    assert ids == {folder.name for folder in (tmp_path / "part1").iterdir() if folder.is_dir()}

    options = (*suite, "--unranked")
    published = ganbench_cli("publish", *options, "--runs", "whole", "--out", "a")
    assert published.returncode == 0, published.stderr
    merged = ganbench_cli("merge", "part1", "part2", *options, "--out", "b")
    assert merged.returncode == 0, merged.stderr
    assert "6 runs from 2 sources, 0 of them in several" in merged.stderr
    for name in ("leaderboard.csv", "runs.csv"):
        one, other = (pd.read_csv(tmp_path / out / "mine" / name) for out in "ab")
        assert list(one) == list(other)
        same = [column for column in one if not any(word in column for word in TIMES)]
        assert len(same) > 5
        pd.testing.assert_frame_equal(one[same], other[same], check_exact=True)


@pytest.mark.whole
def test_shards_of_one_folder_need_no_merge(ganbench_cli: Cli, tmp_path: Path) -> None:
    """As on a shared file system; the shards may as well be run again in one piece."""
    (tmp_path / "mine.toml").write_text(SUITE)
    run = ("run", "vanilla", "--suite", "mine.toml")
    for number in (1, 2):
        assert ganbench_cli(*run, "--shard", f"{number}/2").returncode == 0
    again = ganbench_cli(*run)
    assert "3 runs (0 new)" in again.stderr


def test_bad_shards(ganbench_cli: Cli) -> None:
    for text, code, said in (
        ("5/4", 2, "there is no shard 5/4"),
        ("half", 2, "'half' is no shard"),
        ("9/9", 5, "shard 9/9 is empty: the plan has 1 run"),
    ):
        done = ganbench_cli("plan", "vanilla", "--task", "ring8", "--seeds", "0", "--shard", text)
        assert done.returncode == code
        assert said in done.stderr
