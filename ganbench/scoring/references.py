"""The samples of reference generators: made of training samples, for any kind of data."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import torch
from torch import Tensor

from ganbench.api.data import Data
from ganbench.modalities import modality_of
from ganbench.results.references import COPIES, GAUSSIAN, NOISE, ONE, SHUFFLED

MOST: Final = 10_000
"""Training samples that a law is estimated from: more say nothing new about a covariance that has
to be seen in fewer fakes than that."""

AT_ONCE: Final = 1_000
"""Fakes of the Gaussian that are drawn together."""


def reference_samples(data: Data, name: str, count: int, seed: int) -> Tensor:
    """What a reference generator makes.

    Args:
        data: whose train split it knows.
        name: one of `ganbench.results.references.REFERENCES`.
        count: number of samples.
        seed: of all that is drawn; the same on every machine.

    Returns:
        (count, ...) as they would be stored, on the CPU.
    """
    return _MAKERS[name](data, count, torch.Generator().manual_seed(seed))


def training_copies(data: Data, count: int, generator: torch.Generator) -> Tensor:
    """Different training samples, each again only where there are fewer than asked for."""
    order = torch.randperm(len(data.train), generator=generator)
    return data.train[order[torch.arange(count) % len(order)]]


def gaussian(data: Data, count: int, generator: torch.Generator) -> Tensor:
    """A Gaussian with the mean and covariance of what networks see of the training samples."""
    seen = _seen(data, generator)
    mean = seen.mean(dim=0)
    # Random combinations of centred samples have their covariance exactly, and need no root of it.
    root = (seen - mean) / max(1, len(seen) - 1) ** 0.5
    blocks = [
        mean + torch.randn(size, len(root), generator=generator) @ root
        for size in _blocks(count, AT_ONCE)
    ]
    return _stored(torch.cat(blocks), data)


def shuffled_coordinates(data: Data, count: int, generator: torch.Generator) -> Tensor:
    """Every stored number from a training sample of its own: each has the law that it has in the
    data, and none knows of another."""
    flat = data.train.flatten(1)
    rows = torch.randint(len(flat), (count, flat.shape[1]), generator=generator)
    mixed = flat.gather(0, rows).reshape(count, *data.train.shape[1:])
    # As what a generator emits is: a text of mixed tokens still ends where it first says so.
    return _stored(modality_of(data.info).encode(mixed, data.info), data)


def one_sample(data: Data, count: int, generator: torch.Generator) -> Tensor:
    """The first training sample, again and again."""
    return data.train[:1].repeat(count, *[1] * (data.train.ndim - 1))


def uniform_noise(data: Data, count: int, generator: torch.Generator) -> Tensor:
    """What networks see, uniform between the least and the largest number of training samples."""
    seen = _seen(data, generator)
    low, high = seen.amin(), seen.amax()
    return _stored(low + (high - low) * torch.rand(count, seen.shape[1], generator=generator), data)


_MAKERS: Final[Mapping[str, Callable[[Data, int, torch.Generator], Tensor]]] = {
    COPIES: training_copies,
    GAUSSIAN: gaussian,
    SHUFFLED: shuffled_coordinates,
    NOISE: uniform_noise,
    ONE: one_sample,
}


def _seen(data: Data, generator: torch.Generator) -> Tensor:
    """(n, features) float32 of at most `MOST` training samples."""
    order = torch.randperm(len(data.train), generator=generator)[:MOST]
    return modality_of(data.info).encode(data.train[order], data.info).flatten(1)


def _stored(seen: Tensor, data: Data) -> Tensor:
    info = data.info
    return modality_of(info).decode(seen.reshape(-1, *info.shape), info)


def _blocks(count: int, size: int) -> list[int]:
    return [min(size, count - start) for start in range(0, count, size)]
