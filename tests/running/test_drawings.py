"""Pictures of scores land in the run's folder, and none of them costs a run."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
import torch

from ganbench import Data, DataInfo, ScoreSpec
from ganbench.planning.chosen import ChosenScore
from ganbench.results.media import drawings
from ganbench.running.drawings import draw_scores
from ganbench.scoring.evaluation import RealSide, Snapshot

PNG = b"\x89PNG\r\n\x1a\n..."


def drawn(draw: Callable[..., Any] | None, folder: Path) -> list[str]:
    """What the log says."""
    info = DataInfo(name="cloud", modality="points", shape=(2,))
    data = Data(info=info, train=torch.zeros(4, 2), heldout=torch.zeros(4, 2))
    side = RealSide(data, "heldout", torch.device("cpu"), lambda name: cast("Any", None))
    spec = ScoreSpec(name="drawer", description="draws", compute=lambda evaluation: [], draw=draw)
    chosen = ChosenScore(text="drawer", spec=spec, parameters={}, arguments={}, extractor=None)
    catalogue = cast("Any", SimpleNamespace(whose=lambda spec: nullcontext(), plugins=[]))
    said: list[str] = []
    draw_scores([chosen], catalogue, Snapshot(side, torch.zeros(4, 2)), folder, said.append)
    return said


def test_a_picture_is_written_by_its_name(tmp_path: Path) -> None:
    assert drawn(lambda evaluation: {"one": PNG, "another": PNG}, tmp_path) == []
    assert [path.name for path in drawings(tmp_path)] == ["another.png", "one.png"]
    assert drawings(tmp_path)[0].read_bytes() == PNG


def test_a_score_that_draws_nothing_makes_no_folder(tmp_path: Path) -> None:
    assert drawn(None, tmp_path) == drawn(lambda evaluation: {}, tmp_path) == []
    assert not list(tmp_path.iterdir())


def failing(evaluation: object) -> dict[str, bytes]:
    raise RuntimeError("no ink")


@pytest.mark.parametrize(
    ("draw", "said"),
    [
        (failing, "RuntimeError: no ink"),
        (lambda evaluation: {"../up": PNG}, "calls a picture '../up'"),
        (lambda evaluation: {"one": b"GIF89a"}, "is no PNG"),
        (lambda evaluation: [PNG], "what score drawer draws"),
    ],
)
def test_what_cannot_be_drawn_is_told_and_costs_nothing(
    draw: Callable[..., Any], said: str, tmp_path: Path
) -> None:
    (line,) = drawn(draw, tmp_path)
    assert "pictures of score drawer are left out" in line
    assert said in line
    assert drawings(tmp_path) == []


def test_drawing_moves_no_random_stream(tmp_path: Path) -> None:
    torch.manual_seed(0)
    expected = torch.rand(3)
    torch.manual_seed(0)
    drawn(lambda evaluation: {"one": PNG + bytes([int(torch.rand(1) * 9)])}, tmp_path)
    assert torch.equal(torch.rand(3), expected)
