"""The training loop against a bare one: same networks, loss, batches and optimisers, one process.

The two take turns, a short chunk of steps each, and processor time is compared, so that a busy
machine slows both alike; the ratio is the median over the chunks, held against the one that is kept
(`kept.py`). The bare loop is what one writes
for a single experiment: data resident, batches by index, fused Adam, no clock, no telemetry. It
comes in two kinds. `plain` calls `loss.backward()` throughout, and so computes gradients of the
discriminator in generator steps that nobody uses; `lean` freezes the discriminator there. The
loop cannot freeze it, since a generator's loss may need those gradients (unrolled GANs): it names
what to compute (`backward(inputs=...)`), at a cost that only small perceptrons show.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from itertools import pairwise
from operator import truediv
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from ganbench import Data, Recipe
from ganbench.api.specs import DatasetSpec, import_builder
from ganbench.planning.budget import Budget
from ganbench.training.clock import BudgetClock
from ganbench.training.loop import Eager, train
from ganbench.training.telemetry import Telemetry

from ..training.small import CPU, catalogue, networks_of, recipe_of, variant_trainer
from .kept import Ratios

pytestmark = [pytest.mark.perf, pytest.mark.usefixtures("one_thread")]

CASES = [
    ("vanilla", "ring8", 20, 300, 100),
    ("dcgan", "digits", 2, 150, 10),
    ("wgan-gp", "digits", 1, 40, 5),
]
"""Variant, data set, steps in a chunk, chunks, and how many of them warm up. Telemetry is dense at
first: perceptrons, which take tens of thousands of steps, are not held against two thousand."""


def batches(data: Data, size: int) -> Iterator[Tensor]:
    while True:
        for chosen in torch.randperm(len(data.train)).split(size):
            if len(chosen) == size:
                batch = data.train[chosen]
                yield (
                    batch.float().mul_(1 / 127.5).sub_(1)
                    if data.info.modality == "image"
                    else batch
                )


def bare_loop(variant: str, recipe: Recipe, data: Data, *, lean: bool) -> Iterator[None]:
    """One generator step with its critic steps at each `next`."""
    networks, training = networks_of(variant, data.info), recipe.training
    G, D, size = networks.generator, networks.discriminator, training.batch_size
    adam = training.generator
    g_adam, d_adam = (
        torch.optim.Adam(one.parameters(), lr=adam.lr, betas=adam.betas, fused=True)
        for one in (G, D)
    )
    real_batches = batches(data, size)
    uniform, penalised = networks.latent.law == "uniform", variant == "wgan-gp"

    def latents(count: int) -> Tensor:
        shape = (count, networks.latent.size)
        return torch.rand(shape).mul_(2).sub_(1) if uniform else torch.randn(shape)

    while True:
        for _ in range(training.critic_steps):
            real = next(real_batches)
            with torch.no_grad():
                fake = G(latents(size))
            real_logits, fake_logits = D(real), D(fake)
            if penalised:
                mix = torch.rand(size, *[1] * (real.dim() - 1))
                between = torch.lerp(fake, real, mix).requires_grad_()
                (slope,) = torch.autograd.grad(D(between).sum(), between, create_graph=True)
                penalty = (slope.flatten(1).norm(dim=1) - 1).square().mean()
                loss = fake_logits.mean() - real_logits.mean() + 10 * penalty
            else:
                loss = F.softplus(-real_logits).mean() + F.softplus(fake_logits).mean()
            d_adam.zero_grad()
            loss.backward()
            d_adam.step()

        if lean:
            D.requires_grad_(False)
        logits = D(G(latents(training.generator_batch_size or size)))
        loss = -logits.mean() if penalised else F.softplus(-logits).mean()
        g_adam.zero_grad()
        loss.backward()
        g_adam.step()
        if lean:
            D.requires_grad_(True)
        yield


def ratios_of(
    variant: str, data: Data, steps: int, chunks: int, bare: Iterator[None], folder: Path
) -> list[float]:
    """Our seconds over the bare loop's, chunk by chunk; it runs while our clock stands."""
    trainer = variant_trainer(variant, data)
    clock = BudgetClock(Budget("steps", chunks * steps), CPU, marks=1)
    stopped: list[float] = []
    started: list[float] = []

    class Turns:
        """Takes the bare loop's turn between two chunks; no mark, after which a step is counted."""

        def due(self) -> bool:
            return clock.steps % steps == 0

        def keep(self, *, before_evaluation: bool) -> None:
            stopped.append(time.process_time())
            for _ in range(steps):
                next(bare)
            started.append(time.process_time())

    telemetry = Telemetry(folder / "history.jsonl")
    train(Eager(trainer), clock, telemetry, lambda: None, Turns())
    ours = [two - one for one, two in zip(started[:-1], stopped[1:], strict=True)]
    bares = [two - one for one, two in zip(stopped, started, strict=True)]
    around = [(one + two) / 2 for one, two in pairwise(bares)]  # before and after ours
    return list(map(truediv, ours, around))


@pytest.mark.parametrize("kind", ["plain", "lean"])
@pytest.mark.parametrize(("variant", "dataset", "steps", "chunks", "warm_up"), CASES)
def test_overhead(
    benchmark: Any,
    variant: str,
    dataset: str,
    steps: int,
    chunks: int,
    warm_up: int,
    kind: str,
    tmp_path: Path,
    ratios: Ratios,
) -> None:
    torch.manual_seed(0)
    data = import_builder(catalogue().get(DatasetSpec, dataset).load)()
    bare = bare_loop(variant, recipe_of(variant, data.info), data, lean=kind == "lean")
    args = (variant, data, steps, chunks, bare, tmp_path)
    ratio = statistics.median(benchmark.pedantic(ratios_of, args=args, rounds=1)[warm_up:])
    benchmark.extra_info.update(ratio=round(ratio, 4), chunks=chunks, steps_per_chunk=steps)
    print(f"\n{variant} on {dataset}: {ratio - 1:+.1%} against the {kind} loop")
    ratios.compare(f"loop of {variant} on {dataset} against a bare one, {kind}", 1 / ratio)
