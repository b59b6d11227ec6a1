"""StyleGAN2's networks: shapes, modulation against the paper's own formula, and its traps."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ganbench_plugins.networks.stylegan2 import (
    LEAK,
    Conv,
    Generator,
    Linear,
    Modulated,
    activated,
    build,
)

from ...training.small import image, recipe_of


@pytest.mark.parametrize("side", [8, 12, 28, 32, 64, 128])
def test_shapes(side: int) -> None:
    data = image(side, 3)
    networks = build(data, width=4, latent=16)
    fakes = networks.generator(torch.randn(3, 16))
    assert fakes.shape == (3, *data.shape)
    assert fakes.abs().max() <= 1
    assert networks.discriminator(fakes).shape == (3, 1)


def test_modulation_is_the_papers_weight_by_weight() -> None:
    """Eq. 1 to 3: weights are scaled, then brought to norm one, for each sample by itself."""
    layer = Modulated(5, 4, 3, latent=6)
    x, w = torch.randn(3, 5, 8, 8), torch.randn(3, 6)
    found = layer(x, w)
    for place in range(3):
        weight = layer.weight * layer.scale * layer.style(w)[place][None, :, None, None]
        weight = weight / (weight.square().sum(dim=(1, 2, 3), keepdim=True) + 1e-8).sqrt()
        wanted = F.conv2d(x[place : place + 1], weight, layer.bias, padding=1)
        torch.testing.assert_close(found[place : place + 1], wanted, atol=1e-5, rtol=1e-4)


def test_trap_samples_of_a_batch_do_not_influence_each_other() -> None:
    networks = build(image(16), width=4, latent=16)
    latent = torch.randn(4, 16)
    together = networks.generator(latent)
    torch.testing.assert_close(networks.generator(latent[:1]), together[:1], atol=1e-5, rtol=1e-4)
    logits = networks.discriminator(together)
    torch.testing.assert_close(
        networks.discriminator(together[:1]), logits[:1], atol=1e-5, rtol=1e-4
    )


def test_trap_styles_start_around_one() -> None:
    layer = Modulated(64, 4, 3, latent=6)
    styles = layer.style(torch.zeros(1, 6))
    torch.testing.assert_close(styles, torch.ones(1, 64))


def test_latents_of_any_length_give_the_same_style() -> None:
    generator = build(image(16), width=4, latent=16).generator
    assert isinstance(generator, Generator)
    latent = torch.randn(2, 16)
    torch.testing.assert_close(generator.style(latent), generator.style(3 * latent))


def test_the_mapping_network_learns_a_hundred_times_more_slowly() -> None:
    """A step of one size in the weights moves a hundredth of what it moves elsewhere."""
    torch.manual_seed(0)
    slow, fast = Linear(8, 8, rate=0.01), Linear(8, 8)
    x = torch.randn(4, 8)
    for layer, share in ((slow, 0.01), (fast, 1.0)):
        before = layer(x)
        with torch.no_grad():
            layer.weight += 0.1
        moved = layer(x) - before
        torch.testing.assert_close(
            moved,
            share * 0.1 * fast.scale * x.sum(1, keepdim=True).expand(-1, 8),
            atol=1e-5,
            rtol=1e-3,
        )


def test_trap_every_activated_layer_keeps_the_second_moment() -> None:
    """Of N(0, 1) a scaled layer makes N(0, 1), of which LeakyReLU times sqrt(2) makes 1 + 0.2²;
    without that gain it would be half of it. The last layer has neither (the authors' `out`)."""
    torch.manual_seed(0)
    networks = build(image(16, 3), width=16, latent=256)
    judge, generator = networks.discriminator, networks.generator
    assert isinstance(judge, nn.Sequential)
    assert isinstance(generator, Generator)
    assert not [one for one in judge.modules() if isinstance(one, nn.ReLU | nn.LeakyReLU)]
    convolutions = [one for one in judge if isinstance(one, Conv)]
    assert len(convolutions) == 6
    for one in convolutions:
        one.filter = None if one.filter is None else nn.Identity()  # noise it would take away
    *_, dense, activation, out = judge
    found = [moment(one, 128, one.weight.shape[1], 16, 16) for one in convolutions]
    found.append(moment(nn.Sequential(dense, activation), 512, dense.weight.shape[1]))
    found += [moment(lambda x, one=one: activated(one(x)), 512, 256) for one in generator.mapping]
    assert found == pytest.approx([1 + LEAK**2] * len(found), rel=0.1)
    assert isinstance(out, Linear)


def test_trap_what_halves_the_size_is_filtered_first() -> None:
    """As the authors' `Conv2dLayer(down=2)`: one linear map, whose kernel is that of the filter and
    of the convolution together, then the activation."""
    layer = Conv(3, 4, 3, down=True)
    nn.init.normal_(layer.bias)
    x = torch.randn(2, 3, 8, 12)
    line = torch.tensor([1.0, 3.0, 3.0, 1.0]) / 8
    weight = (layer.weight * layer.scale).view(12, 1, 3, 3)
    both = F.conv_transpose2d(weight, torch.outer(line, line)[None, None]).view(4, 3, 6, 6)
    wanted = activated(F.conv2d(x, both, layer.bias, stride=2, padding=2))
    assert wanted.shape == (2, 4, 4, 6)
    torch.testing.assert_close(layer(x), wanted, atol=1e-5, rtol=1e-4)


def moment(layer: Callable[[Tensor], Tensor], *shape: int) -> float:
    """The mean square of what a layer makes of N(0, 1), but for the edges of maps."""
    found = layer(torch.randn(shape))
    found = found[..., 1:-1, 1:-1] if found.dim() == 4 else found
    return found.square().mean().item()


def test_outputs_keep_their_variance() -> None:
    layer = Modulated(64, 64, 3, latent=6)
    x = torch.randn(8, 64, 16, 16)
    found = layer(x, 5 * torch.randn(8, 6))
    assert found[:, :, 1:-1, 1:-1].detach().std().item() == pytest.approx(1, rel=0.15)


def test_the_recipe_is_that_for_cifar10() -> None:
    recipe = recipe_of("stylegan2", image(32, 3))
    assert dict(recipe.techniques["r1"]) == {"gamma": 0.01, "every": 16}
    assert recipe.loss == "non-saturating"
    assert recipe.training.generator.betas == (0.0, 0.99)
    assert recipe.training.ema_half_life == 10_000
