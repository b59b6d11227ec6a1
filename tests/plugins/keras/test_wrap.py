"""Keras models as modules of torch. The reference is the same network in torch."""

from __future__ import annotations

import copy
import random
import sys
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import nn
from torch.func import functional_call
from torch.utils.flop_counter import FlopCounterMode

from ganbench import DataInfo, Latent, Networks
from ganbench.api.errors import UsageError
from ganbench.training.kept import part_state, restore_part
from ganbench.training.wrapped import head_of
from ganbench_plugins.datasets.digits import INFO as DIGITS
from ganbench_plugins.keras import dense, wrap
from ganbench_plugins.networks import mlp

if not dense.INSTALLED:  # importing it here would choose another backend
    pytest.skip("needs: pip install 'ganbench[keras]'", allow_module_level=True)

RGB = DataInfo(name="rgb", modality="image", shape=(3, 4, 5))
LATENT = Latent(size=6)


@pytest.fixture
def keras() -> Any:
    torch.manual_seed(0)
    return wrap.use_keras()


def in_torch(data: DataInfo) -> Networks:
    """The textbook's networks as ganbench's own perceptrons."""
    return mlp.build(
        data,
        width=1,
        depth=1,
        generator_units="256-128",
        discriminator_units="128",
        generator_norm="none",
        discriminator_norm="none",
        leak=0.0,
        init_std=None,
        activation="relu",
        orthogonal_gain=None,
        latent=100,
        latent_law="normal",
    )


def copy_weights(module: nn.Module, to: nn.Module) -> None:
    """Keras multiplies from the other side: its kernels are (in, out)."""
    with torch.no_grad():
        for one, other in zip(module.parameters(), to.parameters(), strict=True):
            other.copy_(one.mT if one.ndim == 2 else one)


@pytest.mark.parametrize("data", [DIGITS, replace(DIGITS, name="fashion", shape=(1, 28, 28))])
def test_the_same_network_in_torch_gives_the_same_numbers(data: DataInfo) -> None:
    torch.manual_seed(1)
    found, reference = dense.build(data, latent=100), in_torch(data)
    copy_weights(found.generator, reference.generator)
    copy_weights(found.discriminator, reference.discriminator)
    z = torch.randn(7, 100)
    fakes = found.generator(z)
    torch.testing.assert_close(fakes, reference.generator(z))
    torch.testing.assert_close(found.discriminator(fakes), reference.discriminator(fakes))


def test_gradients_and_their_penalties_are_those_of_torch() -> None:
    found, reference = dense.build(DIGITS, latent=100), in_torch(DIGITS)
    copy_weights(found.discriminator, reference.discriminator)
    x = torch.rand(5, *DIGITS.shape, requires_grad=True)
    slopes = []
    for critic in (found.discriminator, reference.discriminator):
        (slope,) = torch.autograd.grad(critic(x).sum(), x, create_graph=True)
        slope.square().sum().backward()
        grads = [torch.zeros_like(p) if p.grad is None else p.grad for p in critic.parameters()]
        slopes.append([slope, *grads])
    assert all(one.any() for one in slopes[0][1::2])  # of weights; no slope is of a bias
    for one, other in zip(*slopes, strict=True):
        torch.testing.assert_close(one.mT if one.ndim == 2 else one, other)


def test_the_same_work_is_counted() -> None:
    counts = []
    for networks in (dense.build(DIGITS, latent=100), in_torch(DIGITS)):
        with FlopCounterMode(display=False) as counter:
            networks.discriminator(networks.generator(torch.randn(8, 100))).sum().backward()
        counts.append(counter.get_total_flops())
    assert counts[0] == counts[1] > 0


def weights_of(networks: Networks) -> list[torch.Tensor]:
    return [*networks.generator.parameters(), *networks.discriminator.parameters()]


def test_weights_follow_the_seed_of_torch_alone() -> None:
    built = []
    for seed, disturbed in ((3, 1), (3, 2), (4, 1)):
        torch.manual_seed(seed)
        random.seed(disturbed)
        built.append(weights_of(dense.build(DIGITS, latent=100)))
    kernels = [torch.cat([one.flatten() for one in weights]) for weights in built]
    assert torch.equal(kernels[0], kernels[1])
    assert not torch.equal(kernels[0], kernels[2])


def test_names_of_weights_do_not_count_earlier_models() -> None:
    first, second = dense.build(DIGITS, latent=100), dense.build(DIGITS, latent=100)
    assert [*first.generator.state_dict()] == [*second.generator.state_dict()]
    second.generator.load_state_dict(first.generator.state_dict())
    z = torch.randn(3, 100)
    assert torch.equal(first.generator(z), second.generator(z))


def noisy(keras: Any) -> wrap.KerasModule:
    layers = keras.layers
    return wrap.KerasModule(
        keras.Sequential(
            [keras.Input((6,)), layers.Dense(8), layers.BatchNormalization(), layers.Dropout(0.5)]
        )
    )


def test_layers_train_as_the_mode_says(keras: Any) -> None:
    module, x = noisy(keras), torch.randn(64, 6)
    before = {name: one.clone() for name, one in module.named_buffers()}
    module.eval()
    assert torch.equal(module(x), module(x))
    assert all(torch.equal(one, before[name]) for name, one in module.named_buffers())
    module.train()
    assert not torch.equal(module(x), module(x))
    moved = [name for name, one in module.named_buffers() if not torch.equal(one, before[name])]
    assert len(moved) == 2  # mean and variance


def test_batch_norm_is_that_of_torch(keras: Any) -> None:
    layer = wrap.KerasModule(
        keras.Sequential([keras.Input((6,)), keras.layers.BatchNormalization(epsilon=1e-5)])
    )
    x = 3 * torch.randn(64, 6) + 1
    torch.testing.assert_close(layer(x), nn.BatchNorm1d(6)(x), rtol=1e-4, atol=1e-5)


def test_copies_share_no_weights(keras: Any) -> None:
    module = noisy(keras).eval()
    x = torch.randn(4, 6)
    before = module(x)
    other = copy.deepcopy(module)
    with torch.no_grad():
        for one in other.parameters():
            one.add_(1)
    assert torch.equal(module(x), before)
    assert not torch.equal(other(x), before)


def test_other_weights_may_be_put_in_for_a_call(keras: Any) -> None:
    module = noisy(keras).eval()
    zeros = {name: torch.zeros_like(one) for name, one in module.named_parameters()}
    assert not functional_call(module, zeros, (torch.randn(4, 6),)).any()
    assert module(torch.randn(4, 6)).any()


def test_images_may_have_their_channels_last(keras: Any) -> None:
    layers = keras.layers
    generator = keras.Sequential(
        [keras.Input((6,)), layers.Dense(60), layers.Reshape((4, 5, 3))], name="last"
    )
    critic = keras.Sequential([keras.Input((4, 5, 3)), layers.Flatten(), layers.Dense(1)])
    found = wrap.networks(generator, critic, LATENT, RGB)
    z = torch.randn(2, 6)
    images = found.generator(z)
    own = torch.as_tensor(generator(z)).tanh()
    assert images.shape == (2, *RGB.shape)
    torch.testing.assert_close(images, own.permute(0, 3, 1, 2))
    torch.testing.assert_close(found.discriminator(images), torch.as_tensor(critic(own)))


def test_the_last_layer_is_the_head() -> None:
    discriminator = dense.build(DIGITS, latent=100).discriminator
    assert isinstance(discriminator, nn.Sequential)
    seen = []
    discriminator[-1].register_forward_pre_hook(lambda _, args: seen.append(args[0]))
    discriminator(torch.rand(3, *DIGITS.shape))
    assert [one.shape for one in seen] == [(3, 128)]


def test_what_cannot_be_right_is_refused(keras: Any) -> None:
    layers = keras.layers

    def model(size: int, *parts: Any) -> Any:
        return keras.Sequential([keras.Input((size,)), *parts])

    good = model(6, layers.Dense(60)), model(60, layers.Dense(1))
    assert wrap.networks(*good, LATENT, RGB)
    refused = {
        "shape .59,., rgb has": (model(6, layers.Dense(59)), good[1]),
        "discriminator's input is of shape .61,.": (good[0], model(61, layers.Dense(1))),
        "ends in a sigmoid": (good[0], model(60, layers.Dense(1, activation="sigmoid"))),
        "one logit": (good[0], model(60, layers.Dense(2))),
        "losses of its own": (model(6, layers.Dense(60, kernel_regularizer="l2")), good[1]),
    }
    for told, pair in refused.items():
        with pytest.raises(UsageError, match=told):
            wrap.networks(*pair, LATENT, RGB)
    with pytest.raises(UsageError, match="no weights before it is first called"):
        wrap.KerasModule(layers.Dense(3))
    with pytest.raises(UsageError, match="no weights before it is first called"):
        wrap.networks(keras.Sequential([layers.Dense(60)]), good[1], LATENT, RGB)


def own(keras: Any) -> Any:
    class Own(keras.Model):  # type: ignore[misc]
        def call(self, x: Any) -> Any:
            return x

    model = Own()
    model.build((None, 6))
    return model


def several(keras: Any) -> Any:
    inputs = [keras.Input((6,)), keras.Input((1,))]
    return keras.Model(inputs, keras.layers.Concatenate()(inputs))


@pytest.mark.parametrize(
    ("made", "told"),
    [(own, "does not tell its input shape"), (several, "has several inputs")],
)
def test_models_of_unknown_form_are_refused(keras: Any, made: Any, told: str) -> None:
    critic = keras.Sequential([keras.Input((60,)), keras.layers.Dense(1)])
    with pytest.raises(UsageError, match=told):
        wrap.networks(made(keras), critic, LATENT, RGB)


@pytest.mark.parametrize(
    ("layer", "told"),
    [
        (lambda keras: keras.layers.Dense(3, activity_regularizer="l2"), "losses of its own"),
        (lambda keras: keras.layers.ActivityRegularization(1.0), "losses of its own"),
        (
            lambda keras: keras.layers.Dense(3, kernel_constraint="max_norm", name="mine"),
            "layer mine has a constraint",
        ),
        (
            lambda keras: keras.layers.SpectralNormalization(keras.layers.Dense(3)),
            "normalises its weights in place",
        ),
    ],
)
def test_what_a_call_alone_would_not_do_is_refused(keras: Any, layer: Any, told: str) -> None:
    inner = keras.Sequential([keras.Input((6,)), layer(keras)])
    with pytest.raises(UsageError, match=told):
        wrap.KerasModule(keras.Sequential([keras.Input((6,)), inner, keras.layers.Dense(1)]))


def test_checkpoints_have_all_of_it(keras: Any) -> None:
    module, other, x = noisy(keras), noisy(keras), torch.randn(64, 6)
    module(x)
    restore_part(other, copy.deepcopy(part_state(module)), torch.device("cpu"))
    found = []
    for one in (module, other):
        torch.manual_seed(5)  # dropout takes torch's random numbers, which runs keep
        found.append((one(x), one.eval()(x)))
    assert torch.equal(found[0][0], found[1][0])
    assert torch.equal(found[0][1], found[1][1])


def test_layers_may_be_frozen(keras: Any) -> None:
    frozen = keras.layers.Dense(8, trainable=False)
    module = wrap.KerasModule(
        keras.Sequential([keras.Input((6,)), keras.layers.Dense(5), frozen, keras.layers.Dense(1)])
    )
    kernel = {name: one.clone() for name, one in module.named_buffers()}
    module(torch.randn(4, 6)).sum().backward()
    assert all(one.grad is not None for one in module.parameters())
    assert len(kernel) == 2
    assert all(torch.equal(one, kernel[name]) for name, one in module.named_buffers())


def test_a_model_that_is_no_sequence_tells_no_features(keras: Any) -> None:
    """The input of the whole would be the samples, and be taken for features."""
    seen = keras.Input((60,))
    critic = keras.Model(seen, keras.layers.Dense(1)(keras.layers.Dense(7, "relu")(seen)))
    generator = keras.Sequential([keras.Input((6,)), keras.layers.Dense(60)])
    found = wrap.networks(generator, critic, LATENT, RGB).discriminator
    assert head_of(found) is None
    x = torch.randn(3, *RGB.shape)
    torch.testing.assert_close(found(x), torch.as_tensor(critic(x.flatten(1))))


def test_another_backend_is_refused(keras: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keras.backend, "backend", lambda: "jax")
    with pytest.raises(UsageError, match="with the backend jax"):
        wrap.use_keras()


def test_without_keras_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str, *_: Any) -> Any:
        raise ModuleNotFoundError(f"No module named {name!r}", name=name)

    monkeypatch.delitem(sys.modules, "keras", raising=False)
    monkeypatch.setattr("builtins.__import__", missing)
    with pytest.raises(UsageError, match="Keras is not installed"):
        wrap.use_keras()
