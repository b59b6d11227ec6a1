"""Sample sheets: what a run's generator makes, as one PNG for the eye."""

from __future__ import annotations

import math
from pathlib import Path

from torch import Tensor

SHEET_IMAGES = 64
SHEET_SIDE = 512
SHEET_POINTS = 2500


def write_sheet(fakes: Tensor, real: Tensor, title: str, path: Path) -> None:
    """Write a grid of generated images, or generated points over real ones.

    Samples that are neither images nor planar points have no sheet.

    Args:
        fakes: (M, C, H, W) uint8 or (M, 2) float.
        real: samples of the same shape.
        title: printed over points.
        path: of the PNG.
    """
    if fakes.dim() == 4:
        _write_grid(fakes[:SHEET_IMAGES].cpu(), path)
    elif fakes.dim() == 2 and fakes.shape[1] == 2:
        _write_scatter(fakes[:SHEET_POINTS].cpu(), real[:SHEET_POINTS].cpu(), title, path)


def _write_grid(images: Tensor, path: Path) -> None:
    """A square grid with one pixel between images, enlarged by a whole factor to stay sharp."""
    from PIL import Image

    count, channels, height, width = images.shape
    columns = math.ceil(math.sqrt(count))
    rows = math.ceil(count / columns)
    grid = images.new_full((channels, rows * (height + 1) - 1, columns * (width + 1) - 1), 255)
    for index, image in enumerate(images):
        top, left = index // columns * (height + 1), index % columns * (width + 1)
        grid[:, top : top + height, left : left + width] = image
    pixels = grid[0].numpy() if channels == 1 else grid.permute(1, 2, 0).numpy()
    factor = max(1, SHEET_SIDE // max(pixels.shape[:2]))
    picture = Image.fromarray(pixels)
    picture.resize(
        (picture.width * factor, picture.height * factor), Image.Resampling.NEAREST
    ).save(path)


def _write_scatter(fakes: Tensor, real: Tensor, title: str, path: Path) -> None:
    """Real points in grey below, generated ones in blue above, on the real points' frame."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5.12, 5.12), dpi=100, layout="tight")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    layers = ((real, 14, "#b8b8b8", "real"), (fakes, 3, "#1f6fb4", "generated"))
    for points, size, colour, name in layers:
        x, y = points.T.numpy()
        axes.scatter(x, y, s=size, c=colour, alpha=0.7, linewidths=0, label=name)
    low, high = real.amin(dim=0), real.amax(dim=0)
    margin = 0.15 * float((high - low).max())
    axes.set_xlim(float(low[0]) - margin, float(high[0]) + margin)
    axes.set_ylim(float(low[1]) - margin, float(high[1]) + margin)
    axes.set_aspect("equal")
    outside = ((fakes < low - margin) | (fakes > high + margin)).any(dim=1).float().mean()
    note = f" ({float(outside):.1%} outside)" if float(outside) >= 0.0005 else ""
    axes.set_title(f"{title}{note}", fontsize=10)
    axes.legend(loc="upper right", fontsize=8, framealpha=0.9)
    figure.savefig(path)
