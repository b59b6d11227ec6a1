"""Plain convolutional networks: layers by hand, and the paper's depths at the paper's size."""

from __future__ import annotations

import itertools
import math
from typing import Any

import pytest
import torch
from torch import nn

from ganbench.api.errors import UsageError
from ganbench.planning.naming import choose_variant
from ganbench_plugins.networks.plain_conv import activation

from ...training.small import catalogue, image, networks_of

NONLINEARITIES = ("relu", "leaky-relu", "softplus", "tanh")


def name(loss: str = "non-saturating", **parameters: Any) -> str:
    inner = ",".join(f"model.{key}={value}" for key, value in parameters.items())
    return f"plain-conv+{loss}[{inner}]" if inner else f"plain-conv+{loss}"


def convolutions(network: nn.Module) -> list[nn.Conv2d]:
    return [one for one in network.modules() if isinstance(one, nn.Conv2d)]


@pytest.mark.parametrize("depth", [4, 8, 12, 20])
def test_the_papers_depths_are_the_same_at_each_size_of_the_papers_images(depth: int) -> None:
    networks = networks_of(
        name(generator_depth=depth, discriminator_depth=depth, discriminator_width=16),
        image(32, channels=3),
    )
    each = depth // 4
    *hidden, last = convolutions(networks.generator)
    assert [one.out_channels for one in hidden] == [
        width for width in (256, 128, 64, 32) for _ in range(each)
    ]
    assert last.out_channels == 3
    assert [one.out_channels for one in convolutions(networks.discriminator)] == [
        width for width in (16, 32, 64, 128) for _ in range(each)
    ]
    assert all(one.kernel_size == (3, 3) for one in (*hidden, last))


def test_layers_at_8_px() -> None:
    networks = networks_of(
        name(generator_depth=5, discriminator_depth=3, generator_width=2, discriminator_width=2),
        image(8),
    )
    kinds = [type(one).__name__ for one in networks.generator]
    block = ["Conv2d", "BatchNorm2d", "ReLU"]
    assert kinds == [
        *("Linear", "Reshape", "BatchNorm2d", "ReLU"),
        *block * 3,
        "Upsample",
        *block * 2,
        *("Conv2d", "Tanh"),
    ]
    assert networks.generator[1].shape == (4, 4, 4)
    kinds = [type(one).__name__ for one in networks.discriminator]
    assert kinds == ["Conv2d", "ReLU", "AvgPool2d", *block * 2, "Flatten", "Linear"]


@pytest.mark.parametrize(("side", "channels"), [(8, 1), (12, 3), (16, 1), (28, 1), (32, 3)])
@pytest.mark.parametrize("nonlinearity", NONLINEARITIES)
def test_deep_ones_without_norms_start_with_images_and_finite_logits(
    nonlinearity: str, side: int, channels: int
) -> None:
    settings = {
        f"{one}_{key}": value
        for one, (key, value) in itertools.product(
            ("generator", "discriminator"),
            (("depth", 20), ("width", 4), ("norm", "none"), ("activation", nonlinearity)),
        )
    }
    networks = networks_of(name(**settings), image(side, channels))
    images = networks.generator(torch.randn(6, networks.latent.size))
    logits = networks.discriminator(images)
    assert images.shape == (6, channels, side, side)
    assert images.abs().max() <= 1
    assert logits.shape == (6, 1)
    assert logits.isfinite().all()
    assert len(logits.unique()) > 1


def test_nonlinearities() -> None:
    x = torch.linspace(-30, 30, 101)
    softplus = [math.log1p(math.exp(2 * one + 2)) / 2 - 1 for one in x.tolist()]
    torch.testing.assert_close(activation("softplus")(x), torch.tensor(softplus))
    torch.testing.assert_close(activation("leaky-relu")(x), torch.maximum(x, 0.2 * x))
    torch.testing.assert_close(activation("relu")(x), x.clamp_min(0))
    torch.testing.assert_close(activation("tanh")(x), x.tanh())


def test_the_critic_has_a_layer_norm_where_the_discriminator_has_a_batch_norm() -> None:
    for loss, kind in (("non-saturating", nn.BatchNorm2d), ("wgan-gp", nn.GroupNorm)):
        networks = networks_of(name(loss), image(8))
        norms = [
            one
            for one in networks.discriminator.modules()
            if isinstance(one, nn.BatchNorm2d | nn.GroupNorm)
        ]
        assert [type(one) for one in norms] == [kind] * 3
    # so that a pair of settings for both losses has one text
    assert choose_variant(name("wgan-gp", discriminator_norm="layer"), catalogue()).settings == {}


def test_too_few_convolutions_are_refused() -> None:
    with pytest.raises(UsageError, match="4 sizes from 4 px to these images and 3 convolutions"):
        networks_of(name(generator_depth=3), image(32))


def test_images_above_32_px_are_refused() -> None:
    with pytest.raises(UsageError, match="64 px images do not fit") as caught:
        networks_of(name(), image(64))
    assert str(caught.value.hint).endswith("28 or 32 px")
