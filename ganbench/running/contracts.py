"""What plugins build, load and return, held to what they promise: once, before it is used."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from dataclasses import fields
from typing import Any, TypeVar, cast

import torch
from torch import Tensor, nn
from torch.nn.parameter import is_lazy

from ganbench.api.checked import check_value
from ganbench.api.data import Data, DataInfo
from ganbench.api.errors import PluginNotUsable, type_and_line
from ganbench.api.networks import ControlFit, ControlLoss, Latent, Loss, Networks
from ganbench.api.recipe import Optimiser, Training
from ganbench.api.scores import Extractor, Measurement
from ganbench.api.specs import Builder, Spec, import_builder
from ganbench.api.techniques import Technique
from ganbench.catalogue.catalogue import Catalogue
from ganbench.modalities import modality_of
from ganbench.training.step import described

T = TypeVar("T")

PNG = b"\x89PNG\r\n\x1a\n"
DRAWING = re.compile(r"[a-z0-9-]{1,32}")


def call(what: str, builder: Builder, /, *args: Any, **parameters: Any) -> Any:
    """Call a plugin's code; what it raises itself is left as it is.

    Raises:
        PluginNotUsable: it cannot be imported, or does not take these arguments.
    """
    try:
        function = import_builder(builder)
    except Exception as error:
        raise PluginNotUsable(
            f"{what}: {builder} cannot be imported: {type_and_line(error)}"
        ) from error
    try:
        inspect.signature(function).bind(*args, **parameters)
    except TypeError as error:
        raise PluginNotUsable(f"{what} does not take its declared parameters: {error}") from error
    except ValueError:  # written in C, without a signature
        pass
    return function(*args, **parameters)


def made(
    catalogue: Catalogue,
    check: Callable[[str, Any], T],
    spec: Spec,
    builder: Builder,
    /,
    *args: Any,
    **parameters: Any,
) -> T:
    """What a plugin's code makes, if it keeps its contract; errors say whose it is."""
    with catalogue.whose(spec):
        return check(spec.name, call(f"{spec.kind} {spec.name}", builder, *args, **parameters))


def require(what: str, found: object, wanted: type[T]) -> T:
    """What was found, as what it must be.

    Raises:
        PluginNotUsable: it is of another type.
    """
    try:
        check_value(what, found, wanted)
    except TypeError as error:
        raise PluginNotUsable(str(error)) from None
    return cast("T", found)


def check_networks(model: str, found: object) -> Networks:
    """What a model has built.

    Raises:
        PluginNotUsable: it is no `Networks`, or a part of it is something else.
    """
    networks = require(f"what model {model} builds", found, Networks)
    require(f"the generator of model {model}", networks.generator, nn.Module)
    require(f"the discriminator of model {model}", networks.discriminator, nn.Module)
    for latent in networks.latents:
        require(f"the latent of model {model}", latent, Latent)
    for name, entry in networks.extra.items():
        what = f"extra {name!r} of model {model}"
        if not isinstance(entry, tuple) or len(entry) not in (2, 3):
            raise PluginNotUsable(f"{what} must be a module and its side, it is {described(entry)}")
        if len(entry) == 3 and entry[2] is not None:
            require(f"the optimiser of {what}", entry[2], Optimiser)
        require(f"the module of {what}", entry[0], nn.Module)
        if entry[1] not in ("generator", "discriminator"):  # nobody would train it
            raise PluginNotUsable(
                f"the side of {what} must be 'generator' or 'discriminator', it is {entry[1]!r}"
            )
    for side, network in {
        "generator": networks.generator,
        "discriminator": networks.discriminator,
        **{f"extra {name!r}": entry[0] for name, entry in networks.extra.items()},
    }.items():
        _refuse_lazy(f"the {side} of model {model}", network)
    return networks


def _refuse_lazy(what: str, network: nn.Module) -> None:
    """Optimisers and seeds need the weights before the first sample.

    Raises:
        PluginNotUsable: a layer finds out its size when it is first called.
    """
    for path, layer in network.named_modules():
        if any(map(is_lazy, (*layer.parameters(recurse=False), *layer.buffers(recurse=False)))):
            raise PluginNotUsable(
                f"layer {path} of {what} is a {type(layer).__name__}, which has no weights before "
                "it is first called",
                "give the layer its sizes: they follow from data.shape",
            )


def check_loss(name: str, loss: object, training: Training) -> Loss | ControlLoss | ControlFit:
    """What a loss has built.

    Args:
        name: of the loss.
        loss: what it has built.
        training: as its spec has it: with a discriminator, without, or at once.

    Raises:
        PluginNotUsable: it lacks a method, has one that only a discriminator's loss has, or has one
            of other arguments.
    """
    wanted = [] if training.control else ["discriminator_loss"]
    wanted += ["fit"] if training.fitted else ["generator_loss"]
    for method in wanted:
        if not callable(getattr(loss, method, None)):
            raise PluginNotUsable(f"loss {name} built {described(loss)} without {method}")
        _check_arguments(f"loss {name}", loss, method, _LOSS_METHODS[method])
    if training.control and callable(getattr(loss, "discriminator_loss", None)):
        raise PluginNotUsable(
            f"loss {name} is a control's, by its training, and has a discriminator_loss",
            "give its training an optimiser for the discriminator, or leave the method out",
        )
    return cast("Loss | ControlLoss | ControlFit", loss)


_LOSS_METHODS: dict[str, Callable[..., Any]] = {
    "discriminator_loss": Loss.discriminator_loss,
    "generator_loss": Loss.generator_loss,
    "fit": ControlFit.fit,
}


def _check_arguments(what: str, owner: object, method: str, declared: Callable[..., Any]) -> None:
    """Make sure that a method takes what it will be called with.

    Raises:
        PluginNotUsable: it does not.
    """
    wanted = list(inspect.signature(declared).parameters)[1:]
    try:
        found = inspect.signature(getattr(owner, method))
    except (TypeError, ValueError):  # written in C, without a signature
        return
    try:
        found.bind(*wanted)
    except TypeError:
        told, takes = ", ".join(wanted), ", ".join(found.parameters)
        step = "; logits and samples are step.real_logits, step.fake_logits, step.real, step.fake"
        raise PluginNotUsable(
            f"{method} of {what} takes ({takes}), and is called with ({told})",
            f"write def {method}(self, {told})" + (step if wanted == ["step"] else ""),
        ) from None


METHODS = (
    "sees", "networks", "discriminator_loss", "generator_loss", "opponent", "before_step",
    "before_update", "after_discriminator_step", "after_step", "play", "critic_steps", "weights",
)  # fmt: skip
"""What a technique may define."""


def check_technique(name: str, technique: object) -> Technique:
    """What a technique has built.

    Raises:
        PluginNotUsable: it does nothing, its period is no number of steps, or a method has other
            arguments.
    """
    own = [method for method in METHODS if callable(getattr(technique, method, None))]
    if not own:
        raise PluginNotUsable(
            f"technique {name} built {described(technique)} without any of: {', '.join(METHODS)}"
        )
    for method in own:
        if declared := getattr(Technique, method, None):
            _check_arguments(f"technique {name}", technique, method, declared)
    every = getattr(technique, "every", 1)
    if not isinstance(every, int) or isinstance(every, bool) or every < 1:
        raise PluginNotUsable(f"every of technique {name} must be 1 or more, it is {every!r}")
    return cast("Technique", technique)


def check_data(name: str, found: object, announced: DataInfo) -> Data:
    """What a data set has loaded.

    Args:
        name: of the data set.
        found: what it has loaded.
        announced: what it has described before.

    Raises:
        PluginNotUsable: it is something else than announced, or than `Data` promises.
    """
    what = f"data set {name}"
    data = require(f"what {what} loads", found, Data)
    if differing := first_difference(announced, data.info):
        field, told, is_ = differing
        raise PluginNotUsable(f"{what} describes {field} {told}, and loads {field} {is_}")
    for split in ("train", "heldout"):
        heldout = split == "heldout"
        check_samples(f"{split} of {what}", getattr(data, split), data.info, scored=heldout)
        labels = getattr(data, f"{split}_labels")
        if data.info.classes is None and labels is not None:
            raise PluginNotUsable(f"{what} has labels, but describes no number of classes")
        if data.info.classes is not None:
            count = len(getattr(data, split))
            check_labels(f"{split}_labels of {what}", labels, count, data.info.classes)
    if len(data.train) < 2:
        raise PluginNotUsable(f"train of {what} must have 2 samples or more, not {len(data.train)}")
    return data


def first_difference(announced: DataInfo, found: DataInfo) -> tuple[str, object, object] | None:
    """The first field, with both values, in which two descriptions of a data set differ.

    Names do not count: one is what the user typed.
    """
    for field in fields(DataInfo):
        told, is_ = getattr(announced, field.name), getattr(found, field.name)
        if field.name != "name" and told != is_:
            return field.name, told, is_
    return None


def check_samples(what: str, found: object, info: DataInfo, *, scored: bool) -> None:
    """One split of a data set; of the held-out one, nobody learns.

    Raises:
        PluginNotUsable: no tensor; or as `Modality.check`.
    """
    modality_of(info).check(what, require(what, found, Tensor), info, scored=scored)


def check_labels(what: str, found: object, count: int, classes: int) -> None:
    """The labels of one split.

    Raises:
        PluginNotUsable: there are none; another type, number or range.
    """
    labels = require(what, found, Tensor)
    if labels.dtype != torch.int64 or tuple(labels.shape) != (count,):
        raise PluginNotUsable(
            f"{what} must be torch.int64 ({count},), it is {labels.dtype} {tuple(labels.shape)}"
        )
    if count and not 0 <= int(labels.min()) <= int(labels.max()) < classes:
        low, high = int(labels.min()), int(labels.max())
        raise PluginNotUsable(f"{what} must lie in 0..{classes - 1}, it lies in {low}..{high}")


def check_extractor(name: str, extractor: object, samples: Tensor) -> Extractor:
    """What an extractor has built, and the features that it gives these samples.

    Raises:
        PluginNotUsable: it has no id or layer, or its features are something else than promised.
    """
    what = f"extractor {name}"
    for field in ("id", "layer"):
        require(f"the {field} of {what}", getattr(extractor, field, None), str)
    if not callable(extractor):
        raise PluginNotUsable(f"{what} must be callable, it is {described(extractor)}")
    features = require(f"what {what} returns", extractor(samples), Tensor)
    if features.dim() != 2 or len(features) != len(samples) or features.dtype != torch.float32:
        raise PluginNotUsable(
            f"{what} must return torch.float32 ({len(samples)}, d) of {len(samples)} samples, "
            f"it returned {features.dtype} {tuple(features.shape)}"
        )
    return cast("Extractor", extractor)


def check_drawings(name: str, found: object) -> dict[str, bytes]:
    """What a score has drawn, by name.

    Raises:
        PluginNotUsable: it is no dict of plain names and PNG files.
    """
    drawn: dict[str, bytes] = require(f"what score {name} draws", found, dict)
    for key, content in drawn.items():
        if not (isinstance(key, str) and DRAWING.fullmatch(key)):
            raise PluginNotUsable(
                f"score {name} calls a picture {key!r}",
                "use lower-case letters, digits and '-'",
            )
        if not (isinstance(content, bytes) and content.startswith(PNG)):
            raise PluginNotUsable(f"what score {name} draws as {key!r} is no PNG file")
    return drawn


def check_measurements(name: str, found: object) -> list[Measurement]:
    """What a score has returned.

    Raises:
        PluginNotUsable: it is no list of measurements, or empty.
    """
    results = require(f"what score {name} returns", found, list)
    if not results:
        raise PluginNotUsable(f"score {name} must return measurements, it returned an empty list")
    return [require(f"each result of score {name}", result, Measurement) for result in results]
