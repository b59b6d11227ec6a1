"""R1 (Mescheder et al. 2018, arXiv:1801.04406): a penalty that makes the original GAN converge.

Discriminator: minimise its loss + gamma/2 |grad_x D(x)|^2 at real x (eq. 9): where the generator is
right, a discriminator must not have slopes. Without a penalty the game circles around its
equilibrium or leaves it; on the Dirac-GAN every gamma > 0 makes it converge, with small steps, and
gamma = 1 makes it so fastest.

`every` acts at every so many generator steps only, as StyleGAN2's lazy regularisation does
(Karras et al. 2020, appendix B: every 16), and the weight is multiplied by it, so that the penalty
is as strong on average.

The loss `non-saturating-r1` is the paper's own combination, with its gamma = 10, trained as the
authors' code does by default on images: RMSprop 1e-4 with decay .99, batches of 64, one critic
step.

Traps avoided: the 1/2 of the paper's penalty stands here (the authors' code leaves it out: its 10
is a gamma of 20); the square is summed over a judgement's coordinates and averaged over
judgements; no batch norm in the discriminator (the penalty is one of single judgements).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from ganbench import (
    DataInfo,
    LossSpec,
    Optimiser,
    Parameter,
    Recipe,
    Step,
    TechniqueSpec,
    Training,
    hookimpl,
)
from ganbench_plugins.variants.vanilla import NonSaturating

if TYPE_CHECKING:
    from torch import Tensor

GANBENCH_API_VERSION = 2

PAPER = (
    "Mescheder et al. 2018, Which Training Methods for GANs do actually Converge?, arXiv:1801.04406"
)


@dataclass(frozen=True)
class R1:
    """gamma/2 |grad_x D(x)|^2 at real samples, for the discriminator."""

    gamma: Annotated[
        float, Parameter(minimum=0, help="the penalty's weight is gamma/2; 0: none")
    ] = 10.0
    every: Annotated[
        int, Parameter(minimum=1, help="generator steps from one at which it acts to the next")
    ] = 1

    def discriminator_loss(self, step: Step) -> Tensor:
        """gamma/2 |grad_x D(x)|_2^2 at real x, the mean over judgements."""
        weight = self.gamma / 2 * self.every
        return weight * step.real_slopes.square().sum(dim=1).mean()


class NonSaturatingR1(NonSaturating):
    """The non-saturating loss with R1.

    Args:
        penalty: gamma.
    """

    def __init__(
        self,
        penalty: Annotated[
            float, Parameter(minimum=0, help="gamma; the penalty's weight is gamma/2")
        ] = 10.0,
    ) -> None:
        self.r1 = R1(penalty)

    def discriminator_loss(self, step: Step) -> Tensor:
        """-log D(x) - log(1 - D(G(z))) + gamma/2 |grad_x D(x)|^2."""
        return super().discriminator_loss(step) + self.r1.discriminator_loss(step)


def misfit(recipe: Recipe, data: DataInfo, *, every: int, **_: object) -> str | None:
    """Of steps that `every` leaves out, the discriminator must have taken some."""
    pace = recipe.training.critic_every
    if every == 1 or pace == 1:
        return None
    return (
        f"every={every} counts generator steps, of which the recipe has {pace} to each of the "
        "discriminator, so that the penalty would be too strong: leave `every` out"
    )


@hookimpl
def ganbench_techniques() -> list[TechniqueSpec]:
    """R1."""
    return [
        TechniqueSpec(
            name="r1",
            description="a penalty on the discriminator's slope at real samples",
            paper=PAPER,
            build=R1,
            needs=("real_slopes",),
            argument="gamma",
            neutral={"gamma": 0.0},
            misfit=misfit,
        )
    ]


@hookimpl
def ganbench_losses() -> list[LossSpec]:
    """The original GAN's loss with R1."""
    rmsprop = Optimiser(name="rmsprop", lr=1e-4, alpha=0.99)
    return [
        LossSpec(
            name="non-saturating-r1",
            description="non-saturating, and a penalty on the discriminator's slope at real data",
            paper=PAPER,
            build=NonSaturatingR1,
            training=Training(generator=rmsprop, discriminator=rmsprop),
            needs=("real_slopes",),
            deviations=(
                "what is evaluated is no average of the generator's weights: add ema:0.999",
            ),
        )
    ]
