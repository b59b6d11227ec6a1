"""The files of a run's sheet, by what its data are."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from ganbench.modalities import MODALITIES
from ganbench.results.media import sheet_files
from ganbench.running.sheet import write_sheet


@pytest.mark.parametrize(
    ("modality", "names"),
    [
        ("points", ["samples.png"]),
        ("image", ["samples.png"]),
        ("audio", ["samples.png", "samples-2.wav"]),
        ("text", ["samples.txt"]),
        ("tabular", ["samples.csv"]),
        ("pair", ["samples.png", "samples-2.txt"]),
    ],
)
def test_names_tell_what_the_files_are(modality: str, names: list[str], tmp_path: Path) -> None:
    chosen = {str(one): each for one, each in MODALITIES.items()}[modality]
    info = chosen.examples[0]
    samples = chosen.decode(torch.randn(20, *info.shape), info)
    write_sheet(samples, samples, "mine on task, seed 0", info, tmp_path)
    assert [path.name for path in sheet_files(tmp_path)] == names
    media = chosen.sheet(samples, samples, "mine on task, seed 0", info)
    assert [path.read_bytes() for path in sheet_files(tmp_path)] == [one.content for one in media]


def test_where_there_is_nothing_to_see_there_is_no_file(tmp_path: Path) -> None:
    info = MODALITIES["points"].examples[2]
    assert info.features == 3
    write_sheet(torch.zeros(5, 3), torch.zeros(5, 3), "", info, tmp_path)
    assert not list(tmp_path.iterdir())
