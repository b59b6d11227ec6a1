"""Filmstrips: one small sheet per evaluation, whatever the samples are, and never worth a run."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from ganbench.results.store import FILMSTRIP_FOLDER, filmstrip_file
from ganbench.running.filmstrip import POINTS_SIDE, Filmstrip

GREY, BLUE = (158, 158, 158, 255), (31, 119, 200, 255)


def drawn(fakes: Tensor, real: Tensor, folder: Path) -> Image.Image:
    Filmstrip(folder, print).add(0, fakes, real)
    return Image.open(io.BytesIO((folder / FILMSTRIP_FOLDER / filmstrip_file(0)).read_bytes()))


def smooth(count: int, channels: int, side: int) -> Tensor:
    noise = torch.rand(count, channels, 4, 4, generator=torch.Generator().manual_seed(0))
    return (torch.nn.functional.interpolate(noise, side, mode="bilinear") * 255).byte()


def test_tiny_images_are_kept_to_the_bit(tmp_path: Path) -> None:
    images = smooth(40, 1, 8)
    picture = drawn(images, images, tmp_path)
    assert picture.size == (6 * 9 - 1, 6 * 9 - 1)
    pixels = torch.from_numpy(np.array(picture.convert("L")))
    for index in (0, 5, 35):
        row, column = divmod(index, 6)
        cut = pixels[row * 9 : row * 9 + 8, column * 9 : column * 9 + 8]
        assert torch.equal(cut, images[index, 0])


@pytest.mark.parametrize(("channels", "side", "columns"), [(1, 28, 4), (3, 32, 4), (3, 64, 3)])
def test_larger_images_take_a_few_kilobytes(
    channels: int, side: int, columns: int, tmp_path: Path
) -> None:
    images = smooth(40, channels, side)
    picture = drawn(images, images, tmp_path)
    assert picture.size == (columns * (side + 1) - 1,) * 2
    assert (tmp_path / FILMSTRIP_FOLDER / filmstrip_file(0)).stat().st_size < 8000


def test_points_lie_over_the_real_ones_and_on_nothing(tmp_path: Path) -> None:
    real = torch.tensor([[0.0, 0.0], [1.0, 1.0]])
    picture = drawn(torch.tensor([[1.0, 1.0], [0.0, 1.0], [9.0, 9.0]]), real, tmp_path)
    pixels = picture.convert("RGBA")
    seen = {
        colour: np.argwhere((np.array(pixels) == colour).all(axis=2)) for colour in (GREY, BLUE)
    }
    low, high = 0.15 / 1.3 * POINTS_SIDE, 1.15 / 1.3 * POINTS_SIDE
    top, bottom = POINTS_SIDE - high, POINTS_SIDE - low  # rows are counted from above
    assert seen[GREY].tolist() == [[pytest.approx(bottom, abs=2), pytest.approx(low, abs=2)]]
    assert seen[BLUE].tolist() == [
        [pytest.approx(top, abs=2), pytest.approx(low, abs=2)],
        [pytest.approx(top, abs=2), pytest.approx(high, abs=2)],
    ]
    colours = pixels.getcolors()
    assert colours is not None
    assert {pixel[3] for _, pixel in colours if isinstance(pixel, tuple)} == {0, 255}


def test_points_on_a_line_are_bars(tmp_path: Path) -> None:
    real = torch.linspace(0, 1, 500)[:, None]
    pixels = np.array(drawn(torch.full((500, 1), 0.5), real, tmp_path).convert("RGBA"))
    assert (pixels == BLUE).all(axis=2).any(axis=0).sum() == 2  # one bin, one pixel narrower
    assert (pixels == GREY).all(axis=2).any(axis=0).mean() > 0.6


def test_other_samples_have_no_sheets(tmp_path: Path) -> None:
    for shape in ((5, 3), (5, 4, 4)):
        Filmstrip(tmp_path, print).add(0, torch.zeros(shape), torch.zeros(shape))
    assert not list(tmp_path.iterdir())


def test_a_lost_try_leaves_only_the_sheets_that_are_asked_for(tmp_path: Path) -> None:
    strip, points = Filmstrip(tmp_path, print), torch.zeros(4, 2)
    strip.rewind(0)  # nothing there yet
    for index in range(4):
        strip.add(index, points, points)
    strip.rewind(2)
    assert sorted(path.name for path in (tmp_path / FILMSTRIP_FOLDER).iterdir()) == [
        filmstrip_file(0),
        filmstrip_file(1),
    ]


def test_a_sheet_that_cannot_be_written_is_reported_and_costs_nothing_else(tmp_path: Path) -> None:
    remarks: list[str] = []
    (tmp_path / FILMSTRIP_FOLDER).write_text("a file is in the way")
    strip = Filmstrip(tmp_path, remarks.append)
    strip.add(0, torch.zeros(4, 2), torch.zeros(4, 2))
    (remark,) = remarks
    assert "is left out" in remark
