"""Images: bytes as torch-fidelity rounds them, in sharp grids."""

from __future__ import annotations

import io

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from ganbench import DataInfo
from ganbench.modalities.image import IMAGE
from ganbench.modalities.pictures import FRAME_SIDE, SHEET_SIDE


def info(*shape: int) -> DataInfo:
    return DataInfo(name="images", modality="image", shape=shape)


def sheet(images: Tensor) -> Image.Image:
    (media,) = IMAGE.sheet(images, images, "a title", info(*images.shape[1:]))
    assert media.suffix == ".png"
    return Image.open(io.BytesIO(media.content))


def frame(images: Tensor) -> tuple[Image.Image, int]:
    (media,) = IMAGE.frame(images, images, info(*images.shape[1:]))
    assert media.suffix == ".webp"
    return Image.open(io.BytesIO(media.content)), len(media.content)


def smooth(count: int, channels: int, side: int) -> Tensor:
    noise = torch.rand(count, channels, 4, 4, generator=torch.Generator().manual_seed(0))
    return (torch.nn.functional.interpolate(noise, side, mode="bilinear") * 255).byte()


def test_trap_11_images_reach_the_networks_in_the_range_of_a_tanh() -> None:
    levels = torch.arange(256, dtype=torch.uint8)[:, None, None, None]
    scaled = IMAGE.encode(levels, info(1, 1, 1))
    assert scaled.dtype == torch.float32
    assert (scaled[0], scaled[-1]) == (-1, 1)
    torch.testing.assert_close(scaled.flatten(), torch.linspace(-1, 1, 256))
    assert torch.equal(IMAGE.decode(scaled, info(1, 1, 1)), levels)


@pytest.mark.parametrize(
    ("value", "byte"),
    [
        (-1.0, 0),
        (0.0, 128),
        (1.0, 255),
        (-2.0, 0),
        (300.0, 255),
        (-1 + 1.4 / 255, 1),
        (0.9999, 255),
        (0.99, 254),
    ],
)
def test_pixels_are_rounded_as_torch_fidelity_has_it(value: float, byte: int) -> None:
    converted = IMAGE.decode(torch.full((1, 1, 1, 1), value), info(1, 1, 1))
    assert converted.dtype == torch.uint8
    assert converted.item() == byte


def test_a_sheet_is_a_grid_enlarged_by_a_whole_factor() -> None:
    picture = sheet(torch.zeros(10, 1, 8, 8, dtype=torch.uint8))
    factor = SHEET_SIDE // (4 * 9 - 1)
    assert picture.size == (factor * (4 * 9 - 1), factor * (3 * 9 - 1))
    assert picture.getpixel((0, 0)) == 0
    assert picture.getpixel((8 * factor, 0)) == 255


def test_oblong_images_stay_oblong() -> None:
    picture = sheet(torch.zeros(64, 3, 8, 16, dtype=torch.uint8))
    factor = SHEET_SIDE // (8 * 17 - 1)
    assert picture.size == (factor * (8 * 17 - 1), factor * (8 * 9 - 1))


@pytest.mark.parametrize(("channels", "shown"), [(1, 1), (2, 1), (3, 3), (4, 3)])
def test_of_odd_channels_those_that_can_be_seen_are_shown(channels: int, shown: int) -> None:
    images = smooth(4, channels, 8)
    few = images[:, :shown].contiguous()
    assert IMAGE.sheet(images, images, "", info(channels, 8, 8)) == IMAGE.sheet(
        few, few, "", info(shown, 8, 8)
    )


def test_in_a_frame_tiny_images_are_kept_to_the_bit() -> None:
    images = smooth(40, 1, 8)
    picture, _ = frame(images)
    assert picture.size == (6 * 9 - 1, 6 * 9 - 1)
    pixels = torch.from_numpy(np.array(picture.convert("L")))
    for index in (0, 5, 35):
        row, column = divmod(index, 6)
        cut = pixels[row * 9 : row * 9 + 8, column * 9 : column * 9 + 8]
        assert torch.equal(cut, images[index, 0])


@pytest.mark.parametrize(("channels", "side", "columns"), [(1, 28, 4), (3, 32, 4), (3, 64, 3)])
def test_in_a_frame_larger_images_take_a_few_kilobytes(
    channels: int, side: int, columns: int
) -> None:
    picture, size = frame(smooth(40, channels, side))
    assert picture.size == (columns * (side + 1) - 1,) * 2
    assert size < 8000


def test_a_frame_of_large_images_is_made_smaller() -> None:
    picture, _ = frame(smooth(9, 3, 256))
    assert picture.size == (FRAME_SIDE, FRAME_SIDE)


def test_floats_that_became_bytes_are_doubted() -> None:
    assert IMAGE.doubt(torch.ones(3, 1, 8, 8, dtype=torch.uint8), info(1, 8, 8)) == (
        "lie in 0..1, not in 0..255"
    )
    assert IMAGE.doubt(smooth(3, 1, 8), info(1, 8, 8)) == ""


def test_what_leaves_the_range_of_a_tanh_is_told() -> None:
    raw = torch.tensor([-1.5, 0.5]).view(1, 1, 1, 2)
    assert IMAGE.range_fault(raw, info(1, 1, 2)) == "lie in [-1.5, 0.5], not in [-1, 1]"
    assert IMAGE.range_fault(raw.clamp(-1, 1) * (1 + 1e-6), info(1, 1, 2)) == ""
