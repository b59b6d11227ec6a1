"""Samples for evaluation: the same latents, mode and batch size for every run of a protocol."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from ganbench.api.networks import Latent
from ganbench.training.feed import LatentFeed

CPU = torch.device("cpu")
"""Where latents and classes of evaluations are drawn: a GPU has other random numbers of a seed."""

SAMPLING_BATCH = 256

AT_ONCE = 1024
"""Samples that are looked at, or turned into what is stored, at a time: of 50,000 images every
temporary copy is gigabytes."""
DEAD_VARIANCE = 1e-12

BESIDE = 32
"""Samples of the batch in which dependence is looked for."""

ROUNDING = 1e-3
"""Of the samples' spread: smaller differences are no dependence."""


@contextmanager
def noise_of(seed: int, device: torch.device) -> Iterator[None]:
    """What networks draw by themselves within is of that seed, and moves no other random numbers.

    Args:
        seed: at least 0.
        device: where they draw.
    """
    with torch.random.fork_rng([device] if device.type == "cuda" else []):
        torch.manual_seed(seed % 2**63)
        yield


@torch.no_grad()
def sample(
    generator: nn.Module,
    law: Latent | Sequence[Latent],
    count: int,
    device: torch.device,
    seed: int,
    labels: Tensor | None = None,
) -> Tensor:
    """(count, *shape) raw outputs of a generator.

    The generator is in eval mode for the call (batch norm with running statistics) and back in its
    former mode after it. Latents depend on the seed and the latent's law alone; noise that the
    generator draws by itself depends on the seed, the kind of device, and on how many samples are
    drawn at once.

    Args:
        generator: in any mode.
        law: of its input.
        count: of samples.
        device: where they are made.
        seed: of the latents, and of the generator's own noise.
        labels: (count,) classes, for a conditional generator.

    Raises:
        ValueError: it returns another number of samples than it is given latents.
    """
    latents = LatentFeed(law, CPU, seed).draw(count).to(device)
    inputs = [latents, *([] if labels is None else [labels.to(device)])]
    training = generator.training
    generator.eval()
    samples, place = torch.empty(0), 0
    try:
        batches = zip(*(torch.split(one, SAMPLING_BATCH) for one in inputs), strict=True)
        with noise_of(seed, device):
            for batch in batches:
                part = generator(*batch)
                if len(part) != len(batch[0]):
                    told = f"{len(part)} samples of {len(batch[0])} latents"
                    raise ValueError(f"the generator has returned {told}")
                if not place:  # batches joined at the end would be there twice
                    samples = part.new_empty((count, *part.shape[1:]), dtype=torch.float32)
                samples[place : place + len(part)] = part
                place += len(part)
    finally:
        generator.train(training)
    return samples


@torch.no_grad()
def depends_on_others(
    generator: nn.Module,
    law: Latent | Sequence[Latent],
    device: torch.device,
    labels: Tensor | None = None,
) -> bool:
    """Whether samples depend on those that are generated beside them, when they are evaluated.

    Half of the latents of a batch are exchanged: the samples of the others must stay. What a
    generator draws by itself is the same in both batches, so that noise is no dependence.

    Args:
        generator, law, device: as in `sample`.
        labels: of at least `BESIDE` samples, for a conditional generator.
    """
    latents, others = LatentFeed(law, CPU, seed=0).draw(2 * BESIDE).to(device).chunk(2)
    half = BESIDE // 2
    mixed = torch.cat([latents[:half], others[half:]])
    given = () if labels is None else (labels[:BESIDE].to(device),)
    training = generator.training
    generator.eval()
    found = []
    try:
        for each in (latents, mixed):
            with noise_of(0, device):
                found.append(generator(each, *given)[:half].float())
    finally:
        generator.train(training)
    before, after = found
    spread = before.std()
    return bool((before - after).abs().max() > ROUNDING * spread)


def is_dead(samples: Tensor) -> bool:
    """Whether all samples are the same: their variance, summed over coordinates, is below 1e-12."""
    parts = torch.split(samples.flatten(1), AT_ONCE)
    mean = sum(part.double().sum(dim=0) for part in parts) / len(samples)
    spread = sum(float((part.double() - mean).square().sum()) for part in parts)
    return spread / len(samples) < DEAD_VARIANCE


def is_finite(samples: Tensor) -> bool:
    """Whether every number of them is."""
    return all(bool(torch.isfinite(part).all()) for part in torch.split(samples, AT_ONCE))


def all_finite(module: nn.Module) -> bool:
    """Whether every weight and buffer is finite."""
    tensors = [*module.parameters(), *module.buffers()]
    return all(
        bool(torch.isfinite(tensor).all()) for tensor in tensors if tensor.is_floating_point()
    )
