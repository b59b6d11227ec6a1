"""Instance noise that fades (Sonderby et al. 2017, arXiv:1610.04490): overlap, less and less of it.

The discriminator sees x + s e with fresh e ~ N(0, I) for every sample, real or fake, in both
players' steps; s goes linearly from its first value to 0 at the end of the budget. What is judged
in eval mode is judged as it is.
"""

from dataclasses import dataclass, replace
from typing import Annotated

from ganbench import Parameter, TechniqueSpec, hookimpl


@dataclass
class FadingNoise:
    std: Annotated[float, Parameter(minimum=0, help="standard deviation at the start")] = 0.2

    def __post_init__(self):
        self.left = 1.0

    def before_step(self, game):
        self.left = 1 - game.progress

    def networks(self, networks):
        import torch

        from ganbench import Wrapped

        noise = self

        class Noisy(Wrapped):
            def shown(self, samples):
                if not self.training:
                    return samples
                return samples + noise.std * noise.left * torch.randn_like(samples)

        return replace(networks, discriminator=Noisy(networks.discriminator))


@hookimpl
def ganbench_techniques():
    return [
        TechniqueSpec(
            name="fading-noise",
            description="noise on all that the discriminator sees, gone at the end of the budget",
            paper="Sonderby et al. 2017, Amortised MAP Inference, arXiv:1610.04490",
            build=FadingNoise,
            argument="std",
            neutral={"std": 0.0},
        )
    ]
