"""Which network changes in place what gradients need: torch says so when it is too late to tell."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING, Any

from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from ganbench.api.errors import PluginNotUsable
from ganbench.catalogue.blame import network_told

if TYPE_CHECKING:
    from ganbench.training.trainer import Trainer

SIGN = "modified by an inplace operation"
"""What torch says of it."""

FEW = 4
"""Samples that are enough to see it again."""

Stack = list[tuple[str, int]]
"""Files and lines, innermost first."""


@contextmanager
def in_place_told(trainer: Trainer) -> Iterator[None]:
    """Say of an error of a training that comes of a change in place whose it is.

    Only then are the networks called again, alone: trainings without that error know nothing of it.

    Raises:
        PluginNotUsable: a network changes what it is given, or what its own gradient needs.
    """
    try:
        yield
    except RuntimeError as error:
        if SIGN in str(error):
            networks = trainer.networks
            samples, labels = trainer.real.first(FEW)
            latent = trainer.latents.draw(len(samples))
            classes = (labels,) if networks.conditional and labels is not None else ()
            for name, network, given in (
                ("the generator", networks.generator, latent),
                ("the discriminator", networks.discriminator, samples),
            ):
                if fault := _fault(network, name, given, *classes):
                    raise fault from error
        raise


@contextmanager
def change_told(network: nn.Module, name: str, given: Tensor, *labels: Tensor) -> Iterator[None]:
    """The same, of an error of one network's call.

    Args:
        network: that is called.
        name: what it is called if nothing else is known.
        given, labels: what it is called with.

    Raises:
        PluginNotUsable: as `in_place_told`.
    """
    try:
        yield
    except RuntimeError as error:
        if SIGN in str(error) and (fault := _fault(network, name, given, *labels)):
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


def _fault(network: nn.Module, name: str, given: Tensor, *labels: Tensor) -> PluginNotUsable | None:
    """What a network does wrong when it is called by itself; None where it does not fail so."""
    try:
        return _found(network, name, given, *labels)
    except Exception:  # it is called in another way: the error stays as it is
        return None


def _found(network: nn.Module, name: str, given: Tensor, *labels: Tensor) -> PluginNotUsable | None:
    given = given.detach().clone().requires_grad_()
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
    named, place = network_told(network, name, stacks[-1] if stacks else [])
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
