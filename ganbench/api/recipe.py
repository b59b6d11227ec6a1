"""A recipe: everything a variant decides besides the code of its model, loss and techniques."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from ganbench.api.checked import check_fields
from ganbench.api.errors import UsageError
from ganbench.api.parameters import Value
from ganbench.api.schedules import NAMED, Schedule

Side = Literal["generator", "discriminator"]

SIDES: Final[tuple[Side, Side]] = ("discriminator", "generator")
"""Both, in the order in which they step."""
"""Whose optimiser trains something, or whose step it is."""

OPTIMISERS = ("adam", "adamw", "rmsprop", "sgd")
"""What `Optimiser.name` may be without saying where it is from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Optimiser:
    """One optimiser and its constants.

    Args:
        name: `adam` (Kingma & Ba 2015), `adamw` (Loshchilov & Hutter 2019), `rmsprop` (Hinton
            2012), `sgd` (with momentum); or any other as ``"module:name"`` or as a function: a
            `torch.optim.Optimizer` class or what returns one, called with the parameters, ``lr=``
            and `options`.
        lr: learning rate at the first step.
        betas: Adam's decay rates of the two moments.
        momentum: SGD's and RMSprop's momentum.
        alpha: RMSprop's decay rate of the squared gradient.
        weight_decay: L2 penalty added to the gradient; of AdamW, the share of the weights that is
            taken away at each step, times the learning rate.
        eps: term added to the denominator (Adam, AdamW, RMSprop).
        clip_norm: the largest Euclidean norm of all its gradients together; longer ones are scaled
            down to it (Pascanu et al. 2013). None: any.
        options: further arguments of an optimiser that is not named by a word.

    Raises:
        TypeError: a field is of another type.
        UsageError: a constant is out of its range; there is no such optimiser.
    """

    name: str | Callable[..., Any] = "adam"
    lr: float
    betas: tuple[float, float] = (0.9, 0.999)
    momentum: float = 0.0
    alpha: float = 0.99
    weight_decay: float = 0.0
    eps: float = 1e-8
    clip_norm: float | None = None
    options: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_fields("Optimiser", self)
        for name in ("lr", "momentum", "alpha", "weight_decay", "eps"):
            value = getattr(self, name)
            _require(0 <= value < math.inf, "Optimiser", name, value, "finite and at least 0")
        _require(
            all(0 <= beta < 1 for beta in self.betas), "Optimiser", "betas", self.betas, "in [0, 1)"
        )
        clip = self.clip_norm
        _require(clip is None or 0 < clip < math.inf, "Optimiser", "clip_norm", clip, "above 0")
        known = callable(self.name) or self.name in OPTIMISERS or ":" in self.name
        words = f"one of {', '.join(OPTIMISERS)}, or module:name"
        _require(known, "Optimiser", "name", self.name, words)


@dataclass(frozen=True, slots=True, kw_only=True)
class Training:
    """How a generator and a discriminator are trained, whatever their architecture and loss.

    Args:
        generator, discriminator: their optimisers. A control, which is trained without a
            discriminator, has None for it; one that is fitted at once has None for both.
        batch_size: real samples, and as many fakes, in one discriminator step.
        generator_batch_size: fakes in one generator step; None: as many as `batch_size`.
        critic_steps: discriminator steps before each generator step.
        critic_every: generator steps to each such round of discriminator steps: 2 trains the
            generator twice as often as the discriminator.
        updates: `alternating`: the generator's gradient is that of the discriminator as it has just
            become; `simultaneous`: both gradients are of one batch and of both players as they
            were, then both step, as theory has it. That takes exactly one critic step to each
            generator step, and as many fakes.
        schedule: learning rates over the run: `constant`, `linear` or `cosine` to zero at the
            budget's end, or any function from the fraction of the budget spent, in [0, 1], to what
            the rates are multiplied by (`ganbench.schedules` has more).
        ema: decay per generator step of an exponential moving average of the generator's weights,
            which is then what gets evaluated; 0: none.
        ema_half_life: the same, said in generated samples after which a weight counts half
            (Karras et al. 2020); None: as `ema` says. At most one of the two.
        sampling: of real samples: `uniform`: each once in an epoch; `balanced`: all classes equally
            often, which repeats the samples of rare ones. Balanced needs data with classes.

    Raises:
        TypeError: a field is of another type.
        UsageError: a number is out of its range; simultaneous updates with other than one critic
            step, or with another batch for the generator; two averages; a discriminator that is
            trained beside a generator that is not; an average of what takes no steps.
    """

    generator: Optimiser | None
    discriminator: Optimiser | None
    batch_size: int = 64
    generator_batch_size: int | None = None
    critic_steps: int = 1
    critic_every: int = 1
    updates: Literal["alternating", "simultaneous"] = "alternating"
    schedule: Literal["constant", "linear", "cosine"] | Callable[[float], float] = "constant"
    ema: float = 0.0
    ema_half_life: float | None = None
    sampling: Literal["uniform", "balanced"] = "uniform"

    def __post_init__(self) -> None:
        check_fields("Training", self)
        for name in ("batch_size", "generator_batch_size", "critic_steps", "critic_every"):
            size = getattr(self, name)
            _require(size is None or size >= 1, "Training", name, size, "at least 1")
        _require(0 <= self.ema < 1, "Training", "ema", self.ema, "in [0, 1)")
        half = self.ema_half_life
        _require(half is None or half > 0, "Training", "ema_half_life", half, "above 0")
        if self.ema and half is not None:
            raise UsageError("Training: ema and ema_half_life are both given", "give one of them")
        if self.generator is None and self.discriminator is not None:
            raise UsageError("Training: the discriminator has an optimiser, the generator has none")
        if self.fitted and (self.ema or half is not None):
            raise UsageError("Training: what is fitted at once takes no steps to average")
        if self.updates == "simultaneous" and (self.critic_steps, self.critic_every) != (1, 1):
            raise UsageError(
                "simultaneous updates take exactly one critic step to each generator step, "
                f"not {self.critic_steps} to every {self.critic_every}",
                "set critic_steps=1 and critic_every=1, or updates=alternating",
            )
        if self.updates == "simultaneous" and self.generator_batch != self.batch_size:
            raise UsageError(
                "simultaneous updates are of one batch, and the generator has "
                f"{self.generator_batch} fakes where the discriminator has {self.batch_size}",
                "leave out generator_batch_size, or set updates=alternating",
            )

    @property
    def control(self) -> bool:
        """Whether there is no discriminator."""
        return self.discriminator is None

    @property
    def fitted(self) -> bool:
        """Whether the generator is fitted at once, by no gradient step."""
        return self.generator is None

    @property
    def generator_batch(self) -> int:
        """Fakes in one generator step."""
        return self.generator_batch_size or self.batch_size

    @property
    def average_decay(self) -> float:
        """Share of the average that is kept at each generator step; 0: there is no average."""
        if self.ema_half_life is None:
            return self.ema
        return float(0.5 ** (self.generator_batch / self.ema_half_life))

    def rate_factor(self, fraction: float) -> float:
        """What the learning rates are multiplied by when that fraction of the budget is spent."""
        schedule: Schedule = (
            NAMED[self.schedule] if isinstance(self.schedule, str) else self.schedule
        )
        return schedule(fraction)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """A complete way to train: which model, which loss, which techniques, and how.

    Args:
        model, loss: names of registered plugins.
        model_parameters, loss_parameters: values for their declared parameters.
        techniques: names of registered techniques with values for their declared parameters, in
            the order in which they wrap the networks, innermost first.
        training: optimisers, batch sizes and schedule.

    Raises:
        TypeError: a field is of another type.
    """

    model: str
    loss: str
    training: Training
    model_parameters: Mapping[str, Value] = field(default_factory=dict)
    loss_parameters: Mapping[str, Value] = field(default_factory=dict)
    techniques: Mapping[str, Mapping[str, Value]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_fields("Recipe", self)


def _require(holds: bool, owner: str, name: str, value: object, range_: str) -> None:
    if not holds:
        raise UsageError(f"{owner}: {name} must be {range_}, it is {value}")
