"""SAGAN's attention against sums written out, where it stands, and the generator's norm."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

from ganbench import DataInfo
from ganbench_plugins.networks import sngan
from ganbench_plugins.networks.sagan import SelfAttention, build

from ...training.small import image


def test_attention_starts_as_the_identity() -> None:
    attention = SelfAttention(16)
    x = torch.randn(2, 16, 3, 5)
    assert torch.equal(attention(x), x)


def test_each_place_takes_a_mean_of_values() -> None:
    attention = SelfAttention(16)
    nn.init.constant_(attention.gamma, 0.5)
    x = torch.randn(2, 16, 3, 5)

    def mapped(layer: nn.Conv2d, place: Tensor) -> Tensor:
        return place @ layer.weight.flatten(1).T

    places = x.flatten(2).transpose(1, 2)
    for batch, j in ((0, 0), (1, 14), (1, 7)):
        query = mapped(attention.query, places[batch, j])
        scores = torch.stack([mapped(attention.key, one) @ query for one in places[batch]])
        shares = scores.exp() / scores.exp().sum()
        mean = shares @ torch.stack([mapped(attention.value, one) for one in places[batch]])
        expected = places[batch, j] + 0.5 * mapped(attention.out, mean)
        found = attention(x).flatten(2)[batch, :, j]
        torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-5)


def test_attention_sums_to_one_over_what_is_looked_at() -> None:
    weights = SelfAttention(8).attention(*torch.randn(2, 3, 4, 6))
    torch.testing.assert_close(weights.sum(dim=1), torch.ones(3, 6))


@pytest.mark.parametrize(
    ("size", "maps"),
    [
        ((8, 8), (4, 4)),
        ((16, 16), (8, 8)),
        ((28, 28), (14, 14)),
        ((32, 32), (16, 16)),
        ((64, 64), (32, 32)),
        ((128, 128), (32, 32)),
        ((48, 56), (24, 28)),
    ],
)
@pytest.mark.parametrize("channels", [1, 3])
def test_shapes(size: tuple[int, int], maps: tuple[int, int], channels: int) -> None:
    info = DataInfo(name="images", modality="image", shape=(channels, *size))
    networks = build(info, width=2, latent=5)
    seen: list[tuple[int, ...]] = []
    for network in (networks.generator, networks.discriminator):
        (attention,) = [one for one in network if isinstance(one, SelfAttention)]
        attention.register_forward_hook(lambda _, __, output: seen.append(output.shape[2:]))
    samples = networks.generator(torch.randn(2, 5))
    assert samples.shape == (2, channels, *size)
    assert networks.discriminator(samples).shape == (2, 1)
    assert seen == [maps, maps]


def test_every_layer_of_the_generator_has_a_spectral_norm() -> None:
    generator = build(image(8), width=4, latent=5).generator
    layers = [one for one in generator.modules() if isinstance(one, nn.Conv2d | nn.Linear)]
    assert len(layers) == 1 + 4 + 3 + 1
    for _ in range(100):
        generator(torch.randn(2, 5))
    for layer in layers:
        assert parametrize.is_parametrized(layer, "weight")
        norm = torch.linalg.matrix_norm(layer.weight.flatten(1), ord=2)
        assert norm.item() == pytest.approx(1, abs=0.02)


def test_without_attention_the_discriminator_is_sngans() -> None:
    discriminator = build(image(16), width=4, latent=5).discriminator
    plain = sngan.build(image(16), width=4, latent=5).discriminator
    apart = [one for one in discriminator if not isinstance(one, SelfAttention)]
    plain.load_state_dict(nn.Sequential(*apart).state_dict())
    x = torch.randn(3, 1, 16, 16)
    torch.testing.assert_close(discriminator(x), plain(x))
