"""Small sheets of a run's samples, one at every evaluation: the same latents, becoming something.

A sheet is a WebP file of one to three kilobytes, in the size of its samples: whoever shows it
enlarges it. Its name is the number of its evaluation, so that an evaluation that is done again
replaces its own sheet, and a run that goes on from a checkpoint has each of them once.
"""

from __future__ import annotations

import io
import math
from collections.abc import Callable
from pathlib import Path

import torch
from PIL import Image
from torch import Tensor

from ganbench.results.store import FILMSTRIP_FOLDER, filmstrip_file
from ganbench.running.sheet import frame, grid
from ganbench.storage.writing import write_file

PIXELS = 128 * 128
"""Of a sheet of images, about: between nine large images and 36 small ones are on it."""

POINTS_SIDE = 144
POINTS_BINS = 48
QUALITY = 70
COLOURS = (0, 0, 0, 158, 158, 158, 31, 119, 200)
"""A palette: nothing (transparent), real, generated; the last two are seen on white and black."""


class Filmstrip:
    """The sheets of one run.

    Args:
        folder: of the run; the sheets have a folder in it.
        remark: takes lines for the run's log.
    """

    def __init__(self, folder: Path, remark: Callable[[str], None]) -> None:
        self._folder = folder / FILMSTRIP_FOLDER
        self._remark = remark

    def rewind(self, count: int) -> None:
        """Remove all sheets but the first `count`: what a lost try has drawn after them."""
        if self._folder.is_dir():
            kept = {filmstrip_file(index) for index in range(count)}
            for path in self._folder.iterdir():
                if path.name not in kept:
                    path.unlink(missing_ok=True)

    def add(self, index: int, fakes: Tensor, real: Tensor) -> None:
        """Draw the sheet of one evaluation. A sheet that cannot be written is not worth a run.

        Samples that are neither images nor points of at most two dimensions have no sheet.

        Args:
            index: of the evaluation, from 0.
            fakes: (M, C, H, W) uint8, (M, 2) or (M, 1) float.
            real: samples of the same shape.
        """
        if fakes.dim() == 4:
            content = _of_images(fakes)
        elif fakes.dim() == 2 and fakes.shape[1] <= 2:
            content = _of_points(fakes.cpu(), real.cpu())
        else:
            return
        try:
            self._write(filmstrip_file(index), content)
        except OSError as error:
            self._remark(f"a sheet of samples is left out: {error}")

    def _write(self, name: str, content: bytes) -> None:
        self._folder.mkdir(exist_ok=True)
        # Not durable: that takes longer than drawing, and a page can do without one sheet.
        write_file(self._folder / name, content, durable=False)


def _of_images(fakes: Tensor) -> bytes:
    """A square of as many images as suits their size."""
    area = fakes.shape[2] * fakes.shape[3]
    columns = min(max(math.isqrt(PIXELS // area), 3), 6)
    picture = Image.fromarray(grid(fakes[: columns**2].cpu()))
    # Lossy compression smears the few pixels of a tiny image, and hardly saves anything there.
    return _webp(picture, lossless=area <= 256)


def _of_points(fakes: Tensor, real: Tensor) -> bytes:
    """One pixel per point, or bars for points on a line; generated above real."""
    low, high = frame(fakes, real)
    draw = _scatter if fakes.shape[1] == 2 else _bars
    canvas = torch.zeros(POINTS_SIDE, POINTS_SIDE, dtype=torch.uint8)
    for colour, points in enumerate((real, fakes), start=1):
        inside = ((points >= low) & (points <= high)).all(dim=1)
        draw(canvas, (points[inside] - low) / (high - low), colour)
    picture = Image.frombytes("P", (POINTS_SIDE, POINTS_SIDE), canvas.numpy().tobytes())
    picture.putpalette(COLOURS)
    picture.info["transparency"] = 0
    return _webp(picture.convert("RGBA"), lossless=True)


def _scatter(canvas: Tensor, places: Tensor, colour: int) -> None:
    column, row = (places * (POINTS_SIDE - 1)).round().long().T
    canvas[POINTS_SIDE - 1 - row, column] = colour


def _bars(canvas: Tensor, places: Tensor, colour: int) -> None:
    """Shares of the points in equal bins; the tallest bar is as tall as the sheet."""
    bins = (places[:, 0] * (POINTS_BINS - 1)).round().long()
    counts = torch.bincount(bins, minlength=POINTS_BINS)
    heights = (counts / counts.max().clamp(min=1) * POINTS_SIDE).round().long()
    width = POINTS_SIDE // POINTS_BINS
    for index, height in enumerate(heights.tolist()):
        # Real bars fill their bin, generated ones stand within: where they agree, both are seen.
        left, right = index * width + (colour - 1), (index + 1) * width
        canvas[POINTS_SIDE - height :, left:right] = colour


def _webp(picture: Image.Image, *, lossless: bool) -> bytes:
    stream = io.BytesIO()
    picture.save(stream, "WEBP", lossless=lossless, quality=100 if lossless else QUALITY, method=4)
    return stream.getvalue()
