"""Shapes, ranges and the start of the networks."""

import pytest
import torch
from ganbench import DataInfo

from __MODULE__.networks import (
    Block,
    build,
)

POINTS = DataInfo(name="points", modality="points", shape=(2,))
IMAGE = DataInfo(name="image", modality="image", shape=(3, 8, 8))


@pytest.mark.parametrize("data", [POINTS, IMAGE], ids=str)
def test_shapes_and_gradients(data: DataInfo) -> None:
    networks = build(data, width=8, blocks=2, latent=5)
    fakes = networks.generator(torch.randn(3, 5))
    assert fakes.shape == (3, *data.shape)
    logits = networks.discriminator(fakes)
    assert logits.shape == (3, 1)
    logits.sum().backward()
    for network in (networks.generator, networks.discriminator):
        assert all(parameter.grad is not None for parameter in network.parameters())


def test_images_are_in_range() -> None:
    generator = build(IMAGE, width=8, blocks=1, latent=5).generator
    assert generator(100 * torch.randn(50, 5)).abs().max() <= 1


def test_a_block_starts_as_the_identity_and_learns() -> None:
    block, x = Block(8), torch.randn(4, 8)
    assert torch.equal(block(x), x)
    torch.nn.init.ones_(block.branch[-1].weight)  # type: ignore[arg-type]
    assert not torch.equal(block(x), x)
