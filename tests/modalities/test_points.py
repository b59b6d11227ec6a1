"""Points: drawn over the real ones, whatever the generator does."""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from ganbench import DataInfo
from ganbench.modalities.points import FRAME_SIDE, POINTS

BLUE, GREY = (31, 111, 180), (184, 184, 184)
FRAME_GREY, FRAME_BLUE = (158, 158, 158, 255), (31, 119, 200, 255)


def info(dimensions: int) -> DataInfo:
    return DataInfo(name="points", modality="points", shape=(dimensions,))


def sheet(fakes: Tensor, real: Tensor) -> Image.Image:
    (media,) = POINTS.sheet(fakes, real, "mine on task, seed 0", info(fakes.shape[1]))
    assert media.suffix == ".png"
    return Image.open(io.BytesIO(media.content)).convert("RGB")


def frame(fakes: Tensor, real: Tensor) -> Image.Image:
    (media,) = POINTS.frame(fakes, real, info(fakes.shape[1]))
    assert media.suffix == ".webp"
    return Image.open(io.BytesIO(media.content)).convert("RGBA")


def columns(picture: Image.Image, like: tuple[int, int, int]) -> list[int]:
    """Where a layer's colour is seen inside the frame, below the legend."""
    inside = torch.from_numpy(np.array(picture))[128:460, 80:490].float()
    on_white = 0.7 * torch.tensor(like).float() + 0.3 * 255
    near = (inside - on_white).abs().amax(dim=2) < 12
    return near.any(dim=0).nonzero().flatten().tolist()


def normal(count: int, dimensions: int, seed: int = 0) -> Tensor:
    return torch.randn(count, dimensions, generator=torch.Generator().manual_seed(seed))


def constant(value: float, dimensions: int) -> Tensor:
    return torch.full((64, dimensions), value)


def test_networks_see_and_emit_points_as_they_are() -> None:
    far = torch.tensor([[250.0, -3.0]])
    assert torch.equal(POINTS.encode(far, info(2)), far)
    assert torch.equal(POINTS.decode(far, info(2)), far)
    assert POINTS.range_fault(far, info(2)) == ""


@pytest.mark.parametrize("dimensions", [1, 2])
def test_points_are_shown_over_the_real_ones(dimensions: int) -> None:
    picture = sheet(normal(2000, dimensions, seed=1).abs(), normal(2000, dimensions))
    assert picture.size == (512, 512)
    blue, grey = columns(picture, BLUE), columns(picture, GREY)
    # Fakes are all positive, real points on both sides of a frame that is 410 pixels wide.
    assert min(blue) == pytest.approx(205, abs=50)
    assert min(grey) < 120


@pytest.mark.parametrize("dimensions", [1, 2])
@pytest.mark.parametrize("value", [0.0, 3e-3, -20.0, 1e-24, 1e30])
def test_a_generator_of_one_point_before_data_at_one_point(value: float, dimensions: int) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        picture = sheet(constant(value, dimensions), constant(0.0, dimensions))
    if value and dimensions == 1:
        blue, grey = columns(picture, BLUE), columns(picture, GREY)
        assert (min(blue) > max(grey)) == (value > 0)
        assert (max(blue) < min(grey)) == (value < 0)


@pytest.fixture
def titles(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    found: list[str] = []
    from matplotlib.axes import Axes

    keep: Callable[..., object] = Axes.set_title
    monkeypatch.setattr(
        Axes, "set_title", lambda self, text, **how: (found.append(text), keep(self, text, **how))
    )
    return found


@pytest.mark.parametrize("dimensions", [1, 2])
def test_of_data_in_an_order_all_of_it_is_seen(dimensions: int, titles: list[str]) -> None:
    """As of a mixture, whose sources follow one another."""
    law = normal(10_000, dimensions)
    law[5000:] += 30
    picture = sheet(law[torch.randperm(10_000)], law)
    assert titles == ["mine on task, seed 0"]
    grey, blue = columns(picture, GREY), columns(picture, BLUE)
    assert max(grey) - min(grey) == pytest.approx(max(blue) - min(blue), abs=30)


@pytest.mark.parametrize("dimensions", [1, 2])
def test_fakes_far_away_do_not_hide_the_data_and_are_counted(
    dimensions: int, titles: list[str]
) -> None:
    fakes = torch.cat([constant(1e4, dimensions), normal(192, dimensions, seed=1) * 0.1])
    picture = sheet(fakes, normal(500, dimensions))
    assert titles == ["mine on task, seed 0 (25.0% outside)"]
    assert max(columns(picture, GREY)) - min(columns(picture, GREY)) > 150


def test_of_points_in_space_there_is_nothing_to_see() -> None:
    points = normal(5, 3)
    assert POINTS.sheet(points, points, "", info(3)) == ()
    assert POINTS.frame(points, points, info(3)) == ()


def test_in_a_frame_points_lie_over_the_real_ones_and_on_nothing() -> None:
    real = torch.tensor([[0.0, 0.0], [1.0, 1.0]])
    picture = frame(torch.tensor([[1.0, 1.0], [0.0, 1.0], [9.0, 9.0]]), real)
    seen = {
        colour: np.argwhere((np.array(picture) == colour).all(axis=2))
        for colour in (FRAME_GREY, FRAME_BLUE)
    }
    low, high = 0.15 / 1.3 * FRAME_SIDE, 1.15 / 1.3 * FRAME_SIDE
    top, bottom = FRAME_SIDE - high, FRAME_SIDE - low  # rows are counted from above
    assert seen[FRAME_GREY].tolist() == [[pytest.approx(bottom, abs=2), pytest.approx(low, abs=2)]]
    assert seen[FRAME_BLUE].tolist() == [
        [pytest.approx(top, abs=2), pytest.approx(low, abs=2)],
        [pytest.approx(top, abs=2), pytest.approx(high, abs=2)],
    ]
    colours = picture.getcolors()
    assert colours is not None
    assert {pixel[3] for _, pixel in colours if isinstance(pixel, tuple)} == {0, 255}


def test_in_a_frame_points_on_a_line_are_bars() -> None:
    real = torch.linspace(0, 1, 500)[:, None]
    pixels = np.array(frame(torch.full((500, 1), 0.5), real))
    assert (pixels == FRAME_BLUE).all(axis=2).any(axis=0).sum() == 2  # one bin, a pixel narrower
    assert (pixels == FRAME_GREY).all(axis=2).any(axis=0).mean() > 0.6


def test_coordinates_that_never_change_are_doubted() -> None:
    info = DataInfo(name="mine", modality="points", shape=(3,))
    points = torch.randn(10, 3, generator=torch.Generator().manual_seed(0))
    points[:, 1] = 0.1
    assert POINTS.doubt(points, info) == "never change in coordinate 1 (of 0 to 2)"
    assert POINTS.doubt(points[:1].repeat(10, 1), info) == ""  # all the same: another matter
    assert POINTS.doubt(points[:0], info) == ""
