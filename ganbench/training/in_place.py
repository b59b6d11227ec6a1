"""Which network changes in place what gradients need: torch says so when it is too late to tell."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any

from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from ganbench.api.errors import PluginNotUsable
from ganbench.catalogue.blame import network_told
from ganbench.training.trainer import Trainer

SIGN = "modified by an inplace operation"
"""What torch says of it."""

FEW = 4
"""Samples that are enough to see it again."""

Stack = list[tuple[str, int]]
"""Files and lines, innermost first."""


@contextmanager
def in_place_told(trainer: Trainer) -> Iterator[None]:
    """Say of an error that comes of a change in place whose it is.

    Only then are the networks called again, alone: trainings without that error know nothing of it.

    Raises:
        PluginNotUsable: a network changes what it is given, or what its own gradient needs.
    """
    try:
        yield
    except RuntimeError as error:
        if SIGN in str(error) and (fault := _fault(trainer)):
            raise fault from error
        raise


class _Changes(TorchFunctionMode):
    """Where tensors are changed in place while it is on: shapes and stacks, in that order."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[tuple[int, ...], Stack]] = []

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        given = [one for one in args if isinstance(one, Tensor)]
        before = [one._version for one in given]
        result = func(*args, **(kwargs or {}))
        for one, version in zip(given, before, strict=True):
            if one._version != version:
                self.found.append((tuple(one.shape), _stack(sys._getframe(1))))
        return result


def _stack(frame: FrameType | None) -> Stack:
    found = []
    while frame is not None:
        found.append((frame.f_code.co_filename, frame.f_lineno))
        frame = frame.f_back
    return found


def _fault(trainer: Trainer) -> PluginNotUsable | None:
    """What one of the networks does, called by itself; None where neither fails so."""
    networks = trainer.networks
    samples, labels = trainer.real.first(FEW)
    latent = trainer.latents.draw(len(samples))
    classes = () if labels is None or not networks.conditional else (labels,)
    for side, network, given in (
        ("generator", networks.generator, latent),
        ("discriminator", networks.discriminator, samples),
    ):
        with suppress(Exception):  # it is called in another way: the error stays as it is
            if fault := _of(network, f"the {side}", given.clone(), *classes):
                return fault
    return None


def _of(network: nn.Module, default: str, given: Tensor, *labels: Tensor) -> PluginNotUsable | None:
    given.requires_grad_()
    entered = given * 1  # as another network's samples, which a change in place does not refuse
    version = entered._version
    with _Changes() as changes:
        output = network(entered, *labels)
    if entered._version != version:
        what, shape = "what it is given", tuple(given.shape)
    else:
        try:
            output.square().sum().backward()
        except RuntimeError as error:
            if SIGN not in str(error):
                return None
            what, shape = "what its own gradient needs", _shape(str(error))
        else:
            return None
    stacks = [stack for changed, stack in changes.found if changed == shape]
    named, place = network_told(network, default, stacks[-1] if stacks else [])
    return PluginNotUsable(
        f"{named} changes {what} in place" + (f" ({place})" if place else ""),
        "write x = x + 1 instead of x += 1, without inplace=True and functions that end in _",
        kind="model",
        located=bool(place),
    )


def _shape(message: str) -> tuple[int, ...]:
    """``... [torch.FloatTensor [3, 4]], which is ...``"""
    sizes = message.partition("Tensor [")[2].partition("]")[0]
    return tuple(int(one) for one in sizes.split(",") if one.strip())
