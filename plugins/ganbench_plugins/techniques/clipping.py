"""Weight clipping (Arjovsky et al. 2017, arXiv:1701.07875): the first way to keep a critic smooth.

After each critic step all of the discriminator's parameters are clamped to [-c, c].

Traps avoided: all parameters are clamped, biases too; moments of the optimiser are left alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from ganbench import Parameter, TechniqueSpec, hookimpl

if TYPE_CHECKING:
    from torch import nn

GANBENCH_API_VERSION = 2

PAPER = "Arjovsky et al. 2017, Wasserstein GAN, arXiv:1701.07875"


@dataclass(frozen=True)
class Clipping:
    """w <- min(max(w, -c), c), w all parameters of the discriminator, after each of its steps."""

    c: Annotated[float, Parameter(minimum=1e-6, help="largest absolute value")] = 0.01

    def after_discriminator_step(self, discriminator: nn.Module) -> None:
        """Clamp."""
        import torch

        with torch.no_grad():
            torch._foreach_clamp_min_(list(discriminator.parameters()), -self.c)
            torch._foreach_clamp_max_(list(discriminator.parameters()), self.c)


@hookimpl
def ganbench_techniques() -> list[TechniqueSpec]:
    """Weight clipping."""
    return [
        TechniqueSpec(
            name="clip",
            description="all weights of the discriminator stay within a small range",
            paper=PAPER,
            build=Clipping,
            argument="c",
        )
    ]
