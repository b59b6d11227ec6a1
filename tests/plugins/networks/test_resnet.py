"""WGAN-GP's residual networks against the paper's, and forward passes written out by hand."""

from __future__ import annotations

import math

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ganbench_plugins.networks.resnet import FirstCriticBlock, ResidualBlock

from ...training.small import image, networks_of


def parameters(network: nn.Module) -> int:
    return sum(one.numel() for one in network.parameters())


def test_parameters_at_32_px() -> None:
    networks = networks_of("wgan-gp", image(32, channels=3))
    conv3, conv1, norm = 9 * 128 * 128 + 128, 128 * 128 + 128, 2 * 128
    project, to_image = 129 * 4 * 4 * 128, 9 * 128 * 3 + 3
    up = 2 * norm + 2 * conv3 + conv1
    assert parameters(networks.generator) == project + 3 * up + norm + to_image
    first = (9 * 3 * 128 + 128) + conv3 + (3 * 128 + 128)
    down, same = 2 * conv3 + conv1, 2 * conv3
    assert parameters(networks.discriminator) == first + down + 2 * same + 129
    assert (networks.latent.size, networks.latent.law) == (128, "normal")


def test_parameters_at_128_px() -> None:
    """Two more blocks in each network than at 32 px, of the same width."""
    small, large = (networks_of("wgan-gp", image(side, channels=3)) for side in (32, 128))
    conv3, conv1, norm = 9 * 128 * 128 + 128, 128 * 128 + 128, 2 * 128
    block = 2 * conv3 + conv1
    assert parameters(large.generator) - parameters(small.generator) == 2 * (block + 2 * norm)
    assert parameters(large.discriminator) - parameters(small.discriminator) == 2 * block


@pytest.mark.parametrize(
    ("side", "ups", "base", "downs", "width"),
    [
        (8, 1, 4, 1, 16),
        (16, 2, 4, 1, 64),
        (28, 2, 7, 2, 128),
        (32, 3, 4, 2, 128),
        (64, 4, 4, 3, 128),
        (80, 4, 5, 4, 128),
        (128, 5, 4, 4, 128),
    ],
)
def test_blocks_by_side(side: int, ups: int, base: int, downs: int, width: int) -> None:
    networks = networks_of("wgan-gp", image(side))
    generator, critic = networks.generator, networks.discriminator
    assert generator[1].shape == (width, base, base)
    assert len([one for one in generator if isinstance(one, ResidualBlock)]) == ups
    seen: list[tuple[int, ...]] = []
    for block in critic:
        if isinstance(block, ResidualBlock | FirstCriticBlock):
            block.register_forward_hook(lambda _, __, output: seen.append(output.shape[1:]))
    critic(torch.zeros(1, 1, side, side))
    sides = [side >> min(level, downs) for level in range(1, downs + 3)]
    assert seen == [(width, one, one) for one in sides]
    assert sides[-1] <= 8


def up(x: Tensor) -> Tensor:
    return x.repeat_interleave(2, dim=2).repeat_interleave(2, dim=3)


def down(x: Tensor) -> Tensor:
    return (x[..., ::2, ::2] + x[..., 1::2, ::2] + x[..., ::2, 1::2] + x[..., 1::2, 1::2]) / 4


def keep(x: Tensor) -> Tensor:
    return x


def normalised(x: Tensor) -> Tensor:
    mean, variance = x.mean((0, 2, 3)), x.var((0, 2, 3), correction=0)
    return (x - mean[:, None, None]) / (variance + 1e-5).sqrt()[:, None, None]


def conv(x: Tensor, layer: nn.Module) -> Tensor:
    assert isinstance(layer, nn.Conv2d)
    return F.conv2d(x, layer.weight, layer.bias, padding=layer.weight.shape[-1] // 2)


@pytest.mark.parametrize(
    ("norm", "resample", "before", "after"),
    [("batch", "up", up, keep), ("none", "down", keep, down), ("none", "none", keep, keep)],
)
def test_block(norm: str, resample: str, before, after) -> None:
    block = ResidualBlock(6, 6, norm=norm, resample=resample)
    x = torch.randn(4, 6, 8, 8)
    norms = normalised if norm == "batch" else keep
    h = conv(before(F.relu(norms(x))), block.conv1)
    h = after(conv(F.relu(norms(h)), block.conv2))
    shortcut = x if resample == "none" else after(conv(before(x), block.shortcut))
    torch.testing.assert_close(block(x), h + shortcut)


def test_first_critic_block_does_not_rectify_the_image() -> None:
    block = FirstCriticBlock(3, 6)
    x = torch.randn(4, 3, 8, 8)
    h = down(conv(F.relu(conv(x, block.conv1)), block.conv2))
    torch.testing.assert_close(block(x), h + conv(down(x), block.shortcut))


def test_trap_2_the_shortcut_carries_negative_numbers() -> None:
    block = ResidualBlock(6, 6, norm="none")
    for parameter in block.conv2.parameters():
        nn.init.zeros_(parameter)
    x = -torch.rand(4, 6, 8, 8)
    assert torch.equal(block(x), x)


def test_the_head_takes_the_mean_over_pixels() -> None:
    critic = networks_of("wgan-gp", image(8)).discriminator
    features = torch.randn(5, 16, 4, 4)
    *_, rectifier, pool, judge = critic
    expected = F.relu(features).mean((2, 3)) @ judge.weight.T + judge.bias
    torch.testing.assert_close(judge(pool(rectifier(features))), expected)


@pytest.mark.parametrize("side", [8, 32])
def test_trap_1_no_batch_norm_in_the_critic(side: int) -> None:
    critic = networks_of("wgan-gp", image(side)).discriminator
    assert not [one for one in critic.modules() if "Norm" in type(one).__name__]
    critic(torch.randn(2, 1, side, side))
    assert not list(critic.buffers())
    x = torch.randn(6, 1, side, side)
    apart = torch.cat([critic(one[None]) for one in x])
    torch.testing.assert_close(critic(x), apart, rtol=1e-4, atol=1e-5)


def test_layer_norm_keeps_samples_apart() -> None:
    critic = networks_of("resnet+wgan-gp[model.discriminator_norm=layer]", image(8)).discriminator
    norms = [one for one in critic.modules() if isinstance(one, nn.GroupNorm)]
    assert [one.num_groups for one in norms] == [1] * 4
    x = torch.randn(6, 1, 8, 8)
    torch.testing.assert_close(critic(x), torch.cat([critic(one[None]) for one in x]))


def test_initialisation_is_hes_in_blocks_and_glorots_elsewhere() -> None:
    """Uniform in +-bound, with the variance 2 g^2 / (fan in + fan out): bound = sqrt(3) std."""
    torch.manual_seed(0)
    networks = networks_of("wgan-gp", image(32, channels=3))
    he, glorot = math.sqrt(2), 1.0
    critic, generator = networks.discriminator, networks.generator
    block, first = critic[1], critic[0]
    expected = [
        (first.conv1, he, 9 * 3, 9 * 128),
        (first.conv2, he, 9 * 128, 9 * 128),
        (first.shortcut, glorot, 3, 128),
        (block.conv1, he, 9 * 128, 9 * 128),
        (block.shortcut, glorot, 128, 128),
        (critic[-1], glorot, 128, 1),
        (generator[0], glorot, 128, 4 * 4 * 128),
        (generator[2].conv2, he, 9 * 128, 9 * 128),
        (generator[2].shortcut, glorot, 128, 128),
        (generator[-2], glorot, 9 * 128, 9 * 3),
    ]
    for layer, gain, fan_in, fan_out in expected:
        bound = math.sqrt(3) * gain * math.sqrt(2 / (fan_in + fan_out))
        extreme = layer.weight.abs().max()
        assert extreme <= bound
        assert extreme > 0.9 * bound
        assert layer.weight.square().mean().item() == pytest.approx(bound**2 / 3, rel=0.25)
        assert not layer.bias.any()
