"""Points: vectors of numbers without bounds, seen and emitted as they are.

Points in the plane are drawn over the real ones, points on a line as histograms; in more dimensions
there is nothing to see.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from ganbench.api.data import DataInfo
from ganbench.modalities.media import ALL, Media
from ganbench.modalities.modality import Modality, no_fault, same, shape_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from torch import Tensor, nn

SHEET_POINTS = 2500
SHEET_BINS = 64
SHEET_COLOURS = {"real": "#b8b8b8", "generated": "#1f6fb4"}

FRAME_SIDE = 144
FRAME_BINS = 48
FRAME_COLOURS = (0, 0, 0, 158, 158, 158, 31, 119, 200)
"""A palette: nothing (transparent), real, generated; the last two are seen on white and black."""


def output_layer(info: DataInfo) -> nn.Module:
    """Nothing: points have no bounds."""
    from torch import nn

    return nn.Identity()


def doubt(stored: Tensor, info: DataInfo) -> str:
    """Coordinates that tell nothing, where others do."""
    still = (stored == stored[:1]).all(dim=0) if len(stored) else stored.new_zeros(0).bool()
    places = still.nonzero().flatten().tolist()
    if not places or len(places) == info.features:
        return ""
    return f"never change in coordinate {', '.join(map(str, places))} (of 0 to {info.features - 1})"


def sheet(fakes: Tensor, real: Tensor, title: str, info: DataInfo) -> tuple[Media, ...]:
    """Real points in grey, generated ones in blue above, on the real points' frame."""
    if info.features > 2:
        return ()
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    # Real points may be in an order, by class or source; those of the picture are of all of it.
    every = -(-len(real) // SHEET_POINTS) or 1
    fakes, real = fakes[:SHEET_POINTS].cpu(), real[::every].cpu()
    figure = Figure(figsize=(5.12, 5.12), dpi=100, layout="tight")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    low, high = corners(fakes, real)
    draw = _draw_scatter if info.features == 2 else _draw_histograms
    draw(axes, fakes, real, low, high)
    outside = ((fakes < low) | (fakes > high)).any(dim=1).float().mean()
    note = f" ({float(outside):.1%} outside)" if float(outside) >= 0.0005 else ""
    axes.set_title(f"{title}{note}", fontsize=10)
    axes.legend(loc="upper right", fontsize=8, framealpha=0.9)
    stream = io.BytesIO()
    figure.savefig(stream, format="png")
    return (Media(stream.getvalue(), ".png"),)


def corners(fakes: Tensor, real: Tensor) -> tuple[Tensor, Tensor]:
    """Corners of what is drawn: around the real points, or around all where those are one point."""
    import torch

    shown = real if bool((real != real[:1]).any()) else torch.cat([real, fakes])
    low, high = shown.amin(dim=0), shown.amax(dim=0)
    margin = 0.15 * float((high - low).max()) or 1.0
    return low - margin, high + margin


def _draw_scatter(axes: Axes, fakes: Tensor, real: Tensor, low: Tensor, high: Tensor) -> None:
    for points, size, name in ((real, 14, "real"), (fakes, 3, "generated")):
        x, y = points.T.numpy()
        axes.scatter(x, y, s=size, c=SHEET_COLOURS[name], alpha=0.7, linewidths=0, label=name)
    axes.set_xlim(float(low[0]), float(high[0]))
    axes.set_ylim(float(low[1]), float(high[1]))
    axes.set_aspect("equal")


def _draw_histograms(axes: Axes, fakes: Tensor, real: Tensor, low: Tensor, high: Tensor) -> None:
    """Shares of the points in equal bins, of which the two share the edges."""
    import torch

    edges = torch.linspace(float(low), float(high), SHEET_BINS + 1, dtype=torch.float64)
    highest = 0.0
    for points, name in ((real, "real"), (fakes, "generated")):
        shares = torch.histogram(points.flatten().double(), edges).hist / len(points)
        highest = max(highest, float(shares.max()))
        colour = SHEET_COLOURS[name]
        axes.stairs(shares.numpy(), edges.numpy(), fill=True, color=colour, alpha=0.7, label=name)
    axes.set_xlim(float(low), float(high))
    axes.set_ylim(0, 1.2 * highest)  # the legend stands above the bars
    axes.locator_params(axis="x", nbins=6)
    axes.set_ylabel("share of the points")


def frame(fakes: Tensor, real: Tensor, info: DataInfo) -> tuple[Media, ...]:
    """One pixel per point, or bars for points on a line; generated above real."""
    if info.features > 2:
        return ()
    import torch
    from PIL import Image

    from ganbench.modalities.pictures import webp

    fakes, real = fakes.cpu(), real.cpu()
    low, high = corners(fakes, real)
    draw = _scatter if info.features == 2 else _bars
    canvas = torch.zeros(FRAME_SIDE, FRAME_SIDE, dtype=torch.uint8)
    for colour, points in enumerate((real, fakes), start=1):
        inside = ((points >= low) & (points <= high)).all(dim=1)
        draw(canvas, (points[inside] - low) / (high - low), colour)
    picture = Image.frombytes("P", (FRAME_SIDE, FRAME_SIDE), canvas.numpy().tobytes())
    picture.putpalette(FRAME_COLOURS)
    picture.info["transparency"] = 0
    return (webp(picture.convert("RGBA"), lossless=True),)


def _scatter(canvas: Tensor, places: Tensor, colour: int) -> None:
    column, row = (places * (FRAME_SIDE - 1)).round().long().T
    canvas[FRAME_SIDE - 1 - row, column] = colour


def _bars(canvas: Tensor, places: Tensor, colour: int) -> None:
    """Shares of the points in equal bins; the tallest bar is as tall as the frame."""
    bins = (places[:, 0] * (FRAME_BINS - 1)).round().long()
    counts = bins.bincount(minlength=FRAME_BINS)
    heights = (counts / counts.max().clamp(min=1) * FRAME_SIDE).round().long()
    width = FRAME_SIDE // FRAME_BINS
    for index, height in enumerate(heights.tolist()):
        # Real bars fill their bin, generated ones stand within: where they agree, both are seen.
        left, right = index * width + (colour - 1), (index + 1) * width
        canvas[FRAME_SIDE - height :, left:right] = colour


def files(samples: Tensor, info: DataInfo) -> dict[str, Media]:
    """One table: a row each, a column for each coordinate; as many digits as float32 has."""
    header = ",".join(f"x{place}" for place in range(info.features))
    rows = (",".join(f"{value:.9g}" for value in row) for row in samples.tolist())
    text = "".join(f"{line}\n" for line in (header, *rows))
    return {ALL: Media(text.encode(), ".csv")}


def _example(dimensions: int) -> DataInfo:
    return DataInfo(name=f"{dimensions}-D points", modality="points", shape=(dimensions,))


POINTS = Modality(
    name="points",
    stored="float32",
    axes=("coordinates",),
    stored_axes=("coordinates",),
    examples=tuple(map(_example, (2, 1, 3, 16))),
    partner="mlp",
    fault=no_fault,
    stored_shape=shape_of,
    value_fault=no_fault,
    doubt=doubt,
    encode=same,
    decode=same,
    range_fault=no_fault,
    output_layer=output_layer,
    sheet=sheet,
    frame=frame,
    files=files,
    emitted="coordinates as they are",
)
