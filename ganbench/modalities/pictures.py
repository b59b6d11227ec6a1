"""Pictures of many small images, as bytes of a file. Imports torch and Pillow: for functions."""

from __future__ import annotations

import io
import math

from PIL import Image
from torch import Tensor

from ganbench.modalities.media import Media

SHEET_IMAGES = 64
SHEET_SIDE = 512

FRAME_PIXELS = 128 * 128
"""Of the images of a frame, about: between nine large ones and 36 small ones are on it."""

FRAME_SIDE = 384
"""The most that a frame may measure: one of larger images is made smaller."""

QUALITY = 70


def sheet_of(images: Tensor) -> Media:
    """A square of images as a PNG, enlarged by a whole factor to stay sharp.

    Args:
        images: (N, C, H, W) uint8; the first 64 are shown.
    """
    picture = grid(images[:SHEET_IMAGES])
    factor = max(1, SHEET_SIDE // max(picture.size))
    size = (picture.width * factor, picture.height * factor)
    stream = io.BytesIO()
    picture.resize(size, Image.Resampling.NEAREST).save(stream, "PNG")
    return Media(stream.getvalue(), ".png")


def frame_of(images: Tensor) -> Media:
    """A square of as many images as suits their size, as a WebP of their own size.

    Args:
        images: (N, C, H, W) uint8.
    """
    area = images.shape[2] * images.shape[3]
    columns = min(max(math.isqrt(FRAME_PIXELS // area), 3), 6)
    picture = grid(images[: columns**2])
    picture.thumbnail((FRAME_SIDE, FRAME_SIDE))
    # Lossy compression smears the few pixels of a tiny image, and hardly saves anything there.
    return webp(picture, lossless=area <= 256)


def grid(images: Tensor) -> Image.Image:
    """A square grid with one white pixel between two images.

    Args:
        images: (N, C, H, W) uint8, on any device. Of two channels the first is shown, of four the
            first three.
    """
    images = images.cpu()
    count, channels, height, width = images.shape
    shown = 3 if channels >= 3 else 1
    columns = math.ceil(math.sqrt(count))
    rows = math.ceil(count / columns)
    pixels = images.new_full((shown, rows * (height + 1) - 1, columns * (width + 1) - 1), 255)
    for index, image in enumerate(images[:, :shown]):
        top, left = index // columns * (height + 1), index % columns * (width + 1)
        pixels[:, top : top + height, left : left + width] = image
    return Image.fromarray((pixels[0] if shown == 1 else pixels.permute(1, 2, 0)).numpy())


def png(image: Tensor) -> Media:
    """An image as a PNG of its own size, with all its channels.

    Args:
        image: (C, H, W) uint8, on any device: grey, grey and alpha, colour, or colour and alpha.
    """
    pixels = image.cpu()
    stream = io.BytesIO()
    shown = pixels[0] if len(pixels) == 1 else pixels.permute(1, 2, 0)
    Image.fromarray(shown.contiguous().numpy()).save(stream, "PNG")
    return Media(stream.getvalue(), ".png")


def webp(picture: Image.Image, *, lossless: bool) -> Media:
    """A picture as a WebP."""
    stream = io.BytesIO()
    picture.save(stream, "WEBP", lossless=lossless, quality=100 if lossless else QUALITY, method=4)
    return Media(stream.getvalue(), ".webp")
