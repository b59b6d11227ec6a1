"""Spectral normalisation: largest singular values, on any discriminator, and when they move."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils.parametrize import is_parametrized

from ganbench import DataInfo, ModelSpec, PluginNotUsable
from ganbench.api.parameters import resolve_parameters
from ganbench.api.specs import import_builder
from ganbench.modalities import MODALITIES
from ganbench.training.loop import Eager
from ganbench.training.trainer import Trainer
from ganbench_plugins.techniques.spectral_norm import normalise

from ...training.small import catalogue, image, points, random_data, variant_trainer


def layers(network: nn.Module) -> list[Any]:
    kinds = nn.Linear | nn.Conv2d | nn.Embedding
    return [one for one in network.modules() if isinstance(one, kinds)]


def largest(layer: Any) -> float:
    """Singular value of the weight as a matrix (out, in h w)."""
    return float(torch.linalg.matrix_norm(layer.weight.detach().flatten(1), 2))


def vectors(trainer: Trainer) -> list[Tensor]:
    named = trainer.networks.discriminator.named_buffers()
    return [one.clone() for name, one in named if name.endswith(("_u", "_v"))]


@pytest.mark.parametrize(
    ("variant", "info", "count"),
    [
        ("mlp+hinge+sn", points(), 4),
        ("mlp+hinge+sn", image(8), 4),
        ("dcgan+hinge+sn", image(8), 3),
        ("dcgan+hinge+sn[model.discriminator_norm=none]", image(16, channels=3), 3),
        ("resnet+hinge+sn[model.width=16]", image(8), 8),
    ],
)
def test_largest_singular_values_go_to_1(variant: str, info: DataInfo, count: int) -> None:
    trainer = variant_trainer(variant, random_data(info))
    for number in range(2):
        Eager(trainer).step(number, 0.0)
    discriminator = trainer.networks.discriminator
    found = layers(discriminator)
    assert len(found) == count
    # The vectors follow weights that move: one power iteration a step is enough.
    assert all(0.9 < largest(one) < 1.1 for one in found)
    samples, _ = trainer.real.first(4)
    with torch.no_grad():
        for _ in range(300):  # the weights standing still
            discriminator(samples)
    assert [largest(one) for one in found] == pytest.approx([1.0] * count, abs=2e-3)
    generator = trainer.networks.generator
    assert not any("parametrizations" in name for name, _ in generator.named_parameters())


def test_a_perceptron_is_1_lipschitz() -> None:
    trainer = variant_trainer("mlp+hinge+sn", random_data(points()))
    discriminator = trainer.networks.discriminator
    one, other = 10 * torch.randn(2, 500, 2, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        for _ in range(300):
            discriminator(one[:2])
        discriminator.eval()
        rise = (discriminator(one) - discriminator(other)).abs().view(-1)
    assert (rise <= (one - other).norm(dim=1) * 1.001).all()


def test_evaluation_leaves_the_vectors_where_they_are() -> None:
    trainer = variant_trainer("dcgan+hinge+sn", random_data(image(8)))
    samples, _ = trainer.real.first(8)
    before = vectors(trainer)
    assert before
    logits = trainer.logits(samples)
    assert torch.equal(trainer.logits(samples), logits)
    assert all(map(torch.equal, before, vectors(trainer)))
    with torch.no_grad():
        trainer.networks.discriminator(samples)  # in train mode
    assert not all(map(torch.equal, before, vectors(trainer)))


@pytest.mark.parametrize("iterations", [1, 5])
def test_power_iterations_at_a_training_step(iterations: int) -> None:
    layer = nn.Sequential(nn.Linear(6, 5, bias=False))
    normalise(layer, iterations)
    module = layer[0].parametrizations.weight[0]  # type: ignore[union-attr, index]
    weight = layer[0].parametrizations.weight.original.detach()  # type: ignore[union-attr]
    u, v = module._u.clone(), module._v.clone()
    layer(torch.zeros(1, 6))
    for _ in range(iterations):
        u = nn.functional.normalize(weight @ v, dim=0)
        v = nn.functional.normalize(weight.T @ u, dim=0)
    torch.testing.assert_close(module._u, u)
    torch.testing.assert_close(module._v, v)


def test_embeddings_and_convolutions_of_any_kind_are_normalised_once() -> None:
    network = nn.Sequential(
        nn.Conv1d(2, 3, 4), nn.ConvTranspose2d(3, 4, 3), nn.Conv3d(1, 2, 2), nn.Embedding(10, 6),
        nn.LayerNorm(4), nn.PReLU(),
    )  # fmt: skip
    before = len(list(network.parameters()))
    normalise(network)
    normalise(network)
    names = [name for name, _ in network.named_parameters() if name.endswith("original")]
    assert len(names) == 4
    assert len(list(network.parameters())) == before


def test_networks_begin_with_the_weights_that_they_have_without() -> None:
    data = random_data(points())
    normed, plain = (variant_trainer(name, data).networks for name in ("vanilla+sn", "vanilla"))
    ours = {
        name.replace("parametrizations.", "").replace(".original", ""): one
        for name, one in normed.discriminator.named_parameters()
    }
    theirs = dict(plain.discriminator.named_parameters())
    assert ours.keys() == theirs.keys()
    assert all(torch.equal(ours[name], one) for name, one in theirs.items())


OWN_LAYERS = {"stylegan2", "keras-dense"}
"""Models whose discriminators have layers of their own, which sn cannot know."""


OTHER_DATA = [one for name, each in MODALITIES.items() if name != "image" for one in each.examples]


@pytest.mark.parametrize("name", catalogue().names("model"))
def test_every_discriminator_here_is_normalised_whole_or_refused(name: str) -> None:
    spec, tried = catalogue().get(ModelSpec, name), 0
    for info in (image(8, 3), *OTHER_DATA):
        data = replace(info, classes=3)
        fits = not spec.modalities or data.modality in spec.modalities
        if spec.control or not fits or not (spec.supports is None or spec.supports(data)):
            continue
        given = resolve_parameters(name, spec.parameters, {})
        discriminator = import_builder(spec.build)(data, **given).discriminator
        tried += 1
        if name in OWN_LAYERS:
            with pytest.raises(PluginNotUsable, match="sn finds no layer"):
                normalise(discriminator)
            continue
        normalise(discriminator)
        others = {
            own for own, one in discriminator.named_parameters()
            if one.squeeze().dim() > 1 and not own.endswith("parametrizations.weight.original")
        }  # fmt: skip
        assert not others
    assert tried or spec.control


class Scaled(nn.Module):
    """A linear layer of one's own."""

    def __init__(self, fan_in: int, fan_out: int) -> None:
        super().__init__()
        self.matrix = nn.Parameter(torch.randn(fan_out, fan_in))

    def forward(self, x: Tensor) -> Tensor:
        return x @ self.matrix.T


@pytest.mark.parametrize(
    ("other", "names"),
    [
        (Scaled(4, 4), "1.matrix"),
        (Scaled(4, 1), "1.matrix"),
        (nn.LSTM(4, 4), "1.weight_ih_l0, 1.weight_hh_l0"),
        (nn.Bilinear(4, 4, 4), "1.weight"),
    ],
)
def test_a_discriminator_of_which_weights_would_be_left_out_is_refused(
    other: nn.Module, names: str
) -> None:
    """Its slope would have no bound, and the table would say that it had one."""
    network = nn.Sequential(nn.Linear(2, 4), other, nn.Linear(4, 1))
    with pytest.raises(PluginNotUsable, match=f"leave out weights .* not know: {names};"):
        normalise(network)
    assert not any(is_parametrized(one) for one in network)
    normalise(network, spared=(other,))
    assert is_parametrized(network[0])
    assert not is_parametrized(other)


def test_gains_and_biases_in_any_shape_are_no_weights() -> None:
    network = nn.Sequential(
        nn.Conv2d(1, 3, 3),
        nn.LayerNorm([3, 4, 4]),
        nn.GroupNorm(1, 3),
        nn.BatchNorm2d(3),
        nn.PReLU(3),
    )
    network.register_parameter("bias", nn.Parameter(torch.zeros(1, 3, 1, 1)))
    normalise(network)
    assert is_parametrized(network[0])


def test_what_techniques_add_behind_sn_is_theirs() -> None:
    variant_trainer("mlp+hinge+sn+mbd", random_data(points()))
    with pytest.raises(PluginNotUsable, match="projections") as caught:
        variant_trainer("mlp+hinge+mbd+sn", random_data(points()))
    assert "behind sn" in caught.value.hint


def test_a_discriminator_without_layers_of_torch_is_refused() -> None:
    """It would be trained as it is, under another name."""
    with pytest.raises(PluginNotUsable, match="sn finds no layer"):
        variant_trainer("stylegan2+sn[width=4]", random_data(image(8)))
