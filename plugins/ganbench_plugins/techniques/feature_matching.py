"""Feature matching (Salimans et al. 2016, arXiv:1606.03498, §3.1), a term of any generator's loss.

Generator: minimise its loss + w |E f(x) - E f(G(z))|_2^2 with f what the discriminator's last layer
sees: statistics that tell real from fake, and that are not pushed against as its logit is. The
discriminator is trained as it would be without.

Traps avoided: the expectation is taken before the norm (a distance of means, not a mean of
distances); no gradient into f of real samples.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from ganbench import Parameter, Step, TechniqueSpec, hookimpl

if TYPE_CHECKING:
    from torch import Tensor

GANBENCH_API_VERSION = 2


@dataclass(frozen=True)
class FeatureMatching:
    """w |E f(x) - E f(G(z))|^2 for the generator."""

    weight: Annotated[float, Parameter(minimum=0, help="weight of the term")] = 1.0

    def generator_loss(self, step: Step) -> Tensor:
        """w |E f(x) - E f(G(z))|_2^2, f what the discriminator's last layer sees."""
        real = step.real_features.mean(dim=0)
        return self.weight * (step.fake_features.mean(dim=0) - real).square().sum()


@hookimpl
def ganbench_techniques() -> list[TechniqueSpec]:
    """Feature matching."""
    return [
        TechniqueSpec(
            name="fm",
            description="the generator matches the mean of the discriminator's features",
            paper="Salimans et al. 2016, Improved Techniques for Training GANs, arXiv:1606.03498",
            build=FeatureMatching,
            needs=("real", "features"),
            argument="weight",
            neutral={"weight": 0.0},
            deviations=(
                "beside the generator's loss, not in its place as the loss feature-matching is",
            ),
        )
    ]
