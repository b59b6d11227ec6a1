"""Discriminators around other discriminators, and what is asked of any: features, judgements."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import ClassVar

from torch import Tensor, nn
from torch.func import functional_call

from ganbench.api.errors import PluginNotUsable, UsageError


class Wrapped(nn.Module):
    """A discriminator that shows its samples to another one; techniques extend it.

    Args:
        wrapped: the discriminator within.
        samples: that it judges together, by one logit.
    """

    pure: ClassVar[bool] = False
    """Whether what `shown` makes of samples depends on them alone: not on weights, nor on what it
    was shown before, nor on random numbers. Several seeds may then be shown at once."""

    def __init__(self, wrapped: nn.Module, samples: int = 1) -> None:
        super().__init__()
        self.wrapped = wrapped
        self.samples = samples

    def shown(self, samples: Tensor) -> Tensor:
        """What the discriminator within gets to see; as they are, unless this is overridden."""
        return samples

    def forward(self, samples: Tensor, *labels: Tensor) -> Tensor:
        """Logits of samples (B, *shape), with their classes (B,) where it is conditional."""
        logits: Tensor = self.wrapped(self.shown(samples), *labels)
        return logits


class NoDiscriminator(nn.Module):
    """What stands in a control's networks where others have a discriminator."""

    absent = True

    def forward(self, *_: Tensor) -> Tensor:
        """Raise UsageError: nobody may ask it."""
        raise UsageError("a control has no discriminator")


class Labelled(Wrapped):
    """A conditional discriminator with classes already bound, for those who know of none.

    Args:
        wrapped: takes samples and classes.
        labels: (B,) int64. Samples (k B, *shape) get them k times over.
    """

    def __init__(self, wrapped: nn.Module, labels: Tensor) -> None:
        super().__init__(wrapped)
        self.labels = labels

    def forward(self, samples: Tensor, *labels: Tensor) -> Tensor:
        """Logits of samples (B, *shape)."""
        bound = labels or (self.labels.repeat(len(samples) // max(1, len(self.labels))),)
        logits: Tensor = self.wrapped(samples, *bound)
        return logits


class WithParameters(Wrapped):
    """A discriminator with other weights in the place of its own, which may have a graph.

    Its buffers (batch statistics, vectors of power iterations) are copies: what it sees leaves
    nothing in the discriminator itself.

    Args:
        wrapped: whose code it is.
        parameters: those that others stand in for, by name.
    """

    def __init__(self, wrapped: nn.Module, parameters: Mapping[str, Tensor]) -> None:
        super().__init__(wrapped)
        buffers = {name: buffer.clone() for name, buffer in wrapped.named_buffers()}
        self._instead = {**buffers, **parameters}

    def forward(self, samples: Tensor, *labels: Tensor) -> Tensor:
        """Logits of samples (B, *shape), with their classes (B,) where it is conditional."""
        logits: Tensor = functional_call(self.wrapped, self._instead, (samples, *labels))
        return logits


def samples_per_judgement(discriminator: nn.Module) -> int:
    """How many samples a discriminator judges together, by one logit."""
    count = 1
    while isinstance(discriminator, Wrapped):
        count *= discriminator.samples
        discriminator = discriminator.wrapped
    return count


def wrap_head(discriminator: nn.Module, wrap: Callable[[nn.Module], nn.Module]) -> None:
    """Put what `wrap` makes of a discriminator's last layer in that layer's place.

    Args:
        discriminator: changed in place; a wrapped one within its wrappers.
        wrap: takes the layer that sees the features, returns what takes its place.

    Raises:
        PluginNotUsable: nothing tells which layer it is.
    """
    if isinstance(discriminator, Wrapped):
        wrap_head(discriminator.wrapped, wrap)
    elif isinstance(head := getattr(discriminator, "head", None), nn.Module):
        discriminator.head = wrap(head)
    elif isinstance(discriminator, nn.Sequential) and len(discriminator):
        discriminator[-1] = wrap(discriminator[-1])
    else:
        raise PluginNotUsable(
            f"the discriminator {type(discriminator).__qualname__} does not tell its last layer",
            "give it an attribute `head`, its last layer, or make it an nn.Sequential",
            kind="model",
        )


def head_of(discriminator: nn.Module) -> nn.Module | None:
    """The layer whose input is the features; None where nothing tells.

    It is the attribute `head`, or else the last part of an `nn.Sequential`.
    """
    if isinstance(discriminator, Wrapped):
        return head_of(discriminator.wrapped)
    head = getattr(discriminator, "head", None)
    if isinstance(head, nn.Module):
        return head
    if isinstance(discriminator, nn.Sequential) and len(discriminator):
        return discriminator[-1]
    return None
