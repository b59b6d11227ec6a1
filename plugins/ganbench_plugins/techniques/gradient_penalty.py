"""The gradient penalty of WGAN-GP (Gulrajani et al. 2017, arXiv:1704.00028), for any loss.

Critic (eq. 3): minimise its loss + lambda (|grad D(x_hat)|_2 - 1)^2, x_hat = e x + (1 - e) G(z)
with one e ~ U(0, 1) for each judgement. With `sides=1` slopes below 1 are free (§4, "two-sided
penalty"): that is WGAN-LP (Petzka et al. 2018, arXiv:1709.08894), and has a name of its own, `lp`.

Traps avoided: the norm is taken over all of a judgement's coordinates; e is drawn per judgement,
not per batch; no batch norm in the critic (the penalty is one of single judgements).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from ganbench import Parameter, Step, TechniqueSpec, hookimpl

if TYPE_CHECKING:
    from torch import Tensor

GANBENCH_API_VERSION = 2


@dataclass(frozen=True)
class GradientPenalty:
    """lambda (|grad D(x_hat)| - 1)^2 between real and fake, for the discriminator."""

    weight: Annotated[float, Parameter(minimum=0, help="lambda, weight of the penalty")] = 10.0
    sides: Annotated[int, Parameter(choices=(1, 2), help="2: every norm; 1: those above 1")] = 2

    def discriminator_loss(self, step: Step) -> Tensor:
        """lambda (|grad D(x_hat)|_2 - 1)^2, x_hat = e x + (1 - e) G(z); mean over judgements."""
        excess = step.interpolated_slopes.norm(dim=1) - 1
        if self.sides == 1:
            excess = excess.clamp_min(0)
        penalty: Tensor = self.weight * excess.square().mean()
        return penalty


def one_sided(
    *,
    weight: Annotated[float, Parameter(minimum=0, help="lambda, weight of the penalty")] = 10.0,
) -> GradientPenalty:
    """lambda max(0, |grad D(x_hat)| - 1)^2."""
    return GradientPenalty(weight, sides=1)


@hookimpl
def ganbench_techniques() -> list[TechniqueSpec]:
    """The gradient penalty, of both sides and of one."""
    return [
        TechniqueSpec(
            name="lp",
            description="a penalty on the discriminator's slope between real and fake above 1",
            paper="Petzka et al. 2018, On the regularization of Wasserstein GANs, arXiv:1709.08894",
            build=one_sided,
            needs=("interpolated_slopes",),
            argument="weight",
            neutral={"weight": 0.0},
        ),
        TechniqueSpec(
            name="gp",
            description="a penalty that holds the discriminator's slope between real and fake at 1",
            paper="Gulrajani et al. 2017, Improved Training of Wasserstein GANs, arXiv:1704.00028",
            build=GradientPenalty,
            needs=("interpolated_slopes",),
            argument="weight",
            neutral={"weight": 0.0},
        ),
    ]
