"""Networks for pairs: what of them knows of which half, and that both kinds cost the same."""

from __future__ import annotations

import dataclasses

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from ganbench import DataInfo, Networks
from ganbench.modalities.pair import PAIR
from ganbench_plugins.datasets.pairs import DIGIT_NAMES
from ganbench_plugins.networks.pairs import (
    Packs,
    build_independent,
    build_joint,
    equal_width,
    half_sizes,
)

from ...proof.proofs import advance, catalogue_with, data_of, trainer_of

WIDTH, LATENT = 32, 10
BOTH = pytest.mark.parametrize("build", [build_joint, build_independent])


def build_both(data: DataInfo, width: int) -> tuple[Networks, Networks]:
    return (
        build_joint(data, width=width, latent=LATENT),
        build_independent(data, width=width, latent=LATENT),
    )


def weights(module: nn.Module) -> int:
    return sum(one.numel() for one in module.parameters() if one.ndim == 2)


@BOTH
@pytest.mark.parametrize("data", [DIGIT_NAMES, *PAIR.examples], ids=lambda data: data.name)
def test_samples_are_in_the_range_of_their_halves(build, data: DataInfo) -> None:
    networks = build(data, width=WIDTH, latent=LATENT)
    fakes = networks.generator(5 * torch.randn(4, LATENT)).detach()
    assert fakes.shape == (4, *data.shape)
    assert PAIR.range_fault(fakes, data) == ""
    assert networks.discriminator(fakes).shape == (4, 1)


@BOTH
def test_of_packs_each_half_stands_together(build) -> None:
    m, size = 3, DIGIT_NAMES.shape[0]
    packed = dataclasses.replace(DIGIT_NAMES, shape=(m * size,))
    first, second = half_sizes(DIGIT_NAMES)
    x = torch.randn(4, m, size)
    found = Packs([first, second])(x.flatten(1))
    assert torch.equal(found[:, : m * first], x[:, :, :first].flatten(1))
    assert torch.equal(found[:, m * first :], x[:, :, first:].flatten(1))
    assert build(packed, width=WIDTH, latent=LATENT).discriminator(x.flatten(1)).shape == (4, 1)


@pytest.mark.parametrize("variant", ["joint-gan+pac:2", "independent-gan+pac:2"])
def test_pairs_train_in_packs(variant: str) -> None:
    trainer = trainer_of(variant, data_of("digit-names"), catalogue_with())
    advance(trainer, 1)
    discriminator = trainer.networks.discriminator
    gradients = [one.grad for one in discriminator.parameters() if one.dim() == 2]
    assert all(one is not None and one.any() for one in gradients)


@pytest.mark.parametrize("side", ["generator", "discriminator"])
@pytest.mark.parametrize("width", [64, 128, 256])
def test_both_have_as_many_weights(side: str, width: int) -> None:
    joint, independent = (weights(getattr(one, side)) for one in build_both(DIGIT_NAMES, width))
    assert independent == pytest.approx(joint, rel=0.02)


def test_a_step_costs_the_same() -> None:
    costs = []
    for networks in build_both(DIGIT_NAMES, 128):
        with FlopCounterMode(display=False) as counter:
            networks.discriminator(networks.generator(torch.randn(64, LATENT))).sum().backward()
        costs.append(counter.get_total_flops())
    assert costs[1] == pytest.approx(costs[0], rel=0.02)


@given(st.integers(1, 4096), st.integers(1, 100_000))
def test_no_other_width_comes_nearer(width: int, outside: int) -> None:
    wanted = 3 * width**2 + outside * width

    def miss(other: int) -> int:
        return abs(4 * other**2 + outside * other - wanted)

    found = equal_width(width, outside=outside)
    assert found == 1 or miss(found) <= miss(found - 1)
    assert miss(found) <= miss(found + 1)


def slopes(networks: Networks) -> tuple[Tensor, Tensor]:
    """(L, 2): which latents each half is made of; whether the halves are judged together."""
    sizes = half_sizes(DIGIT_NAMES)
    z = torch.randn(1, LATENT, requires_grad=True)
    halves = torch.split(networks.generator(z), sizes, dim=1)
    on_latent = [torch.autograd.grad(h.square().sum(), z, retain_graph=True)[0] for h in halves]
    x = torch.randn(1, sum(sizes), requires_grad=True)
    (slope,) = torch.autograd.grad(networks.discriminator(x).sum(), x)
    moved = x.detach().clone()
    moved[:, sizes[0] :] = torch.randn(1, sizes[1])  # the second half changes
    moved.requires_grad_()
    (other,) = torch.autograd.grad(networks.discriminator(moved).sum(), moved)
    first = torch.split(slope != other, sizes, dim=1)[0]
    return torch.cat(on_latent).T != 0, first.any()


def test_halves_share_a_latent_in_the_joint_networks_alone() -> None:
    torch.manual_seed(0)
    joint, independent = build_both(DIGIT_NAMES, WIDTH)
    shared, judged = slopes(joint)
    assert bool(shared.all())
    assert bool(judged)  # what is good for the first half depends on the second
    own, judged = slopes(independent)
    assert own.tolist() == [[True, False]] * 5 + [[False, True]] * 5
    assert not bool(judged)
