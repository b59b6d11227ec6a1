"""Sample sheets: what a run's generator makes, as one PNG for the eye."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SHEET_IMAGES = 64
SHEET_SIDE = 512
SHEET_POINTS = 2500
SHEET_BINS = 64
COLOURS = {"real": "#b8b8b8", "generated": "#1f6fb4"}


def write_sheet(fakes: Tensor, real: Tensor, title: str, path: Path) -> None:
    """Write a grid of generated images, or generated points over real ones.

    Points on a line are drawn as histograms. Samples that are neither images nor points of at most
    two dimensions have no sheet.

    Args:
        fakes: (M, C, H, W) uint8, (M, 2) or (M, 1) float.
        real: samples of the same shape.
        title: printed over points.
        path: of the PNG.
    """
    if fakes.dim() == 4:
        _write_grid(fakes[:SHEET_IMAGES].cpu(), path)
    elif fakes.dim() == 2 and fakes.shape[1] <= 2:
        _write_points(fakes[:SHEET_POINTS].cpu(), real[:SHEET_POINTS].cpu(), title, path)


def _write_grid(images: Tensor, path: Path) -> None:
    """The grid, enlarged by a whole factor to stay sharp."""
    from PIL import Image

    pixels = grid(images)
    factor = max(1, SHEET_SIDE // max(pixels.shape[:2]))
    picture = Image.fromarray(pixels)
    picture.resize(
        (picture.width * factor, picture.height * factor), Image.Resampling.NEAREST
    ).save(path)


def grid(images: Tensor) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """The pixels, (rows, columns) or (rows, columns, 3), of a square grid of images.

    Args:
        images: (N, C, H, W) uint8; one white pixel is between two of them.
    """
    count, channels, height, width = images.shape
    columns = math.ceil(math.sqrt(count))
    rows = math.ceil(count / columns)
    sheet = images.new_full((channels, rows * (height + 1) - 1, columns * (width + 1) - 1), 255)
    for index, image in enumerate(images):
        top, left = index // columns * (height + 1), index % columns * (width + 1)
        sheet[:, top : top + height, left : left + width] = image
    pixels = sheet[0] if channels == 1 else sheet.permute(1, 2, 0)
    return pixels.numpy()


def _write_points(fakes: Tensor, real: Tensor, title: str, path: Path) -> None:
    """Real points in grey, generated ones in blue above, on the real points' frame."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5.12, 5.12), dpi=100, layout="tight")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    low, high = frame(fakes, real)
    draw = _draw_scatter if fakes.shape[1] == 2 else _draw_histograms
    draw(axes, fakes, real, low, high)
    outside = ((fakes < low) | (fakes > high)).any(dim=1).float().mean()
    note = f" ({float(outside):.1%} outside)" if float(outside) >= 0.0005 else ""
    axes.set_title(f"{title}{note}", fontsize=10)
    axes.legend(loc="upper right", fontsize=8, framealpha=0.9)
    figure.savefig(path)


def frame(fakes: Tensor, real: Tensor) -> tuple[Tensor, Tensor]:
    """Corners of what is drawn: around the real points, or around all where those are one point."""
    shown = real if bool((real != real[:1]).any()) else torch.cat([real, fakes])
    low, high = shown.amin(dim=0), shown.amax(dim=0)
    margin = 0.15 * float((high - low).max()) or 1.0
    return low - margin, high + margin


def _draw_scatter(axes: Axes, fakes: Tensor, real: Tensor, low: Tensor, high: Tensor) -> None:
    for points, size, name in ((real, 14, "real"), (fakes, 3, "generated")):
        x, y = points.T.numpy()
        axes.scatter(x, y, s=size, c=COLOURS[name], alpha=0.7, linewidths=0, label=name)
    axes.set_xlim(float(low[0]), float(high[0]))
    axes.set_ylim(float(low[1]), float(high[1]))
    axes.set_aspect("equal")


def _draw_histograms(axes: Axes, fakes: Tensor, real: Tensor, low: Tensor, high: Tensor) -> None:
    """Shares of the points in equal bins, of which the two share the edges."""
    edges = torch.linspace(float(low), float(high), SHEET_BINS + 1, dtype=torch.float64)
    highest = 0.0
    for points, name in ((real, "real"), (fakes, "generated")):
        shares = torch.histogram(points.flatten().double(), edges).hist / len(points)
        highest = max(highest, float(shares.max()))
        axes.stairs(
            shares.numpy(), edges.numpy(), fill=True, color=COLOURS[name], alpha=0.7, label=name
        )
    axes.set_xlim(float(low), float(high))
    axes.set_ylim(0, 1.2 * highest)  # the legend stands above the bars
    axes.locator_params(axis="x", nbins=6)
    axes.set_ylabel("share of the points")
