"""Jacobian clamping (Odena et al. 2018, arXiv:1802.08768): a generator that is well conditioned.

Generator: minimise its loss + w ((max(Q, l_max) - l_max)^2 + (min(Q, l_min) - l_min)^2), with Q =
|G(z) - G(z')| / |z - z'| and z' = z + eps d/|d|, d ~ N(0, I) (algorithm 1): how far a sample moves
with its latent stays within a range. The paper's constants: eps = 1, 1 and 20.

Traps avoided: the norm is taken over all of a sample's coordinates; one direction for each sample;
no sample is cut off from the generator.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from ganbench import Parameter, Step, TechniqueSpec, hookimpl

if TYPE_CHECKING:
    from torch import Tensor

GANBENCH_API_VERSION = 2


@dataclass(frozen=True)
class JacobianClamping:
    """A range for how far samples move with their latents."""

    weight: Annotated[float, Parameter(minimum=0, help="of the term")] = 1.0
    lowest: Annotated[float, Parameter(minimum=0, help="l_min")] = 1.0
    highest: Annotated[float, Parameter(minimum=0, help="l_max")] = 20.0
    step_size: Annotated[float, Parameter(minimum=1e-6, help="eps, in the latent")] = 1.0

    def generator_loss(self, step: Step) -> Tensor:
        """w (max(Q - l_max, 0)^2 + max(l_min - Q, 0)^2), Q = |G(z) - G(z + eps d/|d|)| / eps,
        d ~ N(0, I); mean over samples."""
        import torch

        away = torch.randn_like(step.latent)
        away = self.step_size * away / away.norm(dim=1, keepdim=True)
        moved = step.generator(step.latent + away)
        ratio = (step.fake - moved).flatten(1).norm(dim=1) / self.step_size
        above = (ratio - self.highest).clamp_min(0)
        below = (self.lowest - ratio).clamp_min(0)
        term: Tensor = self.weight * (above.square() + below.square()).mean()
        return term


@hookimpl
def ganbench_techniques() -> list[TechniqueSpec]:
    """Jacobian clamping."""
    return [
        TechniqueSpec(
            name="jacobian-clamping",
            description="bounds how far the generator's samples move with their latents",
            paper="Odena et al. 2018, Is Generator Conditioning Causally Related to GAN "
            "Performance?, arXiv:1802.08768",
            build=JacobianClamping,
            argument="weight",
            conditional=False,
            neutral={"weight": 0.0},
        )
    ]
