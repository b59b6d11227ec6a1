"""What a model builds and what a loss sees: the contract between plugins and the training loop."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol

from ganbench.api.checked import check_fields
from ganbench.api.errors import UsageError
from ganbench.api.recipe import Optimiser, Side
from ganbench.api.specs import import_builder

if TYPE_CHECKING:
    from torch import Tensor, nn


@dataclass(frozen=True, slots=True, kw_only=True)
class Latent:
    """The law of the generator's input, or of one part of it.

    Args:
        size: number of latent coordinates.
        law: `normal`: N(0, 1) each; `uniform`: U(-1, 1) each; `categorical`: one of `size` classes
            of equal shares, as a one-hot vector.

    Raises:
        TypeError: a field is of another type.
        UsageError: there is no coordinate.
    """

    size: int
    law: Literal["normal", "uniform", "categorical"] = "normal"

    def __post_init__(self) -> None:
        check_fields("Latent", self)
        if self.size < 1:
            raise UsageError(f"Latent: size must be at least 1, it is {self.size}")


class Extra(NamedTuple):
    """A further module of a model, and what trains it; a plain tuple will do."""

    module: nn.Module
    side: Side
    """In whose step it is trained."""
    optimiser: Optimiser | None = None
    """Its own; None: that side's. The schedule of the recipe holds for both."""


def _nobody() -> nn.Module:
    """What stands where there is no discriminator."""
    nobody: nn.Module = import_builder("ganbench.training.wrapped:NoDiscriminator")()
    return nobody


@dataclass(frozen=True, slots=True, kw_only=True)
class Networks:
    """What a model's `build` returns.

    Args:
        generator: module that maps latents (B, size of the latent) to samples (B, *shape): images
            in [-1, 1], anything else in the data's own units. It may tell its `FirstWeight`.
        discriminator: module that maps samples (B, *shape) to logits (B,) or (B, 1). No sigmoid.
            Whoever asks for its features gets the input of its attribute `head`, the last layer;
            of an `nn.Sequential` that is its last part. A control leaves it out; there is then an
            empty module in its place, which nothing trains and nobody may ask.
        latent: the law of the generator's input; several parts stand one behind the other, as
            ``step.latent.split(...)`` takes them apart.
        extra: further modules by name (an encoder, an auxiliary head), each with the side that
            trains it and, if it has one, its own optimiser.
        conditional: whether both networks take the classes (B,) int64 as well: generator(z, y),
            discriminator(x, y).
    """

    generator: nn.Module
    discriminator: nn.Module = field(default_factory=_nobody)
    latent: Latent | tuple[Latent, ...]
    extra: Mapping[str, Extra | tuple[nn.Module, Side]] = field(default_factory=dict)
    conditional: bool = False

    @property
    def control(self) -> bool:
        """Whether there is no discriminator."""
        return bool(getattr(self.discriminator, "absent", False))

    @property
    def latents(self) -> tuple[Latent, ...]:
        """The parts of the latent; mostly one."""
        return self.latent if isinstance(self.latent, tuple) else (self.latent,)

    @property
    def extras(self) -> dict[str, Extra]:
        """The extra modules, spelled out."""
        return {name: Extra(*entry) for name, entry in self.extra.items()}


class FirstWeight(Protocol):
    """What a generator may have beside its `forward`, so that the directions that it amplifies most
    can be found (SeFa, Shen & Zhou 2021, arXiv:2007.06600) and drawn.

    Without it they are sought in a linear or transposed convolutional layer of torch that takes the
    whole latent, and nothing else; there is no picture where no layer does.
    """

    def first_weight(self) -> Tensor:
        """(O, S): the weights that the latent meets first, S its size, or those that the style
        meets first, S the style's. Of all layers that take it, one below the other; without the
        columns of what they take beside it, such as a class."""

    def style(self, latent: Tensor, *classes: Tensor) -> Tensor:
        """(B, S): what these weights act on, of latents (B, size of the latent) and classes (B,).
        Only beside `synthesis`; without both it is the latent itself."""

    def synthesis(self, style: Tensor, *classes: Tensor) -> Tensor:
        """(B, *shape): samples of styles (B, S): ``forward(z) == synthesis(style(z))``."""


class Step(Protocol):
    """One step of the discriminator or of the generator, as losses and techniques see it.

    B is the batch, J the number of *judgements*, of which the discriminator gives one logit each:
    as many as samples, but where packing shows it several at a time. In a discriminator step `fake`
    carries no graph back to the generator; in a generator step it does. What is computed is
    computed once and shared. Whatever a spec must name in its `needs` (`ganbench info needs`) is
    refused to those that have not.

    A control takes generator steps alone. They have real samples without asking; what a
    discriminator would say they have not, and fakes only where its loss needs them, since a
    maximum of the likelihood draws none.
    """

    generator: nn.Module
    """The one under training, in train mode."""
    discriminator: nn.Module
    """The one under training, in train mode, with the classes of the fakes where it is conditional;
    in a generator step the opponent, where a technique has one."""
    latent: Tensor
    """(B, size of the latent): what `fake` was generated from."""
    number: int
    """Generator steps that were taken before this one, or before the one that this is for."""
    progress: float
    """The fraction of the budget that is spent, in [0, 1], as far as is known without waiting for
    the device."""

    @property
    def fake(self) -> Tensor:
        """(B, *shape): generated samples. In a control's step: need `fake`."""

    @property
    def real(self) -> Tensor:
        """(B, *shape): real samples; images in [-1, 1]. In a generator step: need `real`, but for a
        control's; where networks take classes, they are of those that the fakes were made for."""

    @property
    def labels(self) -> Tensor:
        """(B,) int64: classes of the real samples. Need `labels`."""

    @property
    def fake_labels(self) -> Tensor:
        """(B,) int64: classes that the fakes were made for: those of the real batch in a
        discriminator step, drawn from the task's law in a generator step. Need `labels`."""

    @property
    def real_logits(self) -> Tensor:
        """(J,): the discriminator's logits of `real`."""

    @property
    def fake_logits(self) -> Tensor:
        """(J,): the discriminator's logits of `fake`."""

    @property
    def real_features(self) -> Tensor:
        """(J, F): what the discriminator's last layer sees of `real`. Need `features`."""

    @property
    def fake_features(self) -> Tensor:
        """(J, F): what the discriminator's last layer sees of `fake`. Need `features`."""

    @property
    def real_slopes(self) -> Tensor:
        """(J, D): the gradient of each logit at the real samples that it judges, with a graph, D
        the numbers in them. Need `real_slopes`."""

    @property
    def fake_slopes(self) -> Tensor:
        """(J, D): the same at fakes. Need `fake_slopes`."""

    @property
    def interpolated_slopes(self) -> Tensor:
        """(J, D): the same at e real + (1 - e) fake with one e ~ U(0, 1) for each judgement
        (Gulrajani et al. 2017), drawn once. Need `interpolated_slopes`."""

    def slopes(self, samples: Tensor) -> Tensor:
        """(J, D): the same at samples (B, *shape) of one's own. Need `slopes`."""

    @property
    def extra(self) -> Mapping[str, nn.Module]:
        """The model's extra modules."""

    def judged_by(self, discriminator: nn.Module) -> Step:
        """The same samples before another discriminator; what is logged of it is not kept."""

    def log(self, name: str, value: Tensor | float) -> None:
        """Keep a number, or a tensor of one element, for the run's history, its curves and its
        observers."""


class Loss(Protocol):
    """An adversarial objective.

    May be an `nn.Module`: its buffers are moved to the device and kept in checkpoints; trainable
    parameters of its own are trained by the side that its attribute `trained_with` names. It may
    also define `critic_steps(generator_step: int) -> int` to ask for other critic steps than the
    recipe's, `after_discriminator_step(discriminator)` to act after each critic step, and
    `weights(data: Data) -> Tensor`, (N,), to have training samples drawn in these proportions.
    """

    def discriminator_loss(self, step: Step) -> Tensor:
        """Scalar that the discriminator's optimiser minimises."""

    def generator_loss(self, step: Step) -> Tensor:
        """Scalar that the generator's optimiser minimises."""


class ControlLoss(Protocol):
    """The loss of a control that is trained by gradient steps, without a discriminator: a negative
    log-likelihood, a bound of it. Extra modules of the model (an encoder) are trained with the
    generator. All else is as of `Loss`.
    """

    def generator_loss(self, step: Step) -> Tensor:
        """Scalar that the optimisers minimise; of `step.real`, as of a batch of `batch_size`."""


class ControlFit(Protocol):
    """The loss of a control that is fitted at once, as counts and covariances are.

    It is called once; the run then ends, with its cost (time, FLOPs of matrix products) recorded.
    What it finds out lies in buffers of the generator, of shapes that do not depend on the samples.
    """

    def fit(self, generator: nn.Module, real: Tensor) -> None:
        """Fit the generator to all training samples (N, *shape), as networks see them."""
