"""`ganbench table --claims`: published results beside runs, from the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from ganbench.cli.main import cli

SUITE = """
name = "mine"
seeds = "0-1"
variants = ["vanilla"]
[[tasks]]
name = "ring"
dataset = "ring8"
budget = "5steps"
fakes = 200
evaluations = 1
scores = ["sliced-w2", "modes"]
[[claims]]
task = "ring"
variant = "vanilla"
score = "modes"
published = 7.9
error = 0.1
steps = 400000
source = "a paper, table 1"
"""


def call(*arguments: str) -> Result:
    return CliRunner().invoke(cli, arguments)


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    file = tmp_path / "mine.toml"
    file.write_text(SUITE)
    return file


@pytest.mark.whole
def test_claims_of_runs_and_of_none(suite: Path, tmp_path: Path) -> None:
    runs = str(tmp_path / "runs")
    assert call("run", "vanilla", "--suite", str(suite), "--runs", runs).exit_code == 0
    printed = call("table", "--claims", str(suite), "--runs", runs, "--json")
    assert printed.exit_code == 0
    (table,) = json.loads(printed.stdout)["tables"]
    (row,) = table["rows"]
    cells = row["cells"] if isinstance(row, dict) else row
    text = json.dumps(cells)
    assert "not reached" in text
    assert "of its 400,000 steps" in text
    assert "a paper, table 1" in json.dumps(table["notes"])


def test_a_suite_without_claims_says_so(tmp_path: Path) -> None:
    refused = call("table", "--claims", "starter", "--runs", str(tmp_path))
    assert refused.exit_code != 0
    assert refused.exception is not None
    assert "states no published results" in str(refused.exception) + refused.output
