"""The Jacobian of a generator at some latents, by forward mode, and how well it is conditioned."""

from __future__ import annotations

import math
import warnings
from typing import TYPE_CHECKING, NamedTuple

import torch

from ganbench_plugins.scores.kernels.latents import at_rest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor, nn

RESOLUTION = 1e-6
"""Of float32 products: singular values below this share of the largest are not told from 0."""

LARGEST = -2 * math.log(RESOLUTION)
"""ln kappa of a Jacobian that has lost rank."""


class Conditioning(NamedTuple):
    """Of J at each of B latents, each (B,) float64."""

    ln_kappa: Tensor
    """ln of the ratio of the largest to the smallest eigenvalue of JᵀJ (twice that of J)."""
    dimension: Tensor
    """Participation ratio (sum l)² / sum l² of the eigenvalues l of JᵀJ: how many directions the
    sample moves in, 1 to their number; 0 of a J that is 0."""
    deficient: Tensor
    """bool: whether J has lost rank, as far as float32 can tell."""


def jacobians(
    generator: nn.Module,
    latents: Tensor,
    labels: Tensor | None,
    columns: Sequence[int],
    of: str | None = None,
) -> Tensor:
    """(B, D, k): derivatives of the D numbers of a sample by k latent coordinates, in eval mode.

    One forward product for each coordinate and all latents at once, where reverse mode would take
    one for each number of a sample.

    Args:
        generator: of latents (B, d), and of classes (B,) where it is conditional.
        latents, labels: where; on the generator's device.
        columns: the coordinates.
        of: the method that is called in the place of the generator.
    """
    call = generator if of is None else getattr(generator, of)
    given = () if labels is None else (labels,)

    def sampled(at: Tensor) -> Tensor:
        torch.manual_seed(0)  # noise inside the generator is the same in every product
        out: Tensor = call(at, *given)
        return out.flatten(1)

    found: list[Tensor] = []
    with at_rest(generator), torch.no_grad(), warnings.catch_warnings():
        # Of torch itself, when it first differentiates forwards.
        warnings.filterwarnings("ignore", "`torch.jit.script`", FutureWarning)
        for column in columns:
            direction = torch.zeros_like(latents)
            direction[:, column] = 1
            found.append(torch.func.jvp(sampled, (latents,), (direction,))[1])
    return torch.stack(found, dim=2)


def conditioning(jacobian: Tensor) -> Conditioning:
    """How well Jacobians (B, D, k) are conditioned, over as many values as both sides allow."""
    values = torch.linalg.svdvals(jacobian.double())
    largest, smallest = values[:, 0], values[:, -1]
    share = torch.where(largest > 0, smallest / largest, torch.zeros_like(largest))
    eigenvalues = values.square()
    total = eigenvalues.sum(1)
    squares = eigenvalues.square().sum(1)
    dimension = torch.where(squares > 0, total.square() / squares, torch.zeros_like(total))
    return Conditioning(
        ln_kappa=-2 * share.clamp_min(RESOLUTION).log(),
        dimension=dimension,
        deficient=share < RESOLUTION,
    )
