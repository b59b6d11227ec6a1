"""The average generator against one written out by hand."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn.utils.parametrizations import spectral_norm

from ganbench.training.average import AverageGenerator
from ganbench.training.loop import Eager

from .small import image, networks_of, points, random_data, small_trainer, variant_trainer
from .test_loop import Wasserstein


def test_weights_follow_exponentially() -> None:
    generator = nn.Linear(3, 2)
    average = AverageGenerator(generator, decay=0.9)
    expected = [one.detach().clone() for one in generator.parameters()]
    for _ in range(10):
        with torch.no_grad():
            for weight, mean in zip(generator.parameters(), expected, strict=True):
                weight.normal_()
                mean.mul_(0.9).add_(0.1 * weight)
        average.update()
        for one, mean in zip(average.module.parameters(), expected, strict=True):
            torch.testing.assert_close(one.detach(), mean)


def test_it_starts_as_a_copy_and_touches_nothing() -> None:
    generator = networks_of("dcgan", image(8)).generator
    before = {name: one.clone() for name, one in generator.state_dict().items()}
    average = AverageGenerator(generator, decay=0.5)
    for name, one in average.module.state_dict().items():
        assert torch.equal(one, before[name])
        assert one.data_ptr() != generator.state_dict()[name].data_ptr()
    average.update()
    assert all(torch.equal(one, before[name]) for name, one in generator.state_dict().items())
    assert all(one.requires_grad for one in generator.parameters())
    assert not any(one.requires_grad for one in average.module.parameters())


def test_trap_8_batch_norm_buffers_are_the_generators() -> None:
    trainer = variant_trainer("dcgan[ema=0.99]", random_data(points()))
    for number in range(3):
        Eager(trainer).step(number, 0.0)
    assert trainer.average is not None
    buffers = dict(trainer.networks.generator.named_buffers())
    copies = dict(trainer.average.module.named_buffers())
    assert buffers.keys() == copies.keys()
    assert {name.rsplit(".")[-1] for name in buffers} == {
        *("running_mean", "running_var", "num_batches_tracked")
    }
    for name, buffer in buffers.items():
        assert torch.equal(copies[name], buffer), name
    assert buffers["1.running_mean"].any()


def test_a_spectral_norm_is_that_of_the_averages_weights() -> None:
    """With the vectors of the weights under training the average's layers were far from norm 1."""
    torch.manual_seed(0)
    layer = spectral_norm(nn.Linear(16, 16))
    average = AverageGenerator(layer, decay=0.99)
    weight = layer.get_parameter("parametrizations.weight.original")
    drift = torch.randn(16, 16) / 50
    for _ in range(20):
        with torch.no_grad():
            weight.add_(drift)
        layer(torch.zeros(1, 16))  # in train mode: one iteration for the layer itself
        average.update()
    average.module.eval()
    axes = [one(torch.eye(16)) - one(torch.zeros(16)) for one in (layer, average.module)]
    norms = [float(torch.linalg.matrix_norm(one.detach(), 2)) for one in axes]
    assert norms == pytest.approx([1.0, 1.0], abs=0.01)


def test_the_average_is_what_gets_evaluated() -> None:
    trainer = small_trainer(Wasserstein(), ema=0.9)
    assert trainer.average is not None
    assert trainer.evaluated is trainer.average.module
    plain = small_trainer(Wasserstein())
    assert plain.evaluated is plain.networks.generator


def test_training_does_not_depend_on_it() -> None:
    one, other = (small_trainer(Wasserstein(), ema=decay) for decay in (0.0, 0.9))
    for trainer in (one, other):
        for number in range(5):
            Eager(trainer).step(number, 0.0)
    for a, b in zip(
        one.networks.generator.parameters(), other.networks.generator.parameters(), strict=True
    ):
        assert torch.equal(a, b)
    assert not torch.equal(next(other.evaluated.parameters()), a)


def test_one_update_for_each_generator_step_and_none_for_critic_steps() -> None:
    trainer = small_trainer(Wasserstein(), ema=0.5, critic_steps=3)
    start = [one.clone() for one in trainer.evaluated.parameters()]
    Eager(trainer).discriminator_step()
    assert all(map(torch.equal, trainer.evaluated.parameters(), start))
    Eager(trainer).step(0, 0.0)
    weights = trainer.networks.generator.parameters()
    for average, before, weight in zip(trainer.evaluated.parameters(), start, weights, strict=True):
        torch.testing.assert_close(average, (before + weight.detach()) / 2)
    assert next(iter(start)).numel() == pytest.approx(16)
