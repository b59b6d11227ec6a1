"""The multilayer perceptrons: layer by layer, and which layers have biases."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from ganbench import DataInfo
from ganbench.api.errors import UsageError
from ganbench_plugins.networks.layers import Reshape
from ganbench_plugins.networks.mlp import build

from ...training.small import image, networks_of, points, recipe_of


def layers(network: nn.Module) -> list[str]:
    """The layers in short: `784-128`, `784-128 no bias`, or the name of their class."""
    named = []
    for layer in network.children():
        if isinstance(layer, nn.Linear):
            bias = "" if layer.bias is not None else " no bias"
            named.append(f"{layer.in_features}-{layer.out_features}{bias}")
        else:
            named.append(type(layer).__name__)
    return named


END = ("Reshape", "Identity")
"""Of a generator of points, which have no bounds."""


def test_vanilla_on_images() -> None:
    networks = networks_of("vanilla", image(28))
    assert layers(networks.generator) == [
        *("100-256", "ReLU", "256-256", "ReLU", "256-784", "Reshape", "Tanh")
    ]
    assert layers(networks.discriminator) == [
        *("Flatten", "784-256", "LeakyReLU", "256-256", "LeakyReLU", "256-1")
    ]
    slopes = {one.negative_slope for one in networks.discriminator if isinstance(one, nn.LeakyReLU)}
    assert slopes == {0.2}
    assert (networks.latent.size, networks.latent.law) == (100, "normal")


@pytest.mark.parametrize(("variant", "width"), [("vanilla", 128), ("wgan-gp", 64)])
def test_vanilla_and_wgan_gp_on_points(variant: str, width: int) -> None:
    networks = networks_of(variant, points())
    hidden = [f"{width}-{width}", "ReLU"] * 2
    first = [f"2-{width}", "ReLU"]
    assert layers(networks.generator) == [*first, *hidden, f"{width}-2", *END]
    assert layers(networks.discriminator) == ["Flatten", *first, *hidden, f"{width}-1"]
    assert (networks.latent.size, networks.latent.law) == (2, "normal")


def test_dcgan_on_points_follows_the_guidelines() -> None:
    networks = networks_of("dcgan", points())
    assert layers(networks.generator) == [
        *("2-128 no bias", "BatchNorm1d", "ReLU"),
        *("128-128 no bias", "BatchNorm1d", "ReLU") * 2,
        *("128-2", *END),
    ]
    assert layers(networks.discriminator) == [
        *("Flatten", "2-128", "LeakyReLU"),
        *("128-128 no bias", "BatchNorm1d", "LeakyReLU") * 2,
        "128-1",
    ]


def test_settings_reach_the_layers() -> None:
    text = "mlp+minimax[model.depth=1,model.width=5,model.latent=3,model.latent_law=uniform,"
    norms = "model.generator_norm=layer,model.discriminator_norm=layer]"
    networks = networks_of(text + norms, points())
    assert layers(networks.generator) == ["3-5 no bias", "LayerNorm", "ReLU", "5-2", *END]
    assert layers(networks.discriminator) == ["Flatten", "2-5", "ReLU", "5-1"]
    assert (networks.latent.size, networks.latent.law) == (3, "uniform")


@pytest.mark.parametrize("info", [points(), image(8)], ids=["points", "image"])
def test_the_generator_does_not_collapse_to_a_linear_map(info: DataInfo) -> None:
    generator = networks_of("vanilla", info).generator
    hidden = nn.Sequential(*[one for one in generator if not isinstance(one, nn.Tanh | Reshape)])
    z = torch.randn(64, 100 if info.modality == "image" else 2)
    middle = hidden(z[:32] / 2 + z[32:] / 2)
    assert not torch.allclose(middle, hidden(z[:32]) / 2 + hidden(z[32:]) / 2, atol=1e-3)


def test_init_std() -> None:
    torch.manual_seed(0)
    networks = networks_of("dcgan[width=512]", points())
    for network in (networks.generator, networks.discriminator):
        hidden = [
            one for one in network if isinstance(one, nn.Linear) and min(one.weight.shape) > 2
        ]
        weights = torch.cat([one.weight.flatten() for one in hidden])
        assert weights.std().item() == pytest.approx(0.02, rel=0.02)
        assert abs(weights.mean()) < 2e-4
        gains = torch.cat([one.weight for one in network if isinstance(one, nn.BatchNorm1d)])
        assert gains.mean().item() == pytest.approx(1, abs=0.003)
        assert gains.std().item() == pytest.approx(0.02, rel=0.1)
        assert not any(one.bias.any() for one in network if getattr(one, "bias", None) is not None)


def test_unrolleds_networks_are_two_tanh_layers_with_orthogonal_weights() -> None:
    networks = networks_of("unrolled", points())
    assert layers(networks.generator) == ["256-128", "Tanh", "128-128", "Tanh", "128-2", *END]
    assert layers(networks.discriminator) == [
        "Flatten",
        "2-128",
        "Tanh",
        "128-128",
        "Tanh",
        "128-1",
    ]
    for network in (networks.generator, networks.discriminator):
        for layer in network:
            if isinstance(layer, nn.Linear):
                singular = torch.linalg.svdvals(layer.weight)
                torch.testing.assert_close(singular, torch.full_like(singular, 1.4))
                assert not layer.bias.any()


def test_the_tutorials_networks() -> None:
    """Dense 256-128-784 and 128-1, with activations between, without which it is one linear map."""
    units = "model.generator_units=256-128,model.discriminator_units=128,model.leak=0.2"
    networks = networks_of(f"mlp+non-saturating[{units},model.latent=100]", image(28))
    assert layers(networks.generator) == [
        *("100-256", "ReLU", "256-128", "ReLU", "128-784", "Reshape", "Tanh")
    ]
    assert layers(networks.discriminator) == ["Flatten", "784-128", "LeakyReLU", "128-1"]


@pytest.mark.parametrize("units", ["", "-", "256,128", "256-0", "x", "3.5", "-3"])
def test_units_that_are_none(units: str) -> None:
    with pytest.raises(UsageError, match="names no hidden layers"):
        build(
            points(),
            **{**recipe_of("vanilla", points()).model_parameters, "generator_units": units},
        )
