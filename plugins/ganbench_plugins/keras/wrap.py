"""Keras 3 models as modules of torch, which holds their weights. Imports torch; Keras when asked.

Keras can compute with weights that it is given (`stateless_call`). So optimisers, checkpoints,
averages and copies need to know nothing of Keras: the weights are parameters like any others, and a
Keras model is a function of them.
"""

from __future__ import annotations

import os
import random
import sys
from collections.abc import Iterable
from types import ModuleType
from typing import Any

import torch
from torch import Tensor, nn

from ganbench import DataInfo, Latent, Networks, UsageError, output_layer

BACKEND = "torch"
SQUASHING = ("sigmoid", "softmax")


def use_keras() -> ModuleType:
    """Keras on torch, with initialisers that follow torch's seed: call it before making layers.

    Initialisers take their seeds from Python's `random`. It is seeded here and now, since importing
    Keras, which happens once in a process, may take numbers from it as well.

    Raises:
        UsageError: Keras is not installed, or has been imported with another backend.
    """
    if "keras" not in sys.modules:
        os.environ["KERAS_BACKEND"] = BACKEND  # read once, by the import
    try:
        import keras
    except ModuleNotFoundError as error:
        if error.name != "keras":
            raise
        raise UsageError("Keras is not installed", "run: pip install 'ganbench[keras]'") from None

    if keras.backend.backend() != BACKEND:
        raise UsageError(
            f"Keras has been imported with the backend {keras.backend.backend()} in this process",
            f"set KERAS_BACKEND={BACKEND} before anything imports it",
        )
    random.seed(int(torch.randint(2**62, ())))
    module: ModuleType = keras
    return module


class KerasModule(nn.Module):
    """What a built Keras layer or model computes, (B, ...) to (B, ...); torch holds the weights.

    It trains as torch's mode says: dropout and batch norm follow `train()` and `eval()`. Copies
    share the Keras layer, which is only read, and nothing else.

    Args:
        layer: a `keras.Layer`, a `keras.Model` above all.

    Raises:
        UsageError: it has no weights yet, or relies on what Keras does around a call: adding losses
            of layers, applying constraints, and normalising weights in place.
    """

    def __init__(self, layer: Any) -> None:
        super().__init__()
        _check_built(layer)
        for one in reversed(layer._flatten_layers()):  # inner ones first: these are to be named
            _check_layer(one)
        self._layer = _Shared(layer)
        self._trained = [
            self._keep(place, variable) for place, variable in enumerate(layer.trainable_variables)
        ]
        self._moved = [
            self._keep(place, variable, trained=False)
            for place, variable in enumerate(layer.non_trainable_variables)
        ]

    def forward(self, x: Tensor) -> Tensor:
        """The layer's output; moving averages and the like move in train mode."""
        import keras

        state = [getattr(self, name) for name in self._moved]
        with keras.device(_Place(x.device)):
            y, moved = self._layer.of.stateless_call(
                [getattr(self, name) for name in self._trained],
                state,
                x,
                training=self.training,
            )
        if self.training:
            with torch.no_grad():
                for buffer, value in zip(state, moved, strict=True):
                    if value is not buffer:  # a layer that is frozen is needed as it is
                        buffer.copy_(value)
        output: Tensor = y
        return output

    def _keep(self, place: int, variable: Any, *, trained: bool = True) -> str:
        """Copy a variable. Its path is no name: Keras counts layers over the whole process."""
        value = variable.value.detach().clone()
        if trained:
            self.register_parameter(name := f"{variable.name}_{place}", nn.Parameter(value))
        else:
            self.register_buffer(name := f"state_{variable.name}_{place}", value)
        return name


class _Shared:
    """What is not copied with the module that has it, and has no state that it does not hold."""

    def __init__(self, layer: Any) -> None:
        self.of = layer

    def __deepcopy__(self, memo: dict[int, Any]) -> _Shared:
        return self

    def state_dict(self) -> dict[str, Any]:
        """Nothing."""
        return {}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """There is nothing to load."""


def _check_built(layer: Any) -> None:
    """Make sure that it has its weights.

    Raises:
        UsageError: it has not.
    """
    if not layer.built:
        raise UsageError(
            f"the Keras layer {layer.name} has no weights before it is first called",
            "begin the model with keras.Input(shape)",
        )


def _check_layer(layer: Any) -> None:
    """Make sure that a layer is what it computes: a call here is all that happens to it.

    Raises:
        UsageError: Keras's own training would do more.
    """
    if layer.losses or getattr(layer, "activity_regularizer", None) is not None:
        raise UsageError(
            f"the Keras layer {layer.name} adds losses of its own (a regulariser), which the "
            "training would leave out",
            "leave it to a loss or a technique of ganbench",
        )
    if any(getattr(one, "constraint", None) is not None for one in layer.trainable_variables):
        raise UsageError(
            f"the Keras layer {layer.name} has a constraint, which Keras's optimisers alone apply",
            "leave it to a technique of ganbench, clip:0.01 for weights within .01",
        )
    if isinstance(layer, sys.modules["keras"].layers.SpectralNormalization):
        raise UsageError(
            f"the Keras layer {layer.name} normalises its weights in place while it trains, so "
            "that evaluations would be of others",
            "write the network in torch and add the technique sn, or bound slopes with gp or r1",
        )


class _Place(str):
    """A device's name that equals the device. Keras compares names with devices, which never equal
    plain ones, and then moves every tensor to where it is: a step would wait for each."""

    __slots__ = ()
    __hash__ = str.__hash__

    def __eq__(self, other: object) -> bool:
        return str(self) == str(other)

    def __ne__(self, other: object) -> bool:
        return not self == other

    def lower(self) -> _Place:
        """Itself: devices have no capitals."""
        return self


class Arranged(nn.Module):
    """(B, anything) to (B, *shape).

    Args:
        shape: of one sample.
        move: from where to where an axis goes first: (-1, 1) brings channels from the end to the
            place where torch has them.
    """

    def __init__(self, shape: Iterable[int], move: tuple[int, int] | None = None) -> None:
        super().__init__()
        self.shape, self.move = tuple(shape), move

    def forward(self, x: Tensor) -> Tensor:
        """The same numbers."""
        moved = x.movedim(*self.move) if self.move else x
        return moved.reshape(-1, *self.shape)  # its length would be a constant of an export


def networks(generator: Any, discriminator: Any, latent: Latent, data: DataInfo) -> Networks:
    """A Keras generator and a Keras discriminator as a model's networks.

    Args:
        generator: a built model of latents (B, size), to samples as below. It needs no activation
            at its end: samples are brought into the range of their kind here.
        discriminator: a built model of samples, to logits (B, 1). The last layer of a
            `keras.Sequential` is the head, of whose input features are.
        latent: the law of the generator's input.
        data: what they are for. Samples are of its shape, flat, or images with channels last.

    Raises:
        UsageError: other shapes; several inputs; a discriminator that ends in a sigmoid; as
            `KerasModule`.
    """
    for model in (generator, discriminator):
        _check_built(model)
        _check_one_to_one(model)
    _check_logits(discriminator)
    made, seen = tuple(generator.output_shape[1:]), tuple(discriminator.input_shape[1:])
    back = (-1, 1) if _is_last("generator's output", made, data) else None
    there = (1, -1) if _is_last("discriminator's input", seen, data) else None
    return Networks(
        generator=nn.Sequential(
            KerasModule(generator), Arranged(data.shape, back), output_layer(data)
        ),
        discriminator=_judging(Arranged(seen, there), discriminator),
        latent=latent,
    )


def _judging(arranged: Arranged, model: Any) -> nn.Module:
    """A Sequential in two modules: whoever asks for features gets the input of the last one."""
    keras = sys.modules["keras"]
    if not isinstance(model, keras.Sequential) or len(model.layers) < 2:
        return Whole(arranged, KerasModule(model))
    *body, head = model.layers
    inner = keras.Sequential([keras.Input(model.input_shape[1:]), *body])
    return nn.Sequential(arranged, KerasModule(inner), KerasModule(head))


class Whole(nn.Module):
    """A model of which nobody can tell the last layer: it has no features, rather than samples for
    features, as a Sequential of its one part would have.

    Args:
        arranged: brings samples into the model's shape.
        model: the rest.
    """

    def __init__(self, arranged: Arranged, model: KerasModule) -> None:
        super().__init__()
        self.arranged, self.model = arranged, model

    def forward(self, x: Tensor) -> Tensor:
        """Logits of samples."""
        logits: Tensor = self.model(self.arranged(x))
        return logits


def _check_one_to_one(model: Any) -> None:
    """Make sure that a model has one input and one output, whose shapes are known.

    Raises:
        UsageError: it has not.
    """
    for name in ("input_shape", "output_shape"):
        try:
            shape = getattr(model, name)
        except (AttributeError, ValueError):
            raise UsageError(
                f"the Keras model {model.name} does not tell its {name.replace('_', ' ')}",
                "make it a keras.Sequential that begins with keras.Input(shape), or a "
                "keras.Model(inputs, outputs)",
            ) from None
        if not isinstance(shape, tuple) or any(isinstance(one, tuple) for one in shape):
            raise UsageError(
                f"the Keras model {model.name} has several {name.partition('_')[0]}s",
                "networks in Keras have one: latents or samples",
            )


def _is_last(what: str, shape: tuple[int, ...], data: DataInfo) -> bool:
    """Whether samples of that shape have their channels last.

    Raises:
        UsageError: they are no such samples.
    """
    if shape in (data.shape, (data.features,)):
        return False
    if len(data.shape) == 3 and shape == (*data.shape[1:], data.shape[0]):
        return True
    raise UsageError(
        f"the {what} is of shape {shape}, {data.name} has samples of shape {data.shape}",
        f"let it be that, {(data.features,)}, or of images with channels last",
    )


def _check_logits(discriminator: Any) -> None:
    """Make sure that a discriminator gives logits.

    Raises:
        UsageError: it gives something else.
    """
    if tuple(discriminator.output_shape[1:]) not in ((), (1,)):
        raise UsageError(
            "the discriminator gives one logit for each sample, this one has an output of shape "
            f"{tuple(discriminator.output_shape[1:])}",
            "end it with keras.layers.Dense(1)",
        )
    last = discriminator.layers[-1] if getattr(discriminator, "layers", None) else discriminator
    activation = getattr(getattr(last, "activation", None), "__name__", "")
    if activation in SQUASHING:
        raise UsageError(
            f"the discriminator ends in a {activation}: losses take logits, and apply their own",
            "end it with keras.layers.Dense(1), without an activation",
        )
