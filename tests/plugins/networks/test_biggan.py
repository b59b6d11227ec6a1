"""BigGAN's networks: shapes, what the class steers, orthogonal starts, norms on everything."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import nn
from torch.nn.utils.parametrize import is_parametrized

from ganbench_plugins.networks.biggan import CHUNK, ToldNorm, build

from ...training.small import image, random_data, recipe_of, variant_trainer

CLASSES = 5


@pytest.mark.parametrize("side", [8, 12, 28, 32, 64, 128])
def test_shapes(side: int) -> None:
    data = replace(image(side, 3), classes=CLASSES)
    networks = build(data, width=8)
    classes = torch.arange(CLASSES)
    assert isinstance(networks.latent.size, int)  # type: ignore[union-attr]
    latent = torch.randn(CLASSES, networks.latent.size)  # type: ignore[union-attr]
    fakes = networks.generator(latent, classes)
    assert fakes.shape == (CLASSES, *data.shape)
    assert fakes.abs().max() <= 1
    assert networks.discriminator(fakes, classes).shape == (CLASSES,)


def test_every_part_of_the_latent_and_the_class_steer_the_image() -> None:
    networks = build(replace(image(16), classes=CLASSES), width=8)
    generator = networks.generator.eval()
    size = networks.latent.size  # type: ignore[union-attr]
    latent, classes = torch.randn(1, size), torch.tensor([0])
    before = generator(latent, classes)
    assert not torch.allclose(before, generator(latent, torch.tensor([1])))
    for start in range(0, size, CHUNK):
        other = latent.clone()
        other[:, start : start + CHUNK] += 1
        assert not torch.allclose(before, generator(other, classes))


def test_trap_gains_are_around_one() -> None:
    norm = ToldNorm(6, 4).eval()
    x = torch.randn(3, 6, 5, 5)
    torch.testing.assert_close(norm(x, torch.zeros(3, 4)), norm.norm(x))


def test_weights_start_orthogonal() -> None:
    networks = build(replace(image(16), classes=CLASSES), width=8)
    for layer in networks.discriminator.modules():
        if isinstance(layer, nn.Conv2d):
            matrix = layer.weight.flatten(1)
            small = matrix @ matrix.T if len(matrix) <= matrix.shape[1] else matrix.T @ matrix
            torch.testing.assert_close(small, torch.eye(len(small)), atol=1e-4, rtol=0)


def test_both_players_have_a_spectral_norm_on_all_layers() -> None:
    data = random_data(replace(image(8), classes=CLASSES), 100)
    trainer = variant_trainer(
        "biggan[width=8]", replace(data, train_labels=torch.arange(100) % CLASSES)
    )
    for network in (trainer.networks.generator, trainer.networks.discriminator):
        layers = [one for one in network.modules() if isinstance(one, nn.Linear | nn.Conv2d)]
        assert layers
        assert all(hasattr(one, "parametrizations") for one in layers)


def test_trap_the_classs_embedding_has_no_spectral_norm_and_what_it_steers_has() -> None:
    """As in the authors' code: `which_embedding` is plain, `which_linear` and `which_conv` not."""
    generator = build(replace(image(16), classes=CLASSES), width=8).generator
    layers = {
        name: one
        for name, one in generator.named_modules()
        if isinstance(one, nn.Linear | nn.Conv2d | nn.Embedding)
    }
    normed = {name for name, one in layers.items() if is_parametrized(one, "weight")}
    assert {*layers} - normed == {"embedding"}
    assert {"start", "end", "blocks.0.norm1.gain", "blocks.1.norm2.bias"} <= normed
    assert generator.embedding.weight.requires_grad


def test_what_is_evaluated_is_the_average() -> None:
    data = random_data(replace(image(8), classes=CLASSES), 100)
    trainer = variant_trainer(
        "biggan[width=8]", replace(data, train_labels=torch.arange(100) % CLASSES)
    )
    assert trainer.evaluated is not trainer.networks.generator


def test_what_is_evaluated_is_hardly_what_training_began_with() -> None:
    """1 TFLOP of digits are 184 steps: by a decay of .999 the average was four fifths untrained."""
    training = recipe_of("biggan", replace(image(8), classes=CLASSES)).training
    assert training.average_decay**184 < 0.2
