"""R3GAN's loss (Huang et al. 2024, arXiv:2501.05441): relativistic pairs, R1 and R2.

Discriminator: minimise f(D(G(z)) - D(x)), generator: f(D(x) - D(G(z))), with f the softplus: what
counts is which of a pair is the more real. R1 is ganbench's, R2 the same at fakes.
"""

from dataclasses import dataclass
from typing import Annotated

from ganbench import LossSpec, Optimiser, Parameter, TechniqueSpec, Training, hookimpl

PAPER = "Huang et al. 2024, The GAN is dead; long live the GAN! A Modern Baseline, arXiv:2501.05441"


class Relativistic:
    def discriminator_loss(self, step):
        from torch.nn.functional import softplus

        return softplus(step.fake_logits - step.real_logits).mean()

    def generator_loss(self, step):
        from torch.nn.functional import softplus

        return softplus(step.real_logits - step.fake_logits).mean()


@dataclass(frozen=True)
class R2:
    gamma: Annotated[float, Parameter(minimum=0, help="the penalty's weight is gamma/2")] = 1.0

    def discriminator_loss(self, step):
        return self.gamma / 2 * step.fake_slopes.square().sum(dim=1).mean()


@hookimpl
def ganbench_losses():
    adam = Optimiser(lr=2e-4, betas=(0.0, 0.99))
    training = Training(generator=adam, discriminator=adam)
    about = {"description": "which of a pair is the more real", "paper": PAPER}
    return [LossSpec(name="rpgan", build=Relativistic, training=training, needs=("real",), **about)]


@hookimpl
def ganbench_techniques():
    return [
        TechniqueSpec(
            name="r2",
            description="a penalty on the discriminator's slope at fakes",
            paper=PAPER,
            build=R2,
            needs=("fake_slopes",),
            argument="gamma",
            neutral={"gamma": 0.0},
        )
    ]
