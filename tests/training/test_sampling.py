"""Samples for evaluation, their conversion to bytes, and generators that are dead."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn

from ganbench import Latent
from ganbench.training import sampling
from ganbench.training.feed import LatentFeed
from ganbench.training.sampling import (
    AT_ONCE,
    SAMPLING_BATCH,
    all_finite,
    depends_on_others,
    is_dead,
    is_finite,
    sample,
)

from .small import CPU, image, networks_of


def test_latents_are_drawn_on_the_cpu_wherever_they_go() -> None:
    """A GPU has other random numbers of the same seed; of `meta` there are none at all."""
    nowhere = torch.device("meta")
    network = nn.Linear(3, 2, device=nowhere)
    assert sample(network, Latent(size=3), 600, nowhere, seed=0).shape == (600, 2)


class Tell(nn.Module):
    """Returns its latents, and remembers in which mode and with how many it was called."""

    def __init__(self, fails: bool = False) -> None:
        super().__init__()
        self.calls: list[tuple[bool, int]] = []
        self.fails = fails

    def forward(self, z: Tensor) -> Tensor:
        assert not torch.is_grad_enabled()
        self.calls.append((self.training, len(z)))
        if self.fails:
            raise ValueError("no samples today")
        return z


def test_batching_does_not_change_the_samples(monkeypatch: pytest.MonkeyPatch) -> None:
    networks = networks_of("dcgan", image(8))
    networks.generator.train()(torch.randn(64, 100))  # running statistics worth using
    law = networks.latent
    count = 2 * SAMPLING_BATCH + 17
    samples = sample(networks.generator, law, count, CPU, seed=5)
    assert samples.shape == (count, 1, 8, 8)
    monkeypatch.setattr(sampling, "SAMPLING_BATCH", 10)
    torch.testing.assert_close(sample(networks.generator, law, count, CPU, seed=5), samples)
    few = sample(networks.generator, law, 9, CPU, seed=5)
    torch.testing.assert_close(
        few, networks.generator.eval()(LatentFeed(law, CPU, 5).draw(9)).detach()
    )


def test_every_latent_of_the_seed_is_used_once() -> None:
    tell, law = Tell(), Latent(size=3)
    samples = sample(tell, law, 600, CPU, seed=5)
    assert torch.equal(samples, LatentFeed(law, CPU, 5).draw(600))
    assert [count for _, count in tell.calls] == [256, 256, 88]
    assert not torch.equal(sample(tell, law, 600, CPU, seed=6), samples)


@pytest.mark.parametrize("count", [10, 300])
def test_as_many_samples_as_latents_are_returned(count: int) -> None:
    class Fewer(nn.Module):
        def forward(self, z: Tensor) -> Tensor:
            return z[:7]

    with pytest.raises(ValueError, match="has returned 7 samples of"):
        sample(Fewer(), Latent(size=3), count, CPU, seed=0)


@pytest.mark.parametrize("mode", [True, False])
def test_trap_14_eval_mode_for_the_call_and_the_former_mode_after_it(mode: bool) -> None:
    tell = Tell().train(mode)
    sample(tell, Latent(size=3), 300, CPU, seed=0)
    assert [training for training, _ in tell.calls] == [False, False]
    assert tell.training is mode
    broken = Tell(fails=True).train(mode)
    with pytest.raises(ValueError, match="no samples today"):
        sample(broken, Latent(size=3), 300, CPU, seed=0)
    assert broken.training is mode


def test_trap_14_sampling_does_not_move_batch_statistics() -> None:
    networks = networks_of("dcgan", image(8))
    before = {name: one.clone() for name, one in networks.generator.named_buffers()}
    sample(networks.generator, networks.latent, 50, CPU, seed=0)
    assert before
    for name, one in networks.generator.named_buffers():
        assert torch.equal(one, before[name])


def test_sampling_leaves_the_global_stream_alone() -> None:
    state = torch.random.get_rng_state()
    sample(Tell(), Latent(size=3), 10, CPU, seed=0)
    assert torch.equal(torch.random.get_rng_state(), state)


class Noisy(nn.Module):
    """Draws noise by itself, in eval mode as well."""

    def forward(self, z: Tensor) -> Tensor:
        return z + torch.randn_like(z)


def test_noise_that_a_generator_draws_is_of_the_seed() -> None:
    state = torch.random.get_rng_state()
    first, again, other = (sample(Noisy(), Latent(size=3), 300, CPU, seed=s) for s in (4, 4, 5))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    plain = sample(nn.Identity(), Latent(size=3), 300, CPU, seed=4)
    noise = first - plain
    assert noise.std() == pytest.approx(1, abs=0.1)
    assert not torch.allclose(noise[:44], noise[SAMPLING_BATCH:])  # batches have noise of their own
    assert torch.equal(torch.random.get_rng_state(), state)
    sample(Noisy(), Latent(size=3), 2, CPU, seed=2**64 - 1)


@given(st.floats(-1e3, 1e3, allow_nan=False), st.integers(2, 30), st.integers(1, 5))
def test_equal_samples_are_dead_and_others_are_not(value: float, count: int, size: int) -> None:
    samples = torch.full((count, size), value)
    assert is_dead(samples)
    samples[0, 0] += max(1.0, abs(value)) * 1e-2
    assert not is_dead(samples)


def test_parts_of_many_samples_are_looked_at_as_one() -> None:
    """Each half alone is dead; a number that is not finite may be anywhere."""
    samples = torch.cat([torch.zeros(AT_ONCE, 2), torch.ones(AT_ONCE + 3, 2)])
    assert is_dead(samples[:AT_ONCE])
    assert not is_dead(samples)
    assert is_finite(samples)
    samples[-1, 0] = math.nan
    assert not is_finite(samples)


def test_one_living_pixel_is_enough() -> None:
    samples = torch.zeros(100, 3, 8, 8)
    samples[::2, 1, 4, 4] = 1e-3
    assert not is_dead(samples)
    assert is_dead(samples * 1e-4)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_all_finite_looks_at_weights_and_buffers(value: float) -> None:
    norm = nn.BatchNorm1d(3)
    assert all_finite(norm)
    norm.running_var[1] = value
    assert not all_finite(norm)
    layer = nn.Linear(2, 2)
    nn.init.constant_(layer.bias, value)
    assert not all_finite(nn.Sequential(nn.ReLU(), layer))


class Blends(nn.Module):
    """Adds to each sample something of its batch, in evaluation as well."""

    def __init__(self, of_batch: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.layer, self.of_batch = nn.Linear(2, 2), of_batch

    def forward(self, latents: Tensor) -> Tensor:
        return self.layer(latents) + self.of_batch(latents)


class Obstinate(nn.BatchNorm1d):
    """Keeps to batch statistics, whatever mode it is put in."""

    def train(self, mode: bool = True) -> Obstinate:
        return super().train(mode=True)


@pytest.mark.parametrize(
    ("generator", "depends"),
    [
        (nn.Linear(2, 2), False),
        (nn.Sequential(nn.Linear(2, 4), nn.BatchNorm1d(4)), False),
        (nn.Sequential(nn.Linear(2, 4), Obstinate(4)), True),
        (Blends(torch.randn_like), False),  # noise of its own, as StyleGAN has
        (Blends(lambda latents: latents.mean(dim=0)), True),
        (Blends(lambda latents: latents.argsort(dim=0).argsort(dim=0)), True),  # has no gradient
        (Blends(lambda latents: 1e-7 * latents.sum()), False),  # no more than rounding
        (Blends(lambda latents: -latents), False),
    ],
    ids=["linear", "batch norm", "obstinate", "noise", "mean", "ranks", "rounding", "itself"],
)
def test_dependence_on_the_others_of_a_batch(generator: nn.Module, depends: bool) -> None:
    torch.manual_seed(0)
    state = torch.get_rng_state()
    assert depends_on_others(generator.train(), Latent(size=2), CPU) == depends
    assert generator.training
    assert torch.equal(torch.get_rng_state(), state)


def test_dead_generators_depend_on_nothing() -> None:
    generator = nn.Linear(2, 2)
    nn.init.zeros_(generator.weight)
    assert not depends_on_others(generator, Latent(size=2), CPU)
