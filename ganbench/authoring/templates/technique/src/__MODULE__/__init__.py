"""Orthogonal regularisation of the generator (Brock et al. 2019, arXiv:1809.11096, §3.1).

The generator minimises its loss + beta |W W^T o (1 - I)|_F^2, summed over its weights W, each taken
as a matrix with one filter in a row: filters are drawn apart, and their norms are left alone.
The paper's beta is 1e-4.

Traps avoided: only weights of two or more axes are matrices; a row is an output of the layer, in
convolutions as well, as in the authors' code.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from ganbench import Parameter, Step, TechniqueSpec, hookimpl

if TYPE_CHECKING:
    from torch import Tensor

GANBENCH_API_VERSION = 2


def overlap(weight: Tensor) -> Tensor:
    """Scalar: the squared inner products of all pairs of two filters of a weight (out, ...)."""
    rows = weight.flatten(1)
    products = rows @ rows.T
    # Squares are left out, not subtracted: two large sums would leave their rounding behind.
    return (products - products.diagonal().diag()).square().sum()


@dataclass(frozen=True)
class Orthogonal:
    """A term of the generator's loss, beside whatever else it minimises."""

    beta: Annotated[float, Parameter(minimum=0, help="weight of the term")] = 1e-4

    def generator_loss(self, step: Step) -> Tensor:
        """beta times the overlap of filters, summed over the generator's weights."""
        weights = [weight for weight in step.generator.parameters() if weight.dim() > 1]
        total = sum((overlap(weight) for weight in weights), start=step.fake.new_zeros(()))
        step.log("overlap", total)
        return self.beta * total


@hookimpl
def ganbench_techniques() -> list[TechniqueSpec]:
    """Orthogonal regularisation, for anything such as `wgan-gp+NAME:1e-3`."""
    return [
        TechniqueSpec(
            name="__NAME__",
            description="filters of the generator are drawn apart",
            paper="Brock et al. 2019, Large Scale GAN Training, arXiv:1809.11096",
            build=Orthogonal,
            modalities=__MODALITIES__,
            argument="beta",
            neutral={"beta": 0.0},
        )
    ]
