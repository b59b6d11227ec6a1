"""The projection discriminator and norms by class, against sums written out."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import nn

from ganbench import DataInfo
from ganbench_plugins.networks import sngan
from ganbench_plugins.networks.projection import ClassNorm, Projection, UpBlock, build
from ganbench_plugins.networks.resnet import ResidualBlock
from ganbench_plugins.techniques.spectral_norm import normalise

from ...training.small import image, points

CLASSES = torch.tensor([0, 2, 1, 2])


@pytest.mark.parametrize(
    "shape", [(2,), (1, 8, 8), (3, 16, 16), (1, 28, 28), (3, 64, 64), (3, 16, 8)], ids=str
)
def test_shapes(shape: tuple[int, ...]) -> None:
    kind = "image" if len(shape) == 3 else "points"
    info = DataInfo(name="data", modality=kind, shape=shape, classes=3)
    networks = build(info, width=2, latent=5)
    assert networks.conditional
    samples = networks.generator(torch.randn(4, 5), CLASSES)
    assert samples.shape == (4, *shape)
    assert networks.discriminator(samples, CLASSES).shape == (4,)


def test_a_logit_is_the_heads_and_the_projection() -> None:
    networks = build(replace(image(8), classes=3), width=4, latent=5)
    discriminator = networks.discriminator
    assert isinstance(discriminator, Projection)
    x = torch.randn(4, 1, 8, 8)
    features = discriminator.body(x)
    for index, one in enumerate(CLASSES):
        vector = discriminator.head.weight[0] + discriminator.classes.weight[one]
        expected = vector @ features[index]
        torch.testing.assert_close(discriminator(x, CLASSES)[index], expected)


def test_without_an_embedding_the_discriminator_is_sngans() -> None:
    info = replace(image(8), classes=3)
    discriminator = build(info, width=4, latent=5).discriminator
    assert isinstance(discriminator, Projection)
    nn.init.zeros_(discriminator.classes.weight)
    plain = sngan.build(info, width=4, latent=5).discriminator
    plain.load_state_dict(nn.Sequential(*discriminator.body, discriminator.head).state_dict())
    x = torch.randn(4, 1, 8, 8)
    torch.testing.assert_close(discriminator(x, CLASSES), plain(x)[:, 0])


def test_norms_by_class_start_as_batch_norm() -> None:
    block, plain = UpBlock(3, 5, classes=3), ResidualBlock(3, 5, norm="batch", resample="up")
    own = {name: value for name, value in block.state_dict().items() if "norm" not in name}
    plain.load_state_dict(own, strict=False)
    x = torch.randn(4, 3, 4, 4)
    torch.testing.assert_close(block(x, CLASSES), plain(x))


@pytest.mark.parametrize("places", [(), (3, 2)])
def test_norm_by_class(places: tuple[int, ...]) -> None:
    batch = nn.BatchNorm2d(6, affine=False) if places else nn.BatchNorm1d(6, affine=False)
    norm = ClassNorm(batch, 6, classes=3)
    nn.init.normal_(norm.gain.weight)
    nn.init.normal_(norm.bias.weight)
    x = torch.randn(4, 6, *places)
    found, normed = norm(x, CLASSES), batch(x)
    for index, one in enumerate(CLASSES):
        for channel in range(6):
            gain, bias = norm.gain.weight[one, channel], norm.bias.weight[one, channel]
            torch.testing.assert_close(found[index, channel], gain * normed[index, channel] + bias)


def test_a_spectral_norm_takes_in_the_embedding() -> None:
    discriminator = build(replace(points(), classes=3), width=4, latent=5).discriminator
    assert isinstance(discriminator, Projection)
    nn.init.normal_(discriminator.classes.weight, std=100.0)
    normalise(discriminator, iterations=50)
    norm = torch.linalg.matrix_norm(discriminator.classes.weight, ord=2)
    assert norm.item() == pytest.approx(1, abs=1e-3)
