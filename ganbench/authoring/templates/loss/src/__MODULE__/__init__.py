"""LSGAN's loss (Mao et al. 2017, arXiv:1611.04076): least squares instead of cross-entropy.

Discriminator: minimise 1/2 (D(x) - b)^2 + 1/2 (D(G(z)) - a)^2.
Generator: minimise 1/2 (D(G(z)) - c)^2. D is the plain output, without a sigmoid.

Coding `binary` is a = 0, b = c = 1 (equation 9). Coding `pearson` is a = -1, b = 1, c = 0
(equation 8), for which a generator against the best D minimises a Pearson chi-squared divergence.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from ganbench import LossSpec, Optimiser, Parameter, Step, Training, hookimpl

if TYPE_CHECKING:
    from torch import Tensor

GANBENCH_API_VERSION = 2

CODINGS = {"binary": (0.0, 1.0, 1.0), "pearson": (-1.0, 1.0, 0.0)}


@dataclass(frozen=True)
class LeastSquares:
    """Fakes are drawn to a and real samples to b; the generator draws its fakes to c.

    Its signature declares the loss's parameters.

    Args:
        coding: a key of `CODINGS`.
    """

    coding: Annotated[
        str, Parameter(choices=tuple(CODINGS), help="targets of the paper's eq. 9, 8")
    ] = "binary"

    def discriminator_loss(self, step: Step) -> Tensor:
        """1/2 (D(x) - b)^2 + 1/2 (D(G(z)) - a)^2."""
        a, b, _ = CODINGS[self.coding]
        real, fake = step.real_logits - b, step.fake_logits - a
        return (real.square().mean() + fake.square().mean()) / 2

    def generator_loss(self, step: Step) -> Tensor:
        """1/2 (D(G(z)) - c)^2."""
        _, _, c = CODINGS[self.coding]
        return (step.fake_logits - c).square().mean() / 2


@hookimpl
def ganbench_losses() -> list[LossSpec]:
    """The least-squares loss, for pairs such as `mlp+NAME`."""
    adam = Optimiser(lr=2e-4, betas=(0.5, 0.999))
    return [
        LossSpec(
            name="__NAME__",
            description="squared distance of the discriminator's output to its targets",
            paper="Mao et al. 2017, Least Squares GANs, arXiv:1611.04076",
            build=LeastSquares,
            modalities=__MODALITIES__,
            training=Training(generator=adam, discriminator=adam, batch_size=64),
        )
    ]
