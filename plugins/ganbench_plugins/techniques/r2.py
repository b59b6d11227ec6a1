"""R2 (Mescheder et al. 2018, arXiv:1801.04406, eq. 10): R1 at fakes.

Discriminator: minimise its loss + gamma/2 |grad_x D(x)|^2 at fake x. Alone it makes the original
GAN converge as R1 does; together with R1 it is what R3GAN (Huang et al. 2024, arXiv:2501.05441)
needs, in every step.

Traps avoided: the 1/2 stands here; no gradient of the penalty reaches the generator.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from ganbench import Parameter, Step, TechniqueSpec, hookimpl
from ganbench_plugins.techniques.r1 import misfit

if TYPE_CHECKING:
    from torch import Tensor

GANBENCH_API_VERSION = 2


@dataclass(frozen=True)
class R2:
    """gamma/2 |grad_x D(x)|^2 at fakes, for the discriminator."""

    gamma: Annotated[
        float, Parameter(minimum=0, help="the penalty's weight is gamma/2; 0: none")
    ] = 10.0
    every: Annotated[
        int, Parameter(minimum=1, help="generator steps from one at which it acts to the next")
    ] = 1

    def discriminator_loss(self, step: Step) -> Tensor:
        """gamma/2 |grad_x D(x)|_2^2 at x = G(z), the mean over judgements."""
        weight = self.gamma / 2 * self.every
        return weight * step.fake_slopes.square().sum(dim=1).mean()


@hookimpl
def ganbench_techniques() -> list[TechniqueSpec]:
    """R2."""
    return [
        TechniqueSpec(
            name="r2",
            description="a penalty on the discriminator's slope at fakes",
            paper="Mescheder et al. 2018, Which Training Methods for GANs do actually Converge?, "
            "arXiv:1801.04406",
            build=R2,
            needs=("fake_slopes",),
            argument="gamma",
            neutral={"gamma": 0.0},
            misfit=misfit,
        )
    ]
