"""The regulariser of Roth et al. 2017 (arXiv:1705.09367): instance noise in closed form.

Discriminator: minimise its loss + gamma/2 (E (1 - phi(x))^2 |grad t(x)|^2 + E phi(G(z))^2
|grad t(G(z))|^2), with t the logit and phi its sigmoid (for the Jensen-Shannon divergence): what
white noise of variance gamma on all samples would do, to first order. gamma falls from its first
value to `last` times it, exponentially in the fraction of the budget (the authors' code: 2 to .02
on images, .1 without annealing on points).

Traps avoided: the slope is that of the logit, the weights come from its sigmoid, and both are
differentiated.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from ganbench import Parameter, Step, TechniqueSpec, hookimpl

if TYPE_CHECKING:
    from torch import Tensor

GANBENCH_API_VERSION = 2


@dataclass(frozen=True)
class JensenShannonRegulariser:
    """gamma/2 of squared slopes, weighted by how unsure the discriminator is."""

    gamma: Annotated[float, Parameter(minimum=0, help="variance of the noise it stands for")] = 0.1
    last: Annotated[
        float, Parameter(minimum=0, help="gamma at the end of the budget over that at the start")
    ] = 1.0

    def discriminator_loss(self, step: Step) -> Tensor:
        """gamma/2 (E (1 - phi(x))^2 |grad t(x)|^2 + E phi(G(z))^2 |grad t(G(z))|^2)."""
        real = _weighted(step.real_slopes, 1 - step.real_logits.sigmoid())
        fake = _weighted(step.fake_slopes, step.fake_logits.sigmoid())
        gamma: float = self.gamma * self.last**step.progress
        return gamma / 2 * (real + fake)


def _weighted(slopes: Tensor, weights: Tensor) -> Tensor:
    """Scalar: the mean over judgements of w^2 |slope|^2."""
    return (weights.square() * slopes.square().sum(dim=1)).mean()


@hookimpl
def ganbench_techniques() -> list[TechniqueSpec]:
    """The regulariser of Roth et al."""
    return [
        TechniqueSpec(
            name="js",
            description="squared slopes, weighted by doubt: what noise on all samples would do",
            paper="Roth et al. 2017, Stabilizing Training of GANs through Regularization, "
            "arXiv:1705.09367",
            build=JensenShannonRegulariser,
            needs=("real_slopes", "fake_slopes"),
            argument="gamma",
            neutral={"gamma": 0.0},
            deviations=(
                "gamma stays at .1; on images the authors have it fall from 2 to .02 (last=0.01)",
            ),
        )
    ]
