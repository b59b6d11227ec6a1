"""LSGAN (Mao et al. 2017, arXiv:1611.04076): least squares in the place of cross-entropy.

Discriminator: minimise 1/2 (D(x) - 1)^2 + 1/2 D(G(z))^2. Generator: minimise 1/2 (D(G(z)) - 1)^2
(eq. 9, the labels 0-1-1). Samples on the right side of the boundary but far from it are drawn back
to it, where a cross-entropy has no gradient left.

Training of a pair: RMSprop 1e-4 with TensorFlow's decay of .9, one critic step, as in the
comparison of Gulrajani et al. 2017.

Trap avoided: D is the logit. Behind a sigmoid, as in a popular collection, targets are reached at
infinity alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ganbench import LossSpec, Optimiser, Step, Training, hookimpl

if TYPE_CHECKING:
    from torch import Tensor

GANBENCH_API_VERSION = 2


class LeastSquares:
    """1/2 (D(x) - 1)^2 + 1/2 D(G(z))^2 against 1/2 (D(G(z)) - 1)^2."""

    def discriminator_loss(self, step: Step) -> Tensor:
        """1/2 (D(x) - 1)^2 + 1/2 D(G(z))^2."""
        real, fake = step.real_logits, step.fake_logits
        loss: Tensor = ((real - 1).square().mean() + fake.square().mean()) / 2
        return loss

    def generator_loss(self, step: Step) -> Tensor:
        """1/2 (D(G(z)) - 1)^2."""
        return (step.fake_logits - 1).square().mean() / 2


@hookimpl
def ganbench_losses() -> list[LossSpec]:
    """Least squares."""
    rmsprop = Optimiser(name="rmsprop", lr=1e-4, alpha=0.9)
    return [
        LossSpec(
            name="lsgan",
            description="least squares: real to 1, fake to 0, and for the generator fake to 1",
            paper="Mao et al. 2017, Least Squares Generative Adversarial Networks, "
            "arXiv:1611.04076",
            build=LeastSquares,
            training=Training(generator=rmsprop, discriminator=rmsprop),
            deviations=(
                "a pair is trained by RMSprop 1e-4, as in Gulrajani et al. 2017 (arXiv:1704.00028)",
            ),
        )
    ]
