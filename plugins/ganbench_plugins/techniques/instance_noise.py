"""Instance noise that fades (Sonderby et al. 2017, arXiv:1610.04490): overlap, less and less of it.

The discriminator sees x + s e with fresh e ~ N(0, I) for every sample, real or fake, in both
players' steps, so that two laws which lie apart still overlap; s goes linearly from its first value
to 0 at the end of the budget.

Traps avoided: real samples and fakes alike, in both players' steps; fresh noise in each; what is
judged in eval mode is judged as it is.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Annotated

from ganbench import Game, Networks, Parameter, TechniqueSpec, hookimpl

if TYPE_CHECKING:
    from torch import Tensor

GANBENCH_API_VERSION = 2


@dataclass
class InstanceNoise:
    """D(x + s (1 - t) e), e ~ N(0, I), x real or fake, t the share of the budget that is spent."""

    std: Annotated[float, Parameter(minimum=0, help="standard deviation at the start")] = 0.2
    left: float = field(init=False, default=1.0)

    def before_step(self, game: Game) -> None:
        """Fade."""
        self.left = 1 - game.progress

    def networks(self, networks: Networks) -> Networks:
        """A discriminator that sees noisy samples in train mode."""
        import torch

        from ganbench import Wrapped

        noise = self

        class Noisy(Wrapped):
            """Shows samples with noise."""

            def shown(self, samples: Tensor) -> Tensor:
                if not self.training:
                    return samples
                return samples + noise.std * noise.left * torch.randn_like(samples)

        return replace(networks, discriminator=Noisy(networks.discriminator))


@hookimpl
def ganbench_techniques() -> list[TechniqueSpec]:
    """Instance noise."""
    return [
        TechniqueSpec(
            name="instance-noise",
            description="noise on all that the discriminator sees, gone at the end of the budget",
            paper="Sonderby et al. 2017, Amortised MAP Inference for Image Super-resolution, "
            "arXiv:1610.04490",
            build=InstanceNoise,
            argument="std",
            neutral={"std": 0.0},
        )
    ]
