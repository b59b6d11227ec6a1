"""One image file to one square tensor."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

import numpy as np
import torch
from PIL import Image, ImageOps

from ganbench_plugins.datasets.looks import bits_of, is_passing, quiet, reason_of

if TYPE_CHECKING:
    from pathlib import Path

    from torch import Tensor

BACKGROUNDS = {"over-white": "white", "over-black": "black"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """What images are made into.

    Args:
        side: height and width in pixels.
        grey: one channel of grey instead of three of colour.
        alpha: `over-white` or `over-black`: transparent parts show that; `keep`: it is one more
            channel.
    """

    side: int
    grey: bool = False
    alpha: str = "over-white"

    @property
    def channels(self) -> int:
        """1 to 4."""
        return (1 if self.grey else 3) + (self.alpha == "keep")


class Undecodable(Exception):
    """A file that cannot be decoded; the message is why."""


def decode(file: Path | BinaryIO, form: Form) -> Tensor:
    """(C, side, side) uint8: upright, centre-cropped to a square, Lanczos-resized.

    16 bits a channel are scaled to 8, so that 65,535 becomes 255; 32 bits have no scale.

    Raises:
        Undecodable: the file is damaged, no image, enormous, of 32 bits a channel, or of negative
            numbers.
        OSError: it cannot be read now.
    """
    try:
        with warnings.catch_warnings():
            quiet()
            with Image.open(file) as image:
                square = _square(image, form)
    except Exception as error:  # damage can end Pillow's decoders in any kind of error
        if is_passing(error):
            raise
        raise Undecodable(reason_of(error)) from None
    pixels = np.asarray(square, dtype=np.uint8).reshape(form.side, form.side, -1)
    return torch.from_numpy(pixels.transpose(2, 0, 1).copy())


def _square(image: Image.Image, form: Form) -> Image.Image:
    bits = bits_of(image)
    upright = ImageOps.exif_transpose(image)
    if bits == 32:
        raise ValueError(f"mode {image.mode} has 32 bits a channel")
    if upright.mode.startswith("I"):  # of 16 bits: converting would cut off what is above 255
        deep = np.asarray(upright).astype(np.float64)
        if deep.min() < 0:
            raise ValueError("it holds negative numbers, of which nobody says what is black")
        upright = Image.fromarray(np.rint(deep / 257).astype(np.uint8))
    colours = upright.convert("RGBA")
    if form.alpha in BACKGROUNDS:
        ground = Image.new("RGBA", colours.size, BACKGROUNDS[form.alpha])
        colours = Image.alpha_composite(ground, colours)
    flat = colours.convert({1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}[form.channels])
    size = (form.side, form.side)
    return ImageOps.fit(flat, size, Image.Resampling.LANCZOS, centering=(0.5, 0.5))
