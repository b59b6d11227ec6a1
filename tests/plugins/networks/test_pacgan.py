"""PacGAN's networks for points, against the counts of the authors' own."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from ganbench import DataInfo
from ganbench_plugins.networks.pacgan import PIECES, build, maxout

from ...training.small import points


def parameters(network: nn.Module) -> int:
    return sum(one.numel() for one in network.parameters())


@pytest.mark.parametrize("m", [1, 2, 4])
def test_parameters(m: int) -> None:
    """Of packs only the first layer of the discriminator is wider."""
    networks = build(points(2 * m), width=400, latent=2)
    maxout = (2 * m + 1) * 1000 + 2 * (200 + 1) * 1000
    assert parameters(networks.discriminator) == maxout + 201
    generator = build(points(), width=400, latent=2).generator
    assert parameters(generator) == 2 * 400 + 3 * 400 * 400 + 4 * 2 * 400 + 400 * 2 + 2


def test_maxout_takes_the_largest_of_its_pieces() -> None:
    layer = maxout(3, 4)
    weight, bias = layer[0].get_parameter("weight"), layer[0].get_parameter("bias")
    x = torch.randn(6, 3)
    maps = [weight[unit * PIECES + piece] for unit in range(4) for piece in range(5)]
    every = torch.stack([x @ one for one in maps], dim=1) + bias
    expected = torch.stack([every[:, 5 * u : 5 * u + 5].max(dim=1).values for u in range(4)], dim=1)
    torch.testing.assert_close(layer(x), expected)


def test_weights_are_small_and_gains_one() -> None:
    torch.manual_seed(0)
    networks = build(points(), width=400, latent=2)
    hidden = networks.generator[3]
    assert hidden.weight.std().item() == pytest.approx(0.02, rel=0.02)
    assert networks.discriminator[2][0].weight.std().item() == pytest.approx(0.02, rel=0.02)
    for layer in networks.generator:
        if isinstance(layer, nn.BatchNorm1d):
            assert layer.weight.eq(1).all()


@pytest.mark.parametrize("info", [points(2), points(5)], ids=str)
def test_trap_1_samples_are_judged_apart(info: DataInfo) -> None:
    networks = build(info, width=8, latent=2)
    assert not list(networks.discriminator.buffers())
    x = torch.randn(4, *info.shape)
    apart = torch.cat([networks.discriminator(one[None]) for one in x])
    torch.testing.assert_close(networks.discriminator(x), apart)
    assert networks.generator(torch.randn(4, 2)).shape == (4, *info.shape)
