"""What `ganbench run` does before anything runs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

import ganbench
from ganbench.execution import request
from ganbench.execution.executors.executor import open_executor
from ganbench.results.record import RECORD_FILE
from ganbench.results.seal import seal, unseal
from ganbench.results.store import RunStore
from ganbench_plugins.datasets import image_listing

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
POINTS = """
name = "mine"
seeds = "0"
[[tasks]]
name = "ring"
dataset = "ring8"
budget = "1steps"
scores = ["sliced-w2"]
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
    walked, walk = [], image_listing.list_images

    def counted(path: str, heldout: str) -> object:
        walked.append(path)
        return walk(path, heldout)

    monkeypatch.setattr(image_listing, "list_images", counted)
    runs = tmp_path / "runs"
    for walks in (2, 1):  # the second finds the first one's runs
        frame = ganbench.run("vanilla", "dcgan", suite=str(suite), runs=runs, progress=False)
        assert list(frame["status"]) == ["ok", "ok"]
        assert walked == [str(photos)] * walks
        walked.clear()


def test_a_record_that_came_while_the_command_began_is_not_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two machines run the same again; one is slow to get its executor, the other has finished."""
    (suite := tmp_path / "mine.toml").write_text(POINTS)
    runs = tmp_path / "runs"

    def run() -> None:
        ganbench.run("vanilla", suite=str(suite), runs=runs, fresh=True, progress=False)

    run()
    (folder,) = runs.glob("vanilla*")
    others = unseal((folder / RECORD_FILE).read_bytes()) | {"finished": "2030-01-01T00:00:00+00:00"}

    @contextmanager
    def slow(*arguments: Any) -> Iterator[Any]:
        RunStore(runs).discard(folder.name)
        (folder / RECORD_FILE).write_bytes(seal(others))
        with open_executor(*arguments) as executor:
            yield executor

    monkeypatch.setattr(request, "open_executor", slow)
    run()
    assert unseal((folder / RECORD_FILE).read_bytes()) == others
    assert [one.name for one in folder.glob("record.json.*")] == ["record.json.replaced-1"]
