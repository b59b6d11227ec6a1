"""What `ganbench run` does before anything runs."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

import ganbench
from ganbench_plugins.datasets import folder

SUITE = """
name = "mine"
seeds = "0"
[[tasks]]
name = "photos"
dataset = "images:{}[side=8]"
budget = "1steps"
scores = ["fd[extractor=raw]"]
fakes = 40
evaluations = 1
"""


def test_the_command_walks_a_folder_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once to plan and run; the processes of the runs look at it for themselves."""
    photos = tmp_path / "photos"
    photos.mkdir()
    for number in range(20):
        Image.effect_noise((8, 8), 99).save(photos / f"{number}.png")
    suite = tmp_path / "mine.toml"
    suite.write_text(SUITE.format(photos))
    walked, walk = [], folder._walk

    def counted(path: str, prefix: str) -> object:
        walked.append(path)
        return walk(path, prefix)

    monkeypatch.setattr(folder, "_walk", counted)
    runs = tmp_path / "runs"
    for _ in range(2):  # the second finds the first one's runs
        frame = ganbench.run("vanilla", "dcgan", suite=str(suite), runs=runs, progress=False)
        assert list(frame["status"]) == ["ok", "ok"]
        assert walked == [str(photos)]
        walked.clear()
