"""WaveGAN's networks: the published sizes, exact lengths, and phase shuffle as it is described."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from ganbench import DataInfo, Networks, UsageError
from ganbench_plugins.networks.sizes import wavegan_layers
from ganbench_plugins.networks.wavegan import PhaseShuffle, build


def sound(samples: int, channels: int = 1) -> DataInfo:
    return DataInfo(name="sounds", modality="audio", shape=(channels, samples), rate=8_000)


def parameters(network: nn.Module) -> int:
    return sum(one.numel() for one in network.parameters())


def small(samples: int = 1024, shuffle: int = 2) -> Networks:
    return build(sound(samples), d=2, shuffle=shuffle)


def by_hand(length: int, d: int) -> tuple[int, int]:
    """Weights of both networks, layer by layer: kernels of 25, a bias for each map."""
    widths = [d * 2**level for level in range({1024: 3, 4096: 4, 16384: 5}[length])]
    pairs = list(zip([1, *widths], widths, strict=False))
    convolutions = sum(25 * one * other for one, other in pairs)
    dense = 16 * widths[-1]
    generator = 101 * dense + convolutions + sum(one for one, _ in pairs)
    return generator, convolutions + sum(widths) + dense + 1


@pytest.mark.parametrize(
    ("length", "d", "generator", "discriminator"),
    [
        (16_384, 64, 19.07, 17.43),  # the paper's, whose sum is published as 36.5M
        (16_384, 32, 5.18, 4.36),
        (16_384, 16, 1.50, 1.09),
        (4_096, 32, 1.49, 1.08),
        (4_096, 16, 0.48, 0.27),
    ],
)
def test_as_many_weights_as_published(
    length: int, d: int, generator: float, discriminator: float
) -> None:
    with torch.device("meta"):
        networks = build(sound(length), d=d, shuffle=2)
    found = parameters(networks.generator), parameters(networks.discriminator)
    assert found == by_hand(length, d)
    assert [round(one / 1e6, 2) for one in found] == [generator, discriminator]


@pytest.mark.parametrize("length", [1024, 4096, 16_384])
@pytest.mark.parametrize("channels", [1, 2])
def test_every_layer_is_four_times_as_long_or_a_quarter(length: int, channels: int) -> None:
    networks = build(sound(length, channels), d=2, shuffle=2)
    x = torch.rand(2, 100)
    lengths = [16]
    for layer in networks.generator:  # type: ignore[attr-defined]
        x = layer(x)
        if isinstance(layer, nn.ConvTranspose1d):
            lengths.append(x.shape[2])
    assert lengths == [16 * 4**level for level in range(wavegan_layers(sound(length)) + 1)]
    assert x.shape == (2, channels, length)
    for layer in networks.discriminator:  # type: ignore[attr-defined]
        x = layer(x)
        if isinstance(layer, nn.Conv1d):
            lengths.pop()
            assert x.shape[2] == lengths[-1]
    assert x.shape == (2, 1)


def test_shuffle_after_the_first_activations_and_not_after_the_last() -> None:
    networks = build(sound(16_384), d=2, shuffle=2)
    kinds = [type(one) for one in networks.discriminator]  # type: ignore[attr-defined]
    shuffled = [nn.Conv1d, nn.LeakyReLU, PhaseShuffle]
    assert kinds == [*shuffled * 4, nn.Conv1d, nn.LeakyReLU, nn.Flatten, nn.Linear]
    without = small(shuffle=0).discriminator
    assert not any(isinstance(one, PhaseShuffle) for one in without.modules())


def test_no_norm_anywhere_and_a_bias_everywhere_from_zero() -> None:
    torch.manual_seed(0)
    networks = small()
    for network in (networks.generator, networks.discriminator):
        kinds = {type(one).__name__ for one in network.modules()}
        assert not {one for one in kinds if "Norm" in one}
        for name, one in network.state_dict().items():
            assert name.endswith("weight") or not one.any()
            if name.endswith("weight"):
                fans = one.shape[0] * one[0, 0].numel() + one.shape[1] * one[0, 0].numel()
                bound = (6 / fans) ** 0.5
                assert 0.9 * bound < float(one.abs().max()) <= bound
    assert (networks.latent.size, networks.latent.law) == (100, "uniform")  # type: ignore[union-attr]


def test_one_shift_for_a_whole_call_and_all_of_them_in_many() -> None:
    x = torch.arange(40.0).expand(3, 2, 40)
    torch.manual_seed(0)
    found = set()
    for _ in range(200):
        y = PhaseShuffle(2)(x)
        assert y.shape == x.shape
        assert torch.equal(y, y[:1, :1].expand_as(y))
        shift = int(y[0, 0, 20]) - 20
        start = [abs(place + shift) for place in range(40)]
        reflected = [place if place < 40 else 78 - place for place in start]
        assert y[0, 0].tolist() == reflected
        found.add(shift)
    assert found == {-2, -1, 0, 1, 2}


def test_layers_and_calls_draw_shifts_of_their_own() -> None:
    discriminator, x = small().discriminator, torch.rand(1, 1, 1024)
    torch.manual_seed(0)
    assert len({float(discriminator(x).detach()) for _ in range(30)}) > 5
    discriminator.eval()
    assert len({float(discriminator(x).detach()) for _ in range(5)}) == 1


def test_other_lengths_are_refused_with_those_that_fit() -> None:
    with pytest.raises(UsageError, match="8,192 samples do not fit") as caught:
        wavegan_layers(sound(8_192))
    assert "1,024, 4,096, 16,384 or 65,536" in str(caught.value.hint)
