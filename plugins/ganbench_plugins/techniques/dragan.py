"""DRAGAN (Kodali et al. 2017, arXiv:1705.07215): slopes of 1 around the data.

Discriminator: minimise its loss + lambda (|grad D(x_hat)|_2 - 1)^2, x_hat = x + e s U with U
uniform in [0, 1) for each coordinate, s half of the standard deviation of the whole batch, one
number, and one e ~ U(0, 1) for each judgement: points on the way from x to its perturbation, as in
the authors' code. The paper adds it to the original losses: `mlp+non-saturating+dragan`.

Traps avoided: one standard deviation of the batch, not one per coordinate; interpolation; no batch
norm in the discriminator (the penalty is one of single judgements).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from ganbench import Parameter, Step, TechniqueSpec, hookimpl

if TYPE_CHECKING:
    from torch import Tensor

GANBENCH_API_VERSION = 2


@dataclass(frozen=True)
class Dragan:
    """lambda (|grad D| - 1)^2 at perturbed real samples, for the discriminator."""

    weight: Annotated[float, Parameter(minimum=0, help="lambda, weight of the penalty")] = 10.0
    spread: Annotated[
        float, Parameter(minimum=0, help="of the batch's deviation: how far it looks")
    ] = 0.5

    def discriminator_loss(self, step: Step) -> Tensor:
        """lambda (|grad D(x_hat)|_2 - 1)^2, x_hat = x + e c std(x) U; mean over judgements.

        e and each coordinate of U are uniform in [0, 1), c is `spread`.
        """
        import torch

        real = step.real.detach()
        away = self.spread * real.std(correction=0) * torch.rand_like(real)
        slopes = step.slopes(real + _once_each(step, real) * away)
        penalty: Tensor = self.weight * (slopes.norm(dim=1) - 1).square().mean()
        return penalty


def _once_each(step: Step, real: Tensor) -> Tensor:
    """(B, 1, ...) uniform numbers, the same for all samples of a judgement."""
    import torch

    judgements = len(step.real_logits)
    shape = (judgements, *[1] * (real.dim() - 1))
    each = torch.rand(shape, dtype=real.dtype, device=real.device)
    return each.repeat_interleave(len(real) // judgements, dim=0)


@hookimpl
def ganbench_techniques() -> list[TechniqueSpec]:
    """DRAGAN's penalty."""
    return [
        TechniqueSpec(
            name="dragan",
            description="a penalty that holds the discriminator's slope around the data at 1",
            paper="Kodali et al. 2017, On Convergence and Stability of GANs, arXiv:1705.07215",
            build=Dragan,
            needs=("slopes",),
            argument="weight",
            neutral={"weight": 0.0},
            deviations=(
                "uniform noise, and points on the way to it, as in the authors' code, not normal",
            ),
        )
    ]
