"""R3GAN's networks: counts, their start, and resampling against torch's own."""

from __future__ import annotations

import math

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ganbench import DataInfo
from ganbench.api.errors import UsageError
from ganbench_plugins.networks.r3gan import Basis, Block, Resample, build

from ...training.small import image, networks_of


def parameters(network: nn.Module) -> int:
    return sum(one.numel() for one in network.parameters())


def test_parameters_of_the_authors_network_for_stacked_mnist() -> None:
    """Four sizes of two blocks, 768 channels in 96 groups: 20.73 and 20.68 million."""
    with torch.device("meta"):
        networks = build(image(32, channels=3), width=768, latent=64)
    block = networks.generator[1]
    assert isinstance(block, Block)
    assert block.grouped.groups == 96
    assert parameters(networks.generator) == pytest.approx(20.73e6, abs=5e3)
    assert parameters(networks.discriminator) == pytest.approx(20.68e6, abs=5e3)


@pytest.mark.parametrize(
    ("size", "base"),
    [
        ((8, 8), (4, 4)),
        ((12, 12), (6, 6)),
        ((16, 16), (4, 4)),
        ((28, 28), (7, 7)),
        ((32, 32), (4, 4)),
        ((64, 64), (4, 4)),
        ((128, 128), (4, 4)),
        ((16, 8), (8, 4)),
        ((20, 28), (5, 7)),
    ],
)
@pytest.mark.parametrize("channels", [1, 3])
def test_shapes(size: tuple[int, int], base: tuple[int, int], channels: int) -> None:
    info = DataInfo(name="images", modality="image", shape=(channels, *size))
    networks = build(info, width=3, latent=5)
    assert networks.generator[0](torch.randn(2, 5)).shape == (2, 3, *base)
    samples = networks.generator(torch.randn(2, 5))
    assert samples.shape == (2, channels, *size)
    assert samples.abs().max() <= 1
    assert networks.discriminator(samples).shape == (2, 1)


@pytest.mark.parametrize("side", [4, 9, 36, 136])
def test_other_sides_are_refused(side: int) -> None:
    with pytest.raises(UsageError, match=f"{side} px images do not fit"):
        build(image(side), width=2, latent=5)


def test_a_block_starts_as_the_identity() -> None:
    """Trap 2 too: negative numbers pass."""
    block = Block(8, count=4)
    x = torch.randn(2, 8, 5, 5)
    assert torch.equal(block(x), x)
    nn.init.normal_(block.project.weight)
    h = F.leaky_relu(block.expand(x) + block.bias1, 0.2)
    h = F.leaky_relu(block.grouped(h) + block.bias2, 0.2)
    torch.testing.assert_close(block(x), x + block.project(h))
    assert block.grouped.groups == 1


def test_a_network_starts_linear_in_its_input() -> None:
    """Blocks are identities, so a discriminator is its skeleton of resampling and 1x1s."""
    discriminator = networks_of("r3gan", image(16)).discriminator
    a, b = torch.randn(2, 4, 1, 16, 16)
    torch.testing.assert_close(discriminator(a + b), discriminator(a) + discriminator(b))


@pytest.mark.parametrize("count", [1, 4, 16])
def test_weights_are_scaled_by_fan_in_activation_and_depth(count: int) -> None:
    torch.manual_seed(0)
    block = Block(128, count)
    gain = math.sqrt(2 / 1.04) * count ** (-1 / 4)
    for layer, fan_in in ((block.expand, 128), (block.grouped, 16 * 9)):
        std = layer.weight.std().item()
        assert std == pytest.approx(gain / math.sqrt(fan_in), rel=0.03)
    assert not block.bias1.any()
    assert not block.bias2.any()


def test_the_latent_scales_channels_of_a_learned_map() -> None:
    basis = Basis(5, 8, (4, 6))
    z = torch.randn(3, 5)
    scales = z @ basis.linear.weight.T
    expected = torch.einsum("bc,chw->bchw", scales, basis.basis)
    torch.testing.assert_close(basis(z), expected)


def inner(x: Tensor) -> Tensor:
    return x[..., 1:-1, 1:-1]


def test_resampling_is_bilinear() -> None:
    x = torch.randn(2, 3, 8, 6)
    larger = Resample("up")(x)
    expected = F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)
    torch.testing.assert_close(inner(larger), inner(expected))
    smaller = Resample("down")(x)
    antialiased = F.interpolate(x, scale_factor=0.5, mode="bilinear", antialias=True)
    torch.testing.assert_close(inner(smaller), inner(antialiased))


def test_up_and_down_are_each_others_adjoint() -> None:
    x, y = torch.randn(1, 2, 4, 4), torch.randn(1, 2, 8, 8)
    torch.testing.assert_close((Resample("up")(x) * y).sum(), 4 * (x * Resample("down")(y)).sum())


def test_trap_1_nothing_normalises_or_couples() -> None:
    networks = networks_of("r3gan", image(8, channels=3))
    for network in (networks.generator, networks.discriminator):
        assert not [one for one in network.modules() if "Norm" in type(one).__name__]
        assert not network.state_dict().keys() & {name for name, _ in network.named_buffers()}
    x = torch.randn(4, 3, 8, 8)
    apart = torch.cat([networks.discriminator(one[None]) for one in x])
    torch.testing.assert_close(networks.discriminator(x), apart)
