"""DCGAN's networks against the paper's figure 1, and a forward pass written out by hand."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ...training.small import image, networks_of, random_data

PAPER = [1024, 512, 256, 128]


def convolutions(network: nn.Module, kind: type[nn.Module]) -> list[tuple[int, int]]:
    found = [one for one in network.modules() if isinstance(one, kind)]
    for one in found:
        assert (one.kernel_size, one.stride) == ((5, 5), (2, 2))
        assert one.bias is None
    return [(one.in_channels, one.out_channels) for one in found]


def parameters(network: nn.Module) -> int:
    return sum(one.numel() for one in network.parameters())


def test_at_64_px_it_is_the_papers() -> None:
    networks = networks_of("dcgan", image(64, channels=3))
    generator, discriminator = networks.generator, networks.discriminator
    assert convolutions(generator, nn.ConvTranspose2d) == [
        *((1024, 512), (512, 256), (256, 128), (128, 3))
    ]
    assert convolutions(discriminator, nn.Conv2d) == [
        *((3, 128), (128, 256), (256, 512), (512, 1024))
    ]
    weights = 25 * (1024 * 512 + 512 * 256 + 256 * 128 + 128 * 3)
    gains_and_biases = 2 * sum(PAPER)
    assert parameters(generator) == 100 * 4 * 4 * 1024 + weights + gains_and_biases
    assert parameters(discriminator) == weights + 2 * (1024 + 512 + 256) + 4 * 4 * 1024
    assert (networks.latent.size, networks.latent.law) == (100, "uniform")


@pytest.mark.parametrize(
    ("side", "base", "widths"),
    [
        (8, 2, [64, 32]),
        (12, 3, [64, 32]),
        (16, 4, [64, 32]),
        (28, 7, [128, 64]),
        (32, 4, [256, 128, 64]),
        (48, 6, [256, 128, 64]),
        (64, 4, [1024, 512, 256, 128]),
        (80, 5, [1024, 512, 256, 128]),
        (112, 7, [1024, 512, 256, 128]),
        (128, 4, [1024, 512, 256, 128, 64]),
    ],
)
def test_as_many_of_the_same_layers_as_fit(side: int, base: int, widths: list[int]) -> None:
    networks = networks_of("dcgan", image(side))
    assert networks.generator[1].shape == (widths[0], base, base)
    ups = convolutions(networks.generator, nn.ConvTranspose2d)
    assert [fan_in for fan_in, _ in ups] == widths
    downs = convolutions(networks.discriminator, nn.Conv2d)
    assert [fan_out for _, fan_out in downs] == widths[::-1]


def test_parameters_at_128_px() -> None:
    """One more level at the image, of 64 channels, and none above the paper's 1,024."""
    networks = networks_of("dcgan", image(128, channels=3))
    weights = 25 * (1024 * 512 + 512 * 256 + 256 * 128 + 128 * 64 + 64 * 3)
    assert parameters(networks.generator) == 100 * 4 * 4 * 1024 + weights + 2 * sum([*PAPER, 64])
    norms = 2 * (128 + 256 + 512 + 1024)
    assert parameters(networks.discriminator) == weights + norms + 4 * 4 * 1024


def test_batch_norm_is_everywhere_but_at_the_image() -> None:
    networks = networks_of("dcgan", image(32))

    def kinds(network: nn.Module) -> list[str]:
        return [type(one).__name__ for one in network.children()]

    up = ["ConvTranspose2d", "BatchNorm2d", "ReLU"]
    assert kinds(networks.generator) == [
        *("Linear", "Reshape", "BatchNorm2d", "ReLU", *up, *up, "ConvTranspose2d", "Tanh")
    ]
    down = ["Conv2d", "BatchNorm2d", "LeakyReLU"]
    assert kinds(networks.discriminator) == [
        *("Conv2d", "LeakyReLU", *down, *down, "Flatten", "Linear")
    ]
    slopes = {one.negative_slope for one in networks.discriminator if isinstance(one, nn.LeakyReLU)}
    assert slopes == {0.2}


def test_without_normalisation_every_layer_has_a_bias() -> None:
    text = "dcgan+minimax[model.generator_norm=none,model.discriminator_norm=none]"
    networks = networks_of(text, image(16))
    for network in (networks.generator, networks.discriminator):
        layers = [one for one in network if hasattr(one, "bias")]
        assert len(layers) == 3
        assert all(one.bias is not None for one in layers)


def test_initialisation() -> None:
    torch.manual_seed(0)
    networks = networks_of("dcgan", image(32))
    for network in (networks.generator, networks.discriminator):
        norms = [one for one in network if isinstance(one, nn.BatchNorm2d)]
        gains = torch.cat([one.weight for one in norms])
        assert gains.mean().item() == pytest.approx(1, abs=0.005)
        assert gains.std().item() == pytest.approx(0.02, rel=0.15)
        assert not any(one.bias.any() for one in norms)
        for layer in network:
            if isinstance(layer, nn.Linear | nn.Conv2d | nn.ConvTranspose2d):
                assert layer.weight.std().item() == pytest.approx(0.02, rel=0.1)
                assert abs(layer.weight.mean()) < 0.002


def normalised(x: Tensor, gain: Tensor, bias: Tensor) -> Tensor:
    mean, variance = x.mean((0, 2, 3)), x.var((0, 2, 3), correction=0)
    scale = gain / (variance + 1e-5).sqrt()
    return (x - mean[:, None, None]) * scale[:, None, None] + bias[:, None, None]


def test_forward_pass() -> None:
    networks = networks_of("dcgan", image(16, channels=3))
    z = torch.rand(5, 100) * 2 - 1
    project, gain1, bias1, up1, gain2, bias2, up2 = networks.generator.parameters()
    h = F.relu(normalised((z @ project.T).view(5, 64, 4, 4), gain1, bias1))
    h = F.conv_transpose2d(h, up1, stride=2, padding=2, output_padding=1)
    h = F.relu(normalised(h, gain2, bias2))
    expected = F.conv_transpose2d(h, up2, stride=2, padding=2, output_padding=1).tanh()
    torch.testing.assert_close(networks.generator(z), expected)

    x = random_data(image(16, channels=3), 5).train / 127.5 - 1
    down1, down2, gain, bias, judge = networks.discriminator.parameters()
    h = F.leaky_relu(F.conv2d(x, down1, stride=2, padding=2), 0.2)
    h = F.leaky_relu(normalised(F.conv2d(h, down2, stride=2, padding=2), gain, bias), 0.2)
    torch.testing.assert_close(networks.discriminator(x), h.flatten(1) @ judge.T)
