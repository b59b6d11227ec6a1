"""One step of the discriminator or of the generator, as losses and techniques see it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import torch
from torch import Tensor, nn

from ganbench.api.checked import typed
from ganbench.api.errors import PluginNotUsable
from ganbench.api.recipe import Side
from ganbench.training.wrapped import Labelled, head_of, samples_per_judgement

Sample = TypeVar("Sample", Tensor, Tensor | None)

REAL = "real samples in this step"


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Samples of one step.

    Args:
        latent: (B, size of the latent).
        fake: (B, *shape), or None in a control's step whose loss needs none.
        real: (B, *shape), or None in a generator step that needs none.
        labels, fake_labels: (B,) int64 classes, or None.
    """

    latent: Tensor
    fake: Tensor | None = None
    real: Tensor | None = None
    labels: Tensor | None = None
    fake_labels: Tensor | None = None


class UndeclaredNeed(PluginNotUsable):
    """A loss or technique uses what its spec does not say that it needs."""


class _Extras(Mapping[str, nn.Module]):
    """A model's extra modules, for those who have said that they need them."""

    def __init__(self, modules: Mapping[str, nn.Module], granted: Callable[[str], None]) -> None:
        self._modules = modules
        self._granted = granted

    def __getitem__(self, name: str) -> nn.Module:
        self._granted(name)
        return self._modules[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._modules)

    def __len__(self) -> int:
        return len(self._modules)


class TrainingStep:
    """Implements `ganbench.api.networks.Step`.

    Args:
        generator, discriminator, extra: the model's modules.
        batch: what is judged.
        conditional: whether the discriminator takes classes.
        number: generator steps before this one.
        progress: fraction of the budget spent.
        role: whose loss is computed on it; in a generator's step that may be the
            discriminator's as well, where somebody looks ahead.
        wants_features: whether anybody will ask for features.
        control: whether there is no discriminator to train.
        noted: told who asks for `progress`.
    """

    def __init__(
        self,
        generator: nn.Module,
        discriminator: nn.Module,
        extra: Mapping[str, nn.Module],
        batch: Batch,
        *,
        conditional: bool = False,
        number: int = 0,
        progress: float = 0.0,
        role: Side = "discriminator",
        wants_features: bool = False,
        control: bool = False,
        noted: Callable[[Any], None] = lambda part: None,
    ) -> None:
        self.generator = generator
        self.extra = _Extras(extra, lambda name: self.grant(name, f"extra[{name!r}]"))
        self.latent = batch.latent
        self.made = batch.fake
        """(B, *shape) generated samples; None where nobody needs them."""
        self.number = number
        self._progress = progress
        self._noted = noted
        self.logged: dict[str, Tensor | float] = {}
        self.asks: Any = None
        """Who is at work: an object with `name` and `needs`; None: somebody who may have all."""
        self.supposed = False
        """Whether it is judged by another discriminator than the one under training."""
        self._batch = batch
        self._extra = extra
        self._judge = discriminator
        self._conditional = conditional
        self.role = role
        self._wants_features = wants_features
        self._control = control
        self._size = samples_per_judgement(discriminator)
        self._kept: dict[str, Any] = {}
        labels = batch.fake_labels
        self.discriminator = (
            Labelled(discriminator, labels) if conditional and labels is not None else discriminator
        )

    # What is given.

    @property
    def fake(self) -> Tensor:
        """(B, *shape) generated samples."""
        if self._control:
            self.grant("fake")
        return _there(self.made, "generated samples")

    @property
    def differentiable(self) -> bool:
        """Whether its loss leads to the generator: by its fakes, or as a control's does."""
        return self._control or self.fake.requires_grad

    @property
    def progress(self) -> float:
        """The fraction of the budget that is spent, in [0, 1]."""
        self._noted(self.asks)
        return self._progress

    @property
    def real(self) -> Tensor:
        """(B, *shape) real samples."""
        if self.role == "generator" and not self._control:
            swapped = ", unless generator_loss and discriminator_loss have changed places"
            self.grant("real", "real in the generator's step", swapped)
        return _there(self._batch.real, REAL)

    @property
    def labels(self) -> Tensor:
        """(B,) classes of the real samples."""
        self.grant("labels")
        return _there(self._batch.labels, "classes of real samples")

    @property
    def fake_labels(self) -> Tensor:
        """(B,) classes that the fakes were made for."""
        self.grant("labels")
        return _there(self._batch.fake_labels, "classes of fakes: the networks take none")

    def log(self, name: str, value: Tensor | float) -> None:
        """Keep a number of this step for the history.

        Raises:
            PluginNotUsable: it is no single number.
        """
        if isinstance(value, Tensor) and value.numel() != 1:
            raise PluginNotUsable(
                f"{self.asks.name if self.asks else 'somebody'} logs {name!r}: it must be one "
                f"number, it is {described(value)}",
                "log its mean()",
            )
        self.logged[name] = value.detach() if isinstance(value, Tensor) else float(value)

    def judged_by(self, discriminator: nn.Module) -> TrainingStep:
        """The same samples before another discriminator.

        Its weights may have come of these very samples. Slopes are those of the logits with the
        weights as they are: they are taken at aliases, which no weight has seen.
        """
        batch = self._batch
        other = TrainingStep(
            self.generator,
            discriminator,
            self._extra,
            replace(batch, fake=_alias(self.made), real=_alias(batch.real)),
            conditional=self._conditional,
            number=self.number,
            progress=self._progress,
            role=self.role,
            wants_features=self._wants_features,
            noted=self._noted,
        )
        other.asks, other.supposed = self.asks, True
        return other

    # What the discriminator says of it.

    @property
    def real_logits(self) -> Tensor:
        """(J,) logits of the real samples."""
        real = self.real
        return self._once("real_logits", lambda: self._judged("real", real, self._batch.labels))

    @property
    def fake_logits(self) -> Tensor:
        """(J,) logits of the fakes."""
        return self._once(
            "fake_logits", lambda: self._judged("fake", self.fake, self._batch.fake_labels)
        )

    @property
    def real_features(self) -> Tensor:
        """(J, F) features of the real samples."""
        self.grant("features")
        _ = self.real_logits
        return self._features("real")

    @property
    def fake_features(self) -> Tensor:
        """(J, F) features of the fakes."""
        self.grant("features")
        _ = self.fake_logits
        return self._features("fake")

    # How steep it is.

    @property
    def real_slopes(self) -> Tensor:
        """(J, D) gradients of the logits at the real samples."""
        self.grant("real_slopes")
        return self._once("real_slopes", lambda: self.slopes_of(self.real_logits, self.real))

    @property
    def fake_slopes(self) -> Tensor:
        """(J, D) gradients of the logits at the fakes."""
        self.grant("fake_slopes")
        return self._once("fake_slopes", lambda: self.slopes_of(self.fake_logits, self.fake))

    @property
    def interpolated_slopes(self) -> Tensor:
        """(J, D) gradients of the logits between real and fake, one mix for each judgement."""
        self.grant("interpolated_slopes")
        return self._once("interpolated_slopes", self._interpolated_slopes)

    def slopes(self, samples: Tensor) -> Tensor:
        """(J, D) gradients of the logits at samples (B, *shape)."""
        self.grant("slopes")
        return self._slopes_at(samples)

    def known_logits(self) -> list[Tensor]:
        """Those logits (J,) of real and fake samples that somebody has asked for."""
        names = ("real_logits", "fake_logits")
        return [self._kept[name] for name in names if name in self._kept]

    def mean_logits(self) -> tuple[Tensor, Tensor]:
        """Mean logits of real and fake, NaN where nobody needed them.

        Telemetry must not run the discriminator once more: that would move its batch statistics.
        """
        unknown = self.latent.new_full((), math.nan)
        real, fake = (self._kept.get(name) for name in ("real_logits", "fake_logits"))
        return (
            unknown if real is None else real.mean(),
            unknown if fake is None else fake.mean(),
        )

    def _once(self, name: str, compute: Callable[[], Tensor]) -> Tensor:
        found = self._kept.get(name)
        if found is None:
            found = self._kept[name] = compute()
        return found

    def grant(self, need: str, what: str = "", hint: str = "") -> None:
        """Let who is at work have what it needs, if its spec says so.

        Args:
            need: as specs name it.
            what: of the step, where it is called otherwise.
            hint: what else may be wrong if not.

        Raises:
            UndeclaredNeed: the spec does not.
        """
        if self.asks is None:
            return
        if need not in self.asks.needs:
            raise UndeclaredNeed(
                f"{self.asks.name} uses step.{what or need}, and its spec does not say so",
                f'add "{need}" to its needs{hint}',
                kind=self.asks.kind,
            )
        self.asks.used.add(need)

    def _judged(self, which: str, samples: Tensor, labels: Tensor | None) -> Tensor:
        """One logit for each judgement: means over anything else would train, and mean nothing."""
        inputs = (samples, labels) if self._conditional else (samples,)
        if self._wants_features:
            logits = self._with_features(which, inputs)
        else:
            logits = self._judge(*inputs)
        return self.checked(logits, len(samples))

    def checked(self, logits: object, samples: int) -> Tensor:
        """(J,) logits of so many samples.

        Raises:
            PluginNotUsable: the discriminator has returned something else.
        """
        count = samples // self._size
        if not isinstance(logits, Tensor) or logits.numel() != count:
            raise PluginNotUsable(
                f"the discriminator must return logits ({count},) or ({count}, 1), "
                f"it returned {described(logits)}",
                kind="model",
            )
        return logits.view(-1)

    def _with_features(self, which: str, inputs: tuple[Any, ...]) -> Any:
        head = head_of(self._judge)
        if head is None:
            raise PluginNotUsable(
                f"the discriminator {type(self._judge).__qualname__} does not tell its features",
                "give it an attribute `head`, its last layer, or make it an nn.Sequential",
                kind="model",
            )

        def keep(_: nn.Module, seen: tuple[Any, ...]) -> None:
            self._kept[f"{which}_features"] = seen[0]

        hook = head.register_forward_pre_hook(keep)
        try:
            return self._judge(*inputs)
        finally:
            hook.remove()

    def _features(self, which: str) -> Tensor:
        found: Tensor = self._kept[f"{which}_features"]
        return found.flatten(1).float()  # within a network they may have another precision

    def _interpolated_slopes(self) -> Tensor:
        real = _there(self._batch.real, f"{REAL} to interpolate with")
        return self._slopes_at(torch.lerp(self.fake, real, self.mix()))

    def mix(self) -> Tensor:
        """(B, 1, ...) of each sample, where it lies between fake (0) and real (1): drawn, one place
        for each judgement."""
        real = _there(self._batch.real, REAL)
        shape = (len(real) // self._size, *[1] * (real.dim() - 1))
        mix = torch.rand(shape, dtype=real.dtype, device=real.device)
        # The samples of a pack lie on one line between two packs.
        return mix.repeat_interleave(self._size, dim=0) if self._size > 1 else mix

    def _slopes_at(self, samples: Tensor) -> Tensor:
        samples = _alias(samples) if samples.requires_grad else samples.detach().requires_grad_()
        labels = self._batch.fake_labels
        inputs = (samples, labels) if self._conditional else (samples,)
        return self.slopes_of(self.checked(self._judge(*inputs), len(samples)), samples)

    def slopes_of(self, logits: Tensor, samples: Tensor) -> Tensor:
        """(J, D) gradients of logits (J,) at the samples that they come from."""
        (gradient,) = torch.autograd.grad(logits.sum(), samples, create_graph=True)
        return gradient.reshape(len(logits), -1)


def _alias(samples: Sample) -> Sample:
    """The same samples with a graph of their own; as they are where they have none."""
    return samples.view_as(samples) if samples is not None and samples.requires_grad else samples


def _there(found: Tensor | None, what: str) -> Tensor:
    if found is None:
        raise PluginNotUsable(f"there are no {what}")
    return found


def described(value: object) -> str:
    """What a plugin returned, for errors."""
    if isinstance(value, Tensor):
        return f"a tensor of shape {tuple(value.shape)}"
    return typed(value)
