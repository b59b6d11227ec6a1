"""What `ganbench run` does before anything runs."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

import ganbench
from ganbench_plugins.datasets import listing

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


def test_the_command_walks_a_folder_once_and_decodes_it_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once to plan, and once more to decode what is to be run on; the processes of the runs look at
    it for themselves."""
    photos = tmp_path / "photos"
    photos.mkdir()
    for number in range(20):
        Image.effect_noise((8, 8), 99).save(photos / f"{number}.png")
    suite = tmp_path / "mine.toml"
    suite.write_text(SUITE.format(photos))
    walked, walk = [], listing.list_images

    def counted(path: str, heldout: str) -> object:
        walked.append(path)
        return walk(path, heldout)

    monkeypatch.setattr(listing, "list_images", counted)
    runs = tmp_path / "runs"
    for walks in (2, 1):  # the second finds the first one's runs
        frame = ganbench.run("vanilla", "dcgan", suite=str(suite), runs=runs, progress=False)
        assert list(frame["status"]) == ["ok", "ok"]
        assert walked == [str(photos)] * walks
        walked.clear()
