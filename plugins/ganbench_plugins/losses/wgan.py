"""WGAN (Arjovsky et al. 2017, arXiv:1701.07875): Wasserstein with clipped weights.

Critic: minimise E D(G(z)) - E D(x), all its weights clamped to [-c, c] after each step (algorithm
1). Generator: minimise -E D(G(z)). The critic takes five steps, and a hundred in each of the first
25 rounds and in every 500th, as in the authors' code, so that the generator follows a critic that
has converged.

Training of a pair: RMSprop 5e-5, batches of 64.

Traps avoided: RMSprop, not Adam, whose momentum the paper found to be unstable here; c is .01; the
rounds of a hundred steps are there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from ganbench import LossSpec, Optimiser, Parameter, Step, Training, hookimpl
from ganbench_plugins.techniques.clipping import PAPER, Clipping
from ganbench_plugins.variants.wgan_gp import Wasserstein

if TYPE_CHECKING:
    from torch import Tensor, nn

GANBENCH_API_VERSION = 2

FIRST_ROUNDS, EVERY = 25, 500
"""Rounds in which the critic takes `MANY` steps: the first ones, and one of so many."""

MANY, USUAL = 100, 5


class WassersteinClipped(Wasserstein):
    """E D(G(z)) - E D(x) under clamped weights.

    Args:
        c: largest absolute value of a weight.
    """

    def __init__(
        self, c: Annotated[float, Parameter(minimum=1e-6, help="largest absolute weight")] = 0.01
    ) -> None:
        self.clipping = Clipping(c)

    def discriminator_loss(self, step: Step) -> Tensor:
        """D(G(z)) - D(x), after each step of which all weights are clamped to [-c, c]."""
        return super().discriminator_loss(step)

    def critic_steps(self, generator_step: int) -> int:
        """A hundred where the critic is to converge, else five."""
        return MANY if generator_step < FIRST_ROUNDS or generator_step % EVERY == 0 else USUAL

    def after_discriminator_step(self, discriminator: nn.Module) -> None:
        """Clamp."""
        self.clipping.after_discriminator_step(discriminator)


@hookimpl
def ganbench_losses() -> list[LossSpec]:
    """WGAN's loss."""
    rmsprop = Optimiser(name="rmsprop", lr=5e-5, alpha=0.99)
    return [
        LossSpec(
            name="wgan",
            description="the difference of mean logits, weights clipped, a critic that converges",
            paper=PAPER,
            build=WassersteinClipped,
            training=Training(generator=rmsprop, discriminator=rmsprop, critic_steps=USUAL),
            deviations=(
                "rounds of a hundred critic steps, as in the authors' code; the paper has five",
            ),
        )
    ]
