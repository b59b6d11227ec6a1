"""Techniques: what can be added to any variant, and what they may ask of a training.

A technique is a loss that may leave out what it does not change: a penalty, a constraint, packing,
augmentation, unrolling, a rule of play. A training has one loss and any number of techniques; the
discriminator minimises the sum of all `discriminator_loss`, the generator the sum of all
`generator_loss`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from torch import Tensor, nn

    from ganbench.api.data import Data, DataInfo
    from ganbench.api.networks import Networks, Step
    from ganbench.api.recipe import Side, Training

SLOPES: Final = ("real_slopes", "fake_slopes", "interpolated_slopes", "slopes")
"""Needs that are derivatives of single judgements: what couples the samples of a batch, such as
batch norm in a discriminator, would make them wrong."""

JOINT: Final = "joint"
"""What a model provides whose discriminator judges a sample and its latent together, and so has no
opinion of a sample alone."""

NEEDS: Final = {
    "fake": "generated samples in a control's step, `step.fake`; other steps have them anyway",
    "real": "real samples in a generator's step, `step.real` and `step.real_logits`; a "
    "discriminator's step has them anyway",
    "labels": "classes, `step.labels` and `step.fake_labels`: refused on data without",
    "features": "what the discriminator's last layer sees, `step.real_features` and "
    "`step.fake_features`",
    "real_slopes": "`step.real_slopes`: gradients of the logits at real samples",
    "fake_slopes": "`step.fake_slopes`: gradients of the logits at fakes",
    "interpolated_slopes": "`step.interpolated_slopes`: gradients of the logits between both",
    "slopes": "`step.slopes(samples)`: gradients of the logits anywhere; or derivatives of single "
    "judgements that one takes oneself, so that nothing couples these",
}
"""What a loss or technique may need of a step. Any other need is the name of something that the
model must provide: an extra module, or ``joint`` for a discriminator of sample and latent."""


class Technique(Protocol):
    """What a technique may define: every method is optional, and one at least is there.

    May be an `nn.Module`: its buffers are moved to the device and kept in checkpoints, as are plain
    attributes of any technique. Trainable parameters of its own are trained by the side that its
    attribute `trained_with` names, ``"generator"`` or ``"discriminator"``. An attribute
    `every: int` makes its terms act at every so many generator steps only, the first included:
    lazy regularisation. Whatever a technique does, and wherever, is charged to the budget.
    """

    def sees(self, data: DataInfo) -> DataInfo:
        """The data that the discriminator is built for, where it is not what is generated."""

    def weights(self, data: Data) -> Tensor:
        """(N,) how often each training sample is drawn, relative to others: importance sampling,
        classes or categories brought nearer to each other. Weights of several parts multiply."""

    def networks(self, networks: Networks) -> Networks:
        """The networks, wrapped, re-parametrised, or with extra modules.

        Called once, before they are moved to the device, in the order in which techniques are
        typed: the first one's wrapper is the innermost. A wrapper of the discriminator extends
        `ganbench.Wrapped`.
        """

    def discriminator_loss(self, step: Step) -> Tensor:
        """Scalar term that the discriminator minimises beside the loss's."""

    def generator_loss(self, step: Step) -> Tensor:
        """Scalar term that the generator minimises beside the loss's."""

    def before_step(self, game: Game) -> None:
        """Act before each generator step with its critic steps: what goes by the fraction of the
        budget (noise that fades), or starts from the first weights (slow copies of them)."""

    def opponent(self, game: Game, step: Step) -> nn.Module:
        """Whom the generator plays against in this step, in the discriminator's place: one that
        has learned some steps further, an average, an older one."""

    def before_update(self, game: Game, side: Side) -> None:
        """Act on a side's gradients (`parameter.grad`), before they are clipped and applied."""

    def after_discriminator_step(self, discriminator: nn.Module) -> None:
        """Act after each critic step (weight clipping)."""

    def after_step(self, game: Game) -> None:
        """Act after each generator step with its critic steps (slow weights)."""

    def play(self, game: Game) -> None:
        """Carry out one whole round of both players, in the place of critic steps and a generator
        step (extragradient, consensus). One technique at most may play."""


class Game(Protocol):
    """A training as those see it who act on the players rather than on a loss."""

    networks: Networks
    """The networks under training."""
    training: Training
    """How they are trained."""
    number: int
    """Generator steps before this one."""
    progress: float
    """The fraction of the budget that is spent, in [0, 1]."""

    def parameters(self, side: Side) -> list[nn.Parameter]:
        """What that side's optimisers train."""

    def draw(self, side: Side, *, graph: bool = False) -> Step:
        """A fresh batch for a step of that side, with what the technique's spec says that it needs.

        Args:
            side: whose step.
            graph: whether fakes of a discriminator step keep the graph to the generator.
        """

    def loss(self, side: Side, step: Step) -> Tensor:
        """Scalar: what that side minimises on that batch, the loss and all techniques' terms.

        On a step that is `judged_by` another discriminator it is what might be: losses and
        techniques remember nothing of it, and it is not in the history.
        """

    def differentiate(self, side: Side, step: Step | None = None) -> None:
        """Put fresh gradients of that side's objective into `parameter.grad`; on a fresh batch, or
        on the one that is given."""

    def update(self, side: Side) -> None:
        """Take one step of that side's optimisers with the gradients that are there."""

    def rule(self, side: Side) -> Rule:
        """That side's optimiser as a function, from its state as it is now."""


class Rule(Protocol):
    """An optimiser's steps as functions: differentiable, and nothing is changed by them.

    It keeps moments of its own from call to call, which start as the optimiser's are.
    """

    def __call__(self, parameters: Sequence[Tensor], gradients: Sequence[Tensor]) -> list[Tensor]:
        """Where one step leads from `parameters` with these `gradients`."""
