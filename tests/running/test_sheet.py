"""Sample sheets: one PNG that shows what there is to see, whatever the samples are."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from ganbench.running.sheet import SHEET_SIDE, write_sheet

BLUE, GREY = (31, 111, 180), (184, 184, 184)


def sheet(fakes: Tensor, real: Tensor, folder: Path) -> Image.Image:
    path = folder / "samples.png"
    write_sheet(fakes, real, "mine on task, seed 0", path)
    return Image.open(path).convert("RGB")


def columns(picture: Image.Image, like: tuple[int, int, int]) -> list[int]:
    """Where a layer's colour is seen inside the frame, below the legend."""
    inside = torch.from_numpy(np.array(picture))[128:460, 80:490].float()
    on_white = 0.7 * torch.tensor(like).float() + 0.3 * 255
    near = (inside - on_white).abs().amax(dim=2) < 12
    return near.any(dim=0).nonzero().flatten().tolist()


def normal(count: int, dimensions: int, seed: int = 0) -> Tensor:
    return torch.randn(count, dimensions, generator=torch.Generator().manual_seed(seed))


def test_images_are_a_grid_enlarged_by_a_whole_factor(tmp_path: Path) -> None:
    images = torch.zeros(10, 1, 8, 8, dtype=torch.uint8)
    picture = sheet(images, images, tmp_path)
    factor = SHEET_SIDE // (4 * 9 - 1)
    assert picture.size == (factor * (4 * 9 - 1), factor * (3 * 9 - 1))
    assert picture.getpixel((0, 0)) == (0, 0, 0)
    assert picture.getpixel((8 * factor, 0)) == (255, 255, 255)


@pytest.mark.parametrize("dimensions", [1, 2])
def test_points_are_shown_over_the_real_ones(dimensions: int, tmp_path: Path) -> None:
    real = normal(2000, dimensions)
    picture = sheet(normal(2000, dimensions, seed=1).abs(), real, tmp_path)
    assert picture.size == (512, 512)
    blue, grey = columns(picture, BLUE), columns(picture, GREY)
    # Fakes are all positive, real points on both sides of a frame that is 410 pixels wide.
    assert min(blue) == pytest.approx(205, abs=50)
    assert min(grey) < 120


def constant(value: float, dimensions: int) -> Tensor:
    return torch.full((64, dimensions), value)


@pytest.mark.parametrize("dimensions", [1, 2])
@pytest.mark.parametrize("value", [0.0, 3e-3, -20.0, 1e-24, 1e30])
def test_a_generator_of_one_point_before_data_at_one_point(
    value: float, dimensions: int, tmp_path: Path
) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        picture = sheet(constant(value, dimensions), constant(0.0, dimensions), tmp_path)
    if value and dimensions == 1:
        blue, grey = columns(picture, BLUE), columns(picture, GREY)
        assert (min(blue) > max(grey)) == (value > 0)
        assert (max(blue) < min(grey)) == (value < 0)


@pytest.mark.parametrize("dimensions", [1, 2])
def test_fakes_far_away_do_not_hide_the_data_and_are_counted(
    dimensions: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    titles: list[str] = []
    from matplotlib.axes import Axes

    keep: Callable[..., object] = Axes.set_title
    monkeypatch.setattr(
        Axes, "set_title", lambda self, text, **how: (titles.append(text), keep(self, text, **how))
    )
    fakes = torch.cat([constant(1e4, dimensions), normal(192, dimensions, seed=1) * 0.1])
    picture = sheet(fakes, normal(500, dimensions), tmp_path)
    assert titles == ["mine on task, seed 0 (25.0% outside)"]
    assert max(columns(picture, GREY)) - min(columns(picture, GREY)) > 150


def test_other_samples_have_no_sheet(tmp_path: Path) -> None:
    for shape in ((5, 3), (5, 4, 4)):
        write_sheet(torch.zeros(shape), torch.zeros(shape), "", tmp_path / "none.png")
    assert not list(tmp_path.iterdir())
