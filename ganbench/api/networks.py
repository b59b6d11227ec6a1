"""What a model builds and what a loss sees: the contract between plugins and the training loop."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol

from ganbench.api.checked import check_fields
from ganbench.api.errors import UsageError

if TYPE_CHECKING:
    from torch import Tensor, nn


@dataclass(frozen=True, slots=True, kw_only=True)
class Latent:
    """The law of the generator's input.

    Args:
        size: number of latent coordinates.
        law: `normal`: N(0, 1) each; `uniform`: U(-1, 1) each.

    Raises:
        TypeError: a field is of another type.
        UsageError: there is no coordinate.
    """

    size: int
    law: Literal["normal", "uniform"] = "normal"

    def __post_init__(self) -> None:
        check_fields("Latent", self)
        if self.size < 1:
            raise UsageError(f"Latent: size must be at least 1, it is {self.size}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Networks:
    """What a model's `build` returns.

    Args:
        generator: module that maps latents (B, latent.size) to samples (B, *shape): images in
            [-1, 1], anything else in the data's own units.
        discriminator: module that maps samples (B, *shape) to logits (B,) or (B, 1). No sigmoid.
        latent: the law of the generator's input.
        extra: further modules by name (an encoder, an auxiliary head), each with the optimiser
            that trains it.
    """

    generator: nn.Module
    discriminator: nn.Module
    latent: Latent
    extra: Mapping[str, tuple[nn.Module, Literal["generator", "discriminator"]]] = field(
        default_factory=dict
    )


class Step(Protocol):
    """One step of the discriminator or of the generator, as a loss sees it.

    In a discriminator step `fake` carries no graph back to the generator. In a generator step it
    does, and `real` is a fresh real batch of the same size, drawn only if the loss asks for it.
    """

    generator: nn.Module
    """The one under training, in train mode."""
    discriminator: nn.Module
    """The one under training, in train mode."""
    latent: Tensor
    """(B, latent.size): what `fake` was generated from."""
    fake: Tensor
    """(B, *shape): generated samples."""

    @property
    def real(self) -> Tensor:
        """(B, *shape): real samples; images in [-1, 1]."""

    @property
    def labels(self) -> Tensor | None:
        """(B,) int64: classes of the real samples, or None."""

    @property
    def real_logits(self) -> Tensor:
        """(B,): the discriminator's logits of `real`, computed once."""

    @property
    def fake_logits(self) -> Tensor:
        """(B,): the discriminator's logits of `fake`, computed once."""

    @property
    def extra(self) -> Mapping[str, nn.Module]:
        """The model's extra modules."""


class Loss(Protocol):
    """An adversarial objective.

    May be an `nn.Module`: its buffers are moved to the device and kept in checkpoints. It may also
    define `critic_steps(generator_step: int) -> int` to ask for other critic steps than the
    recipe's, and `after_discriminator_step(discriminator)` to act after each critic step
    (weight clipping).
    """

    def discriminator_loss(self, step: Step) -> Tensor:
        """Scalar that the discriminator's optimiser minimises."""

    def generator_loss(self, step: Step) -> Tensor:
        """Scalar that the generator's optimiser minimises."""
