"""R1 (Mescheder et al. 2018, arXiv:1801.04406): a penalty that makes the original GAN converge.

Discriminator: minimise -log D(x) - log(1 - D(G(z))) + gamma/2 |grad_x D(x)|^2 at real x (eq. 9):
where the generator is right, a discriminator must not have slopes. Generator: minimise
-log D(G(z)). Without a penalty the game circles around its equilibrium or leaves it; on the
Dirac-GAN every gamma > 0 makes it converge, with small steps, and gamma = 1 makes it so fastest.

Training (the authors' code, default of its images): RMSprop 1e-4 with decay .99, batches of 64, one
critic step, gamma = 10.

Traps avoided: the 1/2 of the paper's penalty stands here (the authors' code leaves it out: what is
10 there is 20 here); the square is summed over a sample's coordinates and averaged over samples; no
batch norm in the discriminator (the penalty is one of single samples).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ganbench import LossSpec, Optimiser, Parameter, Step, Training, hookimpl
from ganbench_plugins.variants.vanilla import NonSaturating

if TYPE_CHECKING:
    from torch import Tensor

GANBENCH_API_VERSION = 1

PAPER = (
    "Mescheder et al. 2018, Which Training Methods for GANs do actually Converge?, arXiv:1801.04406"
)


@dataclass(frozen=True)
class NonSaturatingR1(NonSaturating):
    """The non-saturating loss with a zero-centred gradient penalty on real data.

    Args:
        penalty: gamma, of which the half is the weight.
    """

    penalty: float

    def discriminator_loss(self, step: Step) -> Tensor:
        """-log D(x) - log(1 - D(G(z))) + gamma/2 |grad_x D(x)|^2."""
        step.real.requires_grad_()  # before its logits are computed, once for both terms
        cross_entropy = super().discriminator_loss(step)
        return cross_entropy + self.penalty / 2 * squared_slope(step)


def squared_slope(step: Step) -> Tensor:
    """Mean over real samples of |grad_x D(x)|_2^2, the norm over all of a sample's numbers."""
    import torch

    (gradient,) = torch.autograd.grad(step.real_logits.sum(), step.real, create_graph=True)
    return gradient.flatten(1).square().sum(dim=1).mean()


@hookimpl
def ganbench_losses() -> list[LossSpec]:
    """The original GAN's loss with R1."""
    rmsprop = Optimiser(name="rmsprop", lr=1e-4, alpha=0.99)
    return [
        LossSpec(
            name="non-saturating-r1",
            description="non-saturating, and a penalty on the discriminator's slope at real data",
            paper=PAPER,
            build=NonSaturatingR1,
            training=Training(generator=rmsprop, discriminator=rmsprop),
            per_sample=True,
            parameters={
                "penalty": Parameter(
                    default=10.0, minimum=0, help="gamma; the penalty's weight is gamma/2"
                )
            },
        )
    ]
