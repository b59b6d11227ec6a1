"""Pictures of what scores measure: paths through latents, directions, what a discriminator sees.

Images are rows of samples; of points in the plane, curves over the data. Other data have none.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import torch

from ganbench import Evaluation, decode, encode
from ganbench_plugins.scores.kernels import latents, sefa

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from torch import Tensor, nn

PATHS, STEPS = 8, 8
DIRECTIONS, REACH = 6, 3.0
"""Of SeFa: how many directions, and how far along each, in standard deviations."""
STYLES = 1000
"""That tell the standard deviation of a style along a direction."""
SPREAD = {"normal": 1.0, "uniform": 3**-0.5, "categorical": 0.0}
"""Standard deviations of a latent's coordinates; a class is no direction."""
WIDE = {"normal": 2.0, "uniform": 1.0}
"""How far a latent is shown on either side of 0: no generator was trained outside its law."""
SHOWN = 8
NOISY_COPIES, NOISE = 8, 0.1
"""Of SmoothGrad (Smilkov et al. 2017, arXiv:1706.03825)."""
SIDE = 512
LATENT_GRID, FIELD, ARROWS = 24, 96, 16


def interpolations(evaluation: Evaluation, **parameters: object) -> dict[str, bytes]:
    """Eight paths between two latents each, in eight steps that keep the latents' norm."""
    generator = latents.generator_of(evaluation, "path-length")
    law, info = evaluation.latents, evaluation.data.info
    steps = STEPS if info.modality == "image" else 64
    ends = [latents.draw(law, PATHS, seed).repeat_interleave(steps, 0) for seed in (3, 4)]
    share = torch.linspace(0, 1, steps).repeat(PATHS)[:, None]
    at = latents.between(law, ends[0], ends[1], share)
    labels = latents.labels_of(evaluation, PATHS)
    labels = None if labels is None else labels.repeat_interleave(steps)
    samples = decode(latents.samples_of(generator, at, labels), info).cpu()
    if info.modality == "image":
        return {"interpolations": _rows(samples, STEPS)}
    if info.features != 2:
        return {}
    figure, axes = _plane(evaluation)
    for path in samples.view(PATHS, steps, 2):
        axes.plot(*path.T.numpy(), marker=".", markersize=3, linewidth=1)
    axes.set_title("paths between two latents", fontsize=10)
    return {"interpolations": _png(figure)}


def directions(evaluation: Evaluation, **parameters: object) -> dict[str, bytes]:
    """A sample moved along the directions that the generator's first weights amplify most (SeFa):
    of its latent, or of its style, if it has one."""
    generator, info = latents.generator_of(evaluation, "separability"), evaluation.data.info
    weight = sefa.first_weight(generator, sum(part.size for part in evaluation.latents))
    if info.modality != "image" or weight is None:
        return {}
    chosen = sefa.directions(weight, DIRECTIONS)
    start = latents.draw(evaluation.latents, 1, seed=5)
    labels = latents.labels_of(evaluation, 1)
    if styled := sefa.has_style(generator):
        start = latents.samples_of(generator, start, labels, of="style").cpu()
        steps = chosen * (_styles(evaluation, generator) @ chosen.T).std(dim=0)[:, None]
    else:
        spreads = [torch.full((part.size,), SPREAD[part.law]) for part in evaluation.latents]
        steps = chosen * torch.cat(spreads)
    reach = torch.linspace(-REACH, REACH, STEPS - 1)
    at = torch.cat([start + far * step for step in steps for far in reach])
    labels = None if labels is None else labels.repeat(len(at))
    moved = latents.samples_of(generator, at, labels, of="synthesis" if styled else None)
    return {"directions": _rows(decode(moved, info), STEPS - 1)}


def _styles(evaluation: Evaluation, generator: nn.Module) -> Tensor:
    """(STYLES, S) styles of latents."""
    at = latents.draw(evaluation.latents, STYLES, seed=6)
    labels = latents.labels_of(evaluation, STYLES)
    return latents.samples_of(generator, at, labels, of="style").cpu()


def opinions(evaluation: Evaluation, **parameters: object) -> dict[str, bytes]:
    """What the discriminator thinks: a map of its logits with their gradient, and where a grid of
    latents comes to lie, of points in the plane; which pixels its logit hangs on, of images."""
    info = evaluation.data.info
    if info.modality == "image" and evaluation.fake_labels is None:
        return {"saliency": _saliency(evaluation)}
    if info.modality == "points" and info.features == 2 and evaluation.fake_labels is None:
        pair = encode(evaluation.real[:2], info)
        if len(evaluation.logits(pair)) == len(pair):  # a pack of points has no place in the plane
            return {"field": _field(evaluation)}
    return {}


def _saliency(evaluation: Evaluation) -> bytes:
    """Real samples above what their logits hang on, then fakes above the same."""
    info = evaluation.data.info
    rows = []
    for stored in (evaluation.data.some(evaluation.real, SHOWN), evaluation.fakes[:SHOWN]):
        seen = encode(stored, info)
        random = torch.Generator().manual_seed(0)
        total = torch.zeros_like(seen)
        for _ in range(NOISY_COPIES):
            noise = NOISE * torch.randn(seen.shape, generator=random).to(seen.device)
            total += _gradient(evaluation, seen + noise).abs()
        strength = total.sum(1, keepdim=True)
        strength = strength / strength.flatten(1).amax(1).clamp_min(1e-12).view(-1, 1, 1, 1)
        shown = (strength * 255).byte().expand(-1, stored.shape[1], -1, -1)
        rows += [stored.cpu(), shown.cpu()]
    return _rows(torch.cat(rows), SHOWN)


def _gradient(evaluation: Evaluation, samples: Tensor) -> Tensor:
    samples = samples.detach().requires_grad_()
    (gradient,) = torch.autograd.grad(evaluation.logits(samples).sum(), samples)
    return gradient


def _field(evaluation: Evaluation) -> bytes:
    figure, axes = _plane(evaluation)
    device = evaluation.fakes.device
    for count, draw in ((FIELD, _contours), (ARROWS, _arrows)):
        edges = [torch.linspace(*limits, count) for limits in (axes.get_xlim(), axes.get_ylim())]
        x, y = torch.meshgrid(*edges, indexing="xy")
        draw(axes, evaluation, x, y, torch.stack([x, y], dim=2).view(-1, 2).to(device))
    size = sum(part.size for part in evaluation.latents)
    flat = size == len(latents.continuous(evaluation.latents)) == 2
    if evaluation.generator is not None and flat:
        _latent_grid(axes, evaluation)
    axes.set_title("logits of the discriminator, uphill arrows, image of a latent grid", fontsize=9)
    return _png(figure)


def _contours(axes: Axes, evaluation: Evaluation, x: Tensor, y: Tensor, at: Tensor) -> None:
    logits = evaluation.logits(at).view(x.shape).cpu()
    drawn = axes.contourf(x, y, logits, levels=12, cmap="PuOr", alpha=0.6, zorder=0)
    axes.figure.colorbar(drawn, ax=axes, shrink=0.8)


def _arrows(axes: Axes, evaluation: Evaluation, x: Tensor, y: Tensor, at: Tensor) -> None:
    slope = _gradient(evaluation, at).cpu().view(*x.shape, 2)
    length = slope.norm(dim=2).clamp_min(1e-12)
    axes.quiver(x, y, slope[..., 0] / length, slope[..., 1] / length, alpha=0.5, scale=40)


def _latent_grid(axes: Axes, evaluation: Evaluation) -> None:
    """The lines of a grid over two standard deviations of a latent, as far as its law goes, where
    the generator puts them."""
    generator = latents.generator_of(evaluation, "discriminator")
    laws = [part.law for part in evaluation.latents for _ in range(part.size)]
    edges = [torch.linspace(-1, 1, LATENT_GRID) * WIDE[law] for law in laws]
    grid = torch.stack(torch.meshgrid(*edges, indexing="xy"), dim=2)
    placed = latents.samples_of(generator, grid.view(-1, 2), None).cpu().view(grid.shape)
    for lines in (placed, placed.transpose(0, 1)):
        for line in lines:
            axes.plot(*line.T.numpy(), color="black", linewidth=0.5, alpha=0.7)


def neighbours(evaluation: Evaluation, *, extractor: str) -> dict[str, bytes]:
    """Fakes, and below each the training sample whose features are nearest."""
    if evaluation.data.info.modality != "image":
        return {}
    fakes = evaluation.fakes[:SHOWN]
    apart = torch.cdist(
        evaluation.fake_features(extractor)[:SHOWN], evaluation.train_features(extractor)
    )
    nearest = evaluation.data.train[apart.argmin(1).cpu()]
    return {"neighbours": _rows(torch.cat([fakes.cpu(), nearest]), SHOWN)}


def _rows(images: Tensor, columns: int) -> bytes:
    """Images (N, C, H, W) uint8 in rows, enlarged by a whole factor, as a PNG."""
    from PIL import Image

    images = images.cpu()[:, :3] if images.shape[1] >= 3 else images.cpu()[:, :1]
    count, channels, height, width = images.shape
    rows = -(-count // columns)
    pixels = images.new_full((channels, rows * (height + 1) - 1, columns * (width + 1) - 1), 255)
    for place, image in enumerate(images):
        top, left = place // columns * (height + 1), place % columns * (width + 1)
        pixels[:, top : top + height, left : left + width] = image
    picture = Image.fromarray((pixels[0] if channels == 1 else pixels.permute(1, 2, 0)).numpy())
    factor = max(1, SIDE // max(picture.size))
    size = (picture.width * factor, picture.height * factor)
    stream = io.BytesIO()
    picture.resize(size, Image.Resampling.NEAREST).save(stream, "PNG")
    return stream.getvalue()


def _plane(evaluation: Evaluation) -> tuple[Any, Axes]:
    """A figure with the real points, and its axes."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5.12, 5.12), dpi=100, layout="constrained")
    axes = figure.subplots()
    real = evaluation.data.some(evaluation.real, 1000).cpu()
    x, y = real.T.numpy()
    axes.scatter(x, y, s=6, color="#888888", linewidths=0, zorder=1)
    low, high = real.amin(0), real.amax(0)
    margin = 0.15 * float((high - low).max()) or 1.0
    axes.set_aspect("equal")  # so that uphill is across the contour lines
    axes.set_xlim(float(low[0]) - margin, float(high[0]) + margin)
    axes.set_ylim(float(low[1]) - margin, float(high[1]) + margin)
    return figure, axes


def _png(figure: Any) -> bytes:
    stream = io.BytesIO()
    figure.savefig(stream, format="png")
    return stream.getvalue()
