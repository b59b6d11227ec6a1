"""Finished runs of a few steps: points, and images of a conditional generator."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from ganbench.cli.main import cli

SUITE = """
name = "few"
description = "A few steps."
seeds = "0"

[[tasks]]
name = "ring8"
dataset = "ring8"
budget = "20steps"
fakes = 300
evaluations = 2
scores = ["sliced-w2", "modes"]
final_scores = ["prdc[extractor=raw]", "discriminator"]

[[tasks]]
name = "digits"
dataset = "digits"
budget = "2steps"
fakes = 100
evaluations = 1
scores = ["fd[extractor=raw]", "near-train[extractor=raw]"]
"""

ACGAN = str(Path(__file__).parents[1] / "data" / "proof" / "acgan.py")


@pytest.fixture(scope="session")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The runs folder: `vanilla` and a conditional pair, on what they can be trained on."""
    folder = tmp_path_factory.mktemp("few")
    (folder / "few.toml").write_text(SUITE)
    common = ["--suite", str(folder / "few.toml"), "--runs", str(folder / "runs")]
    for arguments in (
        ["vanilla", "--task", "ring8"],
        ["acgan-mlp+acgan", "--task", "digits", "-P", ACGAN],
    ):
        done = CliRunner().invoke(
            cli, ["run", *arguments, *common], standalone_mode=False, catch_exceptions=False
        )
        assert done.return_value == 0
    return folder / "runs"
