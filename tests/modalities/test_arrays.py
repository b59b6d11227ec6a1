"""What a bare array is, and how its axes are put in order."""

from __future__ import annotations

import pytest
import torch

from ganbench import DataInfo
from ganbench.api.errors import UsageError
from ganbench.modalities.arrays import Channels, arranged, describe

IMAGES = DataInfo(name="x", modality="image", shape=(3, 8, 16))


def byte_images(*shape: int) -> torch.Tensor:
    return torch.arange(torch.Size(shape).numel()).remainder(256).byte().reshape(shape)


@pytest.mark.parametrize(
    ("shape", "channels", "found"),
    [
        ((5, 3, 8, 16), "found", (3, 8, 16)),
        ((5, 8, 16, 3), "found", (3, 8, 16)),
        ((5, 3, 8, 4), "found", (3, 8, 4)),
        ((5, 3, 8, 4), "last", (4, 3, 8)),
        ((5, 3, 8, 4), "first", (3, 8, 4)),
    ],
)
def test_bytes_of_three_axes_are_images(
    shape: tuple[int, ...], channels: Channels, found: tuple[int, ...]
) -> None:
    info = describe(byte_images(*shape), "x", channels)
    assert (info.modality, info.shape) == ("image", found)


def test_floats_of_one_axis_are_points_in_any_precision() -> None:
    for dtype in (torch.float64, torch.float32, torch.float16):
        info = describe(torch.zeros(4, 7, dtype=dtype), "x")
        assert (info.modality, info.shape) == ("points", (7,))
        samples, note = arranged(torch.ones(4, 7, dtype=dtype), info, "x")
        assert (samples.dtype, note) == (torch.float32, "")


@pytest.mark.parametrize(
    "samples",
    [torch.zeros(5), torch.zeros(5, 3, 8, 8), byte_images(5, 8), byte_images(5, 9, 8, 8)],
    ids=lambda one: f"{one.dtype} {tuple(one.shape)}",
)
def test_what_is_no_kind_of_sample_is_refused(samples: torch.Tensor) -> None:
    with pytest.raises(UsageError, match=r"x holds .* which is no kind of sample"):
        describe(samples, "x")


def test_channels_are_moved_and_it_is_said() -> None:
    first = byte_images(5, 3, 8, 16)
    last = first.movedim(1, -1)
    kept, note = arranged(first, IMAGES, "x")
    assert torch.equal(kept, first)
    assert note == ""
    moved, note = arranged(last, IMAGES, "x")
    assert torch.equal(moved, first)
    assert note == "x: channels stand last in it"
    with pytest.raises(UsageError, match=r"of shape \(8, 16, 3\), x has samples of shape"):
        arranged(last, IMAGES, "x", "first")


def test_numbers_that_fit_are_taken_and_others_are_not() -> None:
    whole = byte_images(5, 3, 8, 16).long()
    assert arranged(whole, IMAGES, "x")[0].dtype == torch.uint8
    for wrong in (whole + 1, -whole, whole.float()):
        with pytest.raises(UsageError, match=r"stored as torch.uint8; images are bytes"):
            arranged(wrong, IMAGES, "x")


def test_dark_images_are_doubted() -> None:
    assert "lie in 0..1, not in 0..255" in arranged(byte_images(5, 3, 8, 16) % 2, IMAGES, "x")[1]
