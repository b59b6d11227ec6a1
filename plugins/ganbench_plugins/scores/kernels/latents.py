"""Walking through a generator's latent space: draws, paths that stay where it was trained, samples.

Samples of N(0, I) in d dimensions lie at a norm of about sqrt(d). A straight line between two of
them passes through norms that training never saw, and StyleGAN's slerp, which returns unit vectors,
stays below them altogether; so directions are turned and norms are mixed.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import torch

from ganbench import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from torch import Tensor, nn

    from ganbench import Evaluation, Latent

TINY = 1e-7


def draw(law: Sequence[Latent], count: int, seed: int) -> Tensor:
    """(count, size of all parts) float32 latents on the CPU, the same ones for a seed."""
    random = torch.Generator().manual_seed(seed)
    parts = []
    for part in law:
        if part.law == "normal":
            drawn = torch.randn(count, part.size, generator=random)
        elif part.law == "uniform":
            drawn = torch.rand(count, part.size, generator=random).mul_(2).sub_(1)
        else:
            chosen = torch.randint(part.size, (count,), generator=random)
            drawn = torch.nn.functional.one_hot(chosen, part.size).float()
        parts.append(drawn)
    return torch.cat(parts, dim=1)


def between(law: Sequence[Latent], start: Tensor, end: Tensor, share: Tensor) -> Tensor:
    """(B, d) latents at a share (B, 1) of the way from `start` to `end` (B, d).

    Normal parts turn and keep their norm, others go straight.
    """
    sizes = [part.size for part in law]
    parts = [
        _turned(one, two, share) if part.law == "normal" else torch.lerp(one, two, share)
        for part, one, two in zip(
            law, torch.split(start, sizes, 1), torch.split(end, sizes, 1), strict=True
        )
    ]
    return torch.cat(parts, dim=1)


def _turned(start: Tensor, end: Tensor, share: Tensor) -> Tensor:
    norms = start.norm(dim=1, keepdim=True), end.norm(dim=1, keepdim=True)
    one, two = start / norms[0].clamp_min(TINY), end / norms[1].clamp_min(TINY)
    angle = (one * two).sum(1, keepdim=True).clamp(-1 + TINY, 1 - TINY).acos()
    weights = torch.sin((1 - share) * angle), torch.sin(share * angle)
    direction = (weights[0] * one + weights[1] * two) / torch.sin(angle)
    mixed: Tensor = direction * torch.lerp(*norms, share)
    return mixed


def continuous(law: Sequence[Latent]) -> list[int]:
    """The latent coordinates in which there is a direction; classes have none."""
    found: list[int] = []
    start = 0
    for part in law:
        found += range(start, start + part.size) if part.law != "categorical" else []
        start += part.size
    return found


def generator_of(evaluation: Evaluation, score: str) -> nn.Module:
    """The generator that made the fakes.

    Raises:
        UsageError: they are samples of no generator.
    """
    if evaluation.generator is None:
        raise UsageError(
            f"score {score} looks into a generator, and these samples come without one",
            "leave the score out, or score a run",
        )
    return evaluation.generator


def labels_of(evaluation: Evaluation, count: int) -> Tensor | None:
    """(count,) classes to ask a conditional generator for, of the law of the fakes; else None."""
    labels = evaluation.fake_labels
    if labels is None:
        return None
    return labels.repeat(-(-count // len(labels)))[:count]


@contextmanager
def at_rest(generator: nn.Module) -> Iterator[None]:
    """The generator as it is evaluated: in eval mode, and with the same noise inside at every call
    of the block that starts with `torch.manual_seed`; all is as before afterwards."""
    training = generator.training
    held = (*generator.parameters(), *generator.buffers())
    devices = {one.device for one in held if one.device.type == "cuda"}
    generator.eval()
    try:
        with torch.random.fork_rng(list(devices)):
            yield
    finally:
        generator.train(training)


@torch.no_grad()
def samples_of(
    generator: nn.Module,
    latents: Tensor,
    labels: Tensor | None,
    batch: int = 256,
    of: str | None = None,
) -> Tensor:
    """(N, *shape) float32 raw outputs, each with the noise inside that a fixed seed gives.

    Args:
        generator: is left as it was.
        latents: (N, size).
        labels: (N,) classes, if it takes some.
        batch: latents at a time.
        of: the method that is called in the place of the generator.
    """
    call = generator if of is None else getattr(generator, of)
    held = (*generator.parameters(), *generator.buffers())
    device = held[0].device if held else latents.device
    given = [latents.to(device), *([] if labels is None else [labels.to(device)])]
    with at_rest(generator):
        parts = []
        for chosen in zip(*(torch.split(one, batch) for one in given), strict=True):
            torch.manual_seed(0)
            parts.append(call(*chosen).float())
    return torch.cat(parts)
