"""Directions that generators amplify most: whose weights, and which eigenvectors."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from ganbench import Networks, UsageError
from ganbench_plugins.networks import acgan, biggan, cgan, sagan, stylegan2
from ganbench_plugins.networks.biggan import CHUNK, SHARED
from ganbench_plugins.networks.stylegan2 import Modulated
from ganbench_plugins.scores.kernels import sefa

from ....training.small import image

CLASSES = 5
DATA = replace(image(16), classes=CLASSES)


def weight_of(networks: Networks) -> Tensor:
    found = sefa.first_weight(networks.generator, sum(one.size for one in networks.latents))
    assert found is not None
    return found


def same_up_to_sign(one: Tensor, other: Tensor) -> None:
    cosines = (one.double() * other.double()).sum(dim=1).abs()
    torch.testing.assert_close(cosines, torch.ones_like(cosines), atol=1e-4, rtol=0)


def test_directions_are_right_singular_vectors_the_largest_first() -> None:
    torch.manual_seed(0)
    weight = torch.randn(40, 6, dtype=torch.float64) * torch.tensor([1, 5, 3, 2, 8, 0.1])
    _, values, right = torch.linalg.svd(weight)
    found = sefa.directions(weight, 4)
    assert found.shape == (4, 6)
    same_up_to_sign(found, right[:4])
    torch.testing.assert_close((weight @ found.T.double()).norm(dim=0), values[:4])
    assert sefa.directions(weight, 9).shape == (6, 6)


def test_stylegan2_has_the_styles_maps_of_every_layer() -> None:
    """How much the scales of all modulated layers move with w, which is what is decomposed."""
    torch.manual_seed(0)
    networks = stylegan2.build(DATA, width=4, latent=12)
    weight = weight_of(networks)
    layers = [one for one in networks.generator.modules() if isinstance(one, Modulated)]
    assert len(layers) == 1 + 2 * 2 + 3  # the first, two a level, one to an image at each size
    w, step = torch.randn(1, 12), torch.randn(1, 12)
    moved = torch.cat([one.style(w + step) - one.style(w) for one in layers], dim=1)
    torch.testing.assert_close((step.double() @ weight.T).float(), moved, atol=1e-5, rtol=1e-4)
    _, _, right = torch.linalg.svd(torch.cat([one.style.weight for one in layers]))
    same_up_to_sign(sefa.directions(weight, 3), right[:3])


def test_stylegan2_is_its_synthesis_of_its_style() -> None:
    generator: Any = stylegan2.build(DATA, width=4, latent=12).generator
    z = torch.randn(3, 12)
    assert torch.equal(generator(z), generator.synthesis(generator.style(z)))
    assert sefa.has_style(generator)


def test_biggan_has_a_block_for_each_part_of_the_latent() -> None:
    """The first layer's, and the columns of gains and biases that are not the class's."""
    torch.manual_seed(0)
    networks = biggan.build(DATA, width=8)
    weight, generator = weight_of(networks), networks.generator.eval()
    assert isinstance(generator, biggan.Generator)
    rows = generator.start.weight.shape[0]
    torch.testing.assert_close(weight[:rows, :CHUNK].float(), generator.start.weight.detach())
    assert not weight[:rows, CHUNK:].any()
    last = generator.blocks[-1].norm2.bias.weight.detach()
    torch.testing.assert_close(weight[-len(last) :, -CHUNK:].float(), last[:, SHARED:])
    assert not weight[rows:, :CHUNK].any()
    for direction in sefa.directions(weight, 6):
        assert (direction.view(-1, CHUNK).norm(dim=1) > 1e-5).sum() == 1


@pytest.mark.parametrize(
    "build",
    [
        lambda: acgan.build(DATA, width=4, discriminator_norm="batch", latent=7),
        lambda: cgan.build(DATA, width=16, depth=2, leak=0.0, latent=7),
    ],
    ids=["acgan", "cgan"],
)
def test_the_columns_of_the_class_are_left_out(build: Callable[[], Networks]) -> None:
    networks = build()
    weight = weight_of(networks)
    first = next(one for one in networks.generator.modules() if isinstance(one, nn.Linear))
    assert first.weight.shape[1] == 7 + CLASSES
    assert torch.equal(weight, first.weight[:, :7].double())
    _, _, right = torch.linalg.svd(first.weight[:, :7])
    same_up_to_sign(sefa.directions(weight, 2), right[:2])


@pytest.mark.parametrize("model", ["sagan", "biggan"])
def test_trap_looking_leaves_a_spectral_norm_where_it_is(model: str) -> None:
    if model == "sagan":
        networks = sagan.build(DATA, width=8, latent=16)
    else:
        networks = biggan.build(DATA, width=8)
    generator = networks.generator.train()
    before = {name: one.clone() for name, one in generator.state_dict().items()}
    assert any(name.endswith("_u") for name in before)
    weight_of(networks)
    assert all(torch.equal(before[name], one) for name, one in generator.state_dict().items())
    assert generator.training


def test_layers_of_torch_are_found_by_their_size() -> None:
    plain = nn.Sequential(nn.Linear(3, 8, bias=False), nn.ReLU(), nn.Linear(8, 2))
    assert torch.equal(sefa.first_weight(plain, 3), plain[0].weight.double())  # type: ignore[arg-type]
    upwards = nn.ConvTranspose2d(3, 8, 4)
    found = sefa.first_weight(upwards, 3)
    assert found is not None
    z = torch.randn(1, 3)
    moved = upwards(z[:, :, None, None]) - upwards(torch.zeros(1, 3, 1, 1))
    torch.testing.assert_close((z.double() @ found.T).float(), moved.flatten(1))
    assert sefa.first_weight(plain, 4) is None


def test_a_weight_of_something_else_than_the_latent_is_refused() -> None:
    class Strange(nn.Linear):
        def first_weight(self) -> Tensor:
            return self.weight

    with pytest.raises(UsageError, match=r"is of shape \(5, 4\), and its latent has 3 numbers"):
        sefa.first_weight(Strange(4, 5), 3)
