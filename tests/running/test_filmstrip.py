"""Filmstrips: one small frame per evaluation, whatever the samples are, and never worth a run."""

from __future__ import annotations

from pathlib import Path

import torch

from ganbench import DataInfo
from ganbench.modalities import MODALITIES
from ganbench.results.media import FRAMES_FOLDER, frame_files
from ganbench.running.filmstrip import Filmstrip

POINTS = DataInfo(name="points", modality="points", shape=(2,))


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / FRAMES_FOLDER).iterdir())


def test_a_frame_may_be_several_files(tmp_path: Path) -> None:
    audio = MODALITIES["audio"]
    info = audio.examples[1]
    sounds = audio.decode(0.1 * torch.randn(5, *info.shape), info)
    Filmstrip(tmp_path, print).add(3, sounds, sounds, info)
    assert names(tmp_path) == ["003-2.wav", "003.webp"]
    assert [path.suffix for path in frame_files(tmp_path)[3]] == [".webp", ".wav"]
    drawn = audio.frame(sounds, sounds, info)
    assert [path.read_bytes() for path in frame_files(tmp_path)[3]] == [m.content for m in drawn]


def test_where_there_is_nothing_to_see_there_are_no_frames(tmp_path: Path) -> None:
    info = DataInfo(name="points", modality="points", shape=(3,))
    Filmstrip(tmp_path, print).add(0, torch.zeros(5, 3), torch.zeros(5, 3), info)
    assert not list(tmp_path.iterdir())


def test_a_lost_try_leaves_only_the_frames_that_are_asked_for(tmp_path: Path) -> None:
    strip, points = Filmstrip(tmp_path, print), torch.zeros(4, 2)
    strip.rewind(0)  # nothing there yet
    for index in range(4):
        strip.add(index, points, points, POINTS)
    (tmp_path / FRAMES_FOLDER / ".004.webp.tmp").write_bytes(b"of a killed process")
    (tmp_path / FRAMES_FOLDER / "003-2.wav").write_bytes(b"of the same lost evaluation")
    strip.rewind(2)
    assert names(tmp_path) == ["000.webp", "001.webp"]


def test_a_frame_that_cannot_be_written_is_reported_and_costs_nothing_else(tmp_path: Path) -> None:
    remarks: list[str] = []
    (tmp_path / FRAMES_FOLDER).write_text("a file is in the way")
    strip = Filmstrip(tmp_path, remarks.append)
    strip.add(0, torch.zeros(4, 2), torch.zeros(4, 2), POINTS)
    (remark,) = remarks
    assert "is left out" in remark
