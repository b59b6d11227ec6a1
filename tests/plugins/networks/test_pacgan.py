"""PacGAN's networks for points, against the counts of the authors' own."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from ganbench import DataInfo
from ganbench_plugins.networks.pacgan import PIECES, Largest, build, maxout

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
    linear = layer[0]
    nn.init.normal_(linear.bias)
    x = torch.randn(6, 3)
    units = [[piece * 4 + unit for piece in range(PIECES)] for unit in range(4)]
    expected = [linear(x)[:, pieces].max(dim=1).values for pieces in units]
    expected = torch.stack(expected, dim=1)
    torch.testing.assert_close(layer(x), expected)


def test_the_largest_piece_alone_has_a_gradient_and_equals_share_it() -> None:
    x = torch.tensor([[3.0, 1.0, -2.0, 1.0, 0.0, -9.0, 0.5, 0.0, 1.0, 1.0]], requires_grad=True)
    found = Largest()(x)  # of 3, -2, 0, .5, 1 and of 1, 1, -9, 0, 1
    torch.testing.assert_close(found, torch.tensor([[3.0, 1.0]]))
    found.backward(torch.tensor([[7.0, 6.0]]))
    torch.testing.assert_close(x.grad, torch.tensor([[7.0, 2, 0, 2, 0, 0, 0, 0, 0, 2]]))


def test_numbers_that_hardly_differ_are_no_equals() -> None:
    one = torch.ones(1)
    above = torch.nextafter(one, 2 * one)
    x = torch.cat([one, one, above, one, one])[None].requires_grad_()
    Largest()(x).sum().backward()
    assert x.grad is not None
    assert x.grad.tolist() == [[0, 0, 1, 0, 0]]


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
