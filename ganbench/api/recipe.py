"""A recipe: everything a variant decides besides the code of its model and loss."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from ganbench.api.checked import check_fields
from ganbench.api.errors import UsageError
from ganbench.api.parameters import Value


@dataclass(frozen=True, slots=True, kw_only=True)
class Optimiser:
    """One optimiser and its constants.

    Args:
        name: `adam` (Kingma & Ba 2015), `rmsprop` (Hinton 2012) or `sgd` (with momentum).
        lr: learning rate at the first step.
        betas: Adam's decay rates of the two moments.
        momentum: SGD's momentum.
        alpha: RMSprop's decay rate of the squared gradient.
        weight_decay: L2 penalty added to the gradient.
        eps: term added to the denominator (Adam, RMSprop).

    Raises:
        TypeError: a field is of another type.
        UsageError: a constant is out of its range.
    """

    name: Literal["adam", "rmsprop", "sgd"] = "adam"
    lr: float
    betas: tuple[float, float] = (0.9, 0.999)
    momentum: float = 0.0
    alpha: float = 0.99
    weight_decay: float = 0.0
    eps: float = 1e-8

    def __post_init__(self) -> None:
        check_fields("Optimiser", self)
        for name in ("lr", "momentum", "alpha", "weight_decay", "eps"):
            value = getattr(self, name)
            _require(0 <= value < math.inf, "Optimiser", name, value, "finite and at least 0")
        _require(
            all(0 <= beta < 1 for beta in self.betas), "Optimiser", "betas", self.betas, "in [0, 1)"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Training:
    """How a generator and a discriminator are trained, whatever their architecture and loss.

    Args:
        generator, discriminator: their optimisers.
        batch_size: real samples, and as many fakes, in one discriminator step.
        generator_batch_size: fakes in one generator step; None: as many as `batch_size`.
        critic_steps: discriminator steps before each generator step.
        updates: `alternating`: the generator's gradient is that of the discriminator as it has just
            become; `simultaneous`: of the discriminator as it was, then both step, as theory has
            it. That takes exactly one critic step.
        schedule: learning rates over the run: `constant`, or `linear` to zero at the budget's end.
        ema: decay per generator step of an exponential moving average of the generator's weights,
            which is then what gets evaluated; 0: none.

    Raises:
        TypeError: a field is of another type.
        UsageError: a number is out of its range; simultaneous updates with several critic steps.
    """

    generator: Optimiser
    discriminator: Optimiser
    batch_size: int = 64
    generator_batch_size: int | None = None
    critic_steps: int = 1
    updates: Literal["alternating", "simultaneous"] = "alternating"
    schedule: Literal["constant", "linear"] = "constant"
    ema: float = 0.0

    def __post_init__(self) -> None:
        check_fields("Training", self)
        for name in ("batch_size", "generator_batch_size", "critic_steps"):
            size = getattr(self, name)
            _require(size is None or size >= 1, "Training", name, size, "at least 1")
        _require(0 <= self.ema < 1, "Training", "ema", self.ema, "in [0, 1)")
        if self.updates == "simultaneous" and self.critic_steps != 1:
            raise UsageError(
                f"simultaneous updates take exactly one critic step, not {self.critic_steps}",
                "set critic_steps=1, or updates=alternating",
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """A complete way to train: which model, which loss, and how.

    Args:
        model, loss: names of registered plugins.
        model_parameters, loss_parameters: values for their declared parameters.
        training: optimisers, batch sizes and schedule.

    Raises:
        TypeError: a field is of another type.
    """

    model: str
    loss: str
    training: Training
    model_parameters: Mapping[str, Value] = field(default_factory=dict)
    loss_parameters: Mapping[str, Value] = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_fields("Recipe", self)


def _require(holds: bool, owner: str, name: str, value: object, range_: str) -> None:
    if not holds:
        raise UsageError(f"{owner}: {name} must be {range_}, it is {value}")
