"""SNGAN's networks against the paper's tables 4 to 6, and what a spectral norm makes of them."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from ganbench import DataInfo
from ganbench.api.errors import UsageError
from ganbench_plugins.networks.resnet import FirstCriticBlock, ResidualBlock
from ganbench_plugins.networks.sizes import sngan_levels
from ganbench_plugins.networks.sngan import SumPool, build, widths
from ganbench_plugins.techniques.spectral_norm import normalise

from ...training.small import image, networks_of


def parameters(network: nn.Module) -> int:
    return sum(one.numel() for one in network.parameters())


def test_parameters_at_32_px() -> None:
    """4.28 and 1.05 million."""
    networks = networks_of("sngan", image(32, channels=3))
    g, d = 256, 128
    conv3, conv1 = 9 * g * g + g, g * g + g
    up = 2 * 2 * g + 2 * conv3 + conv1
    project, to_image = 129 * 4 * 4 * g, 9 * g * 3 + 3
    assert parameters(networks.generator) == project + 3 * up + 2 * g + to_image
    conv3, conv1 = 9 * d * d + d, d * d + d
    first = (9 * 3 * d + d) + conv3 + (3 * d + d)
    assert parameters(networks.discriminator) == first + 2 * conv3 + conv1 + 4 * conv3 + d


@pytest.mark.parametrize(
    ("side", "generator", "discriminator"),
    [
        (8, [64] * 2, [32] * 3),
        (16, [128] * 3, [64] * 3),
        (32, [256] * 4, [128] * 4),
        (48, [512, 256, 128, 64], [64, 128, 256, 512, 1024]),  # table 5
        (64, [1024, 512, 256, 128, 64], [64, 128, 256, 512, 1024]),
        (128, [1024, 1024, 512, 256, 128, 64], [64, 128, 256, 512, 1024, 1024]),  # table 6
    ],
)
def test_widths_by_side(side: int, generator: list[int], discriminator: list[int]) -> None:
    assert widths(image(side)) == (generator, discriminator)


@pytest.mark.parametrize(
    ("size", "ups", "last"),
    [
        ((8, 8), 1, (4, 4)),
        ((12, 12), 1, (6, 6)),
        ((16, 16), 2, (8, 8)),
        ((28, 28), 2, (7, 7)),
        ((32, 32), 3, (8, 8)),
        ((40, 40), 3, (5, 5)),
        ((48, 48), 3, (3, 3)),
        ((56, 48), 3, (7, 6)),
        ((64, 64), 4, (4, 4)),
        ((112, 112), 4, (7, 7)),
        ((128, 128), 5, (4, 4)),
        ((16, 8), 1, (8, 4)),
        ((20, 28), 2, (5, 7)),
    ],
)
@pytest.mark.parametrize("channels", [1, 3])
def test_shapes(size: tuple[int, int], ups: int, last: tuple[int, int], channels: int) -> None:
    info = DataInfo(name="images", modality="image", shape=(channels, *size))
    networks = build(info, width=2, latent=5)
    blocks = [one for one in networks.generator if isinstance(one, ResidualBlock)]
    assert len(blocks) == sngan_levels(info)[0] == ups
    seen: list[tuple[int, ...]] = []
    for block in networks.discriminator:
        if isinstance(block, ResidualBlock | FirstCriticBlock):
            block.register_forward_hook(lambda _, __, output: seen.append(output.shape[2:]))
    samples = networks.generator(torch.randn(2, 5))
    assert samples.shape == (2, channels, *size)
    assert samples.abs().max() <= 1
    assert networks.discriminator(samples).shape == (2, 1)
    assert seen[-1] == last


@pytest.mark.parametrize("side", [4, 9, 36, 72, 136, 256])
def test_other_sides_are_refused(side: int) -> None:
    with pytest.raises(UsageError, match=f"{side} px images do not fit") as caught:
        build(image(side), width=2, latent=5)
    assert (caught.value.hint or "").endswith("64, 80, 96, 112 or 128 px")


def test_the_last_layer_sums_and_has_no_bias() -> None:
    """Trap: WGAN-GP's takes the mean, which divides a bounded logit by the number of pixels."""
    *_, rectifier, pool, judge = networks_of("sngan", image(8)).discriminator
    assert isinstance(pool, SumPool)
    assert judge.bias is None
    features = torch.randn(5, 32, 4, 4)
    expected = features.relu().sum((2, 3)) @ judge.weight.T
    torch.testing.assert_close(judge(pool(rectifier(features))), expected)


def test_trap_2_the_shortcut_carries_negative_numbers() -> None:
    block = ResidualBlock(3, 6, norm="none")
    for parameter in block.conv2.parameters():
        nn.init.zeros_(parameter)
    x = -torch.rand(4, 3, 8, 8)
    assert torch.equal(block(x), block.shortcut(x))
    assert not list(networks_of("sngan", image(8)).discriminator.buffers())


def test_every_layer_is_normalised() -> None:
    discriminator = build(image(8), width=4, latent=5).discriminator
    normalise(discriminator)
    discriminator.train()
    for _ in range(100):  # power iterations until the estimate has converged
        discriminator(torch.randn(1, 1, 8, 8))
    layers = [one for one in discriminator.modules() if isinstance(one, nn.Conv2d | nn.Linear)]
    assert len(layers) == 3 + 2 + 2 + 1
    for layer in layers:
        norm = torch.linalg.matrix_norm(layer.weight.flatten(1), ord=2)
        assert norm.item() == pytest.approx(1, abs=0.02)


def test_scale_does_not_reach_the_logits() -> None:
    """However large weights are, logits are the same."""
    small = build(image(8), width=4, latent=5).discriminator
    large = build(image(8), width=4, latent=5).discriminator
    large.load_state_dict(small.state_dict())
    with torch.no_grad():
        for layer in large.modules():
            if isinstance(layer, nn.Conv2d | nn.Linear):
                layer.weight.mul_(1000.0)
    for network in (small, large):
        torch.manual_seed(0)
        normalise(network, iterations=50)
    x = torch.randn(3, 1, 8, 8)

    def judged(network: nn.Module) -> Tensor:
        for _ in range(5):
            network(x)
        return network.eval()(x)

    torch.testing.assert_close(judged(large), judged(small), rtol=1e-3, atol=1e-3)
