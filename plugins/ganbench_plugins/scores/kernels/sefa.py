"""The directions that a generator amplifies most, in closed form (SeFa, Shen & Zhou 2021,
arXiv:2007.06600): eigenvectors of AᵀA, A the weights that its latent, or its style, meets first.

Traps avoided: the authors' code brings each row of A to norm one first, which the paper's formula
does not, and takes eigenvectors in no certain order; a weight with a spectral norm is read in eval
mode, where reading it does not move it on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn

from ganbench import UsageError
from ganbench_plugins.scores.kernels import latents

if TYPE_CHECKING:
    from torch import Tensor


def has_style(generator: nn.Module) -> bool:
    """Whether its first weights act on a style in the place of the latent (`FirstWeight`)."""
    return hasattr(generator, "first_weight") and hasattr(generator, "synthesis")


def first_weight(generator: nn.Module, size: int) -> Tensor | None:
    """(O, S) float64 weights of all that takes the latent, or the style, first.

    Args:
        generator: that tells them by `first_weight`, or has a linear or transposed convolutional
            layer that takes the whole latent; None is returned of any other.
        size: of the latent.

    Raises:
        UsageError: what it tells are weights of something of another size than its latent.
    """
    with torch.no_grad(), latents.at_rest(generator):  # a spectral norm moves on in train mode
        if callable(tell := getattr(generator, "first_weight", None)):
            return _told(generator, tell().detach().double(), size)
        for layer in generator.modules():
            if isinstance(layer, nn.Linear) and layer.in_features == size:
                return layer.weight.detach().double()
            if isinstance(layer, nn.ConvTranspose2d) and layer.in_channels == size:
                return layer.weight.detach().double().flatten(1).T
    return None


def _told(generator: nn.Module, weight: Tensor, size: int) -> Tensor:
    if weight.dim() != 2 or not (has_style(generator) or weight.shape[1] == size):
        raise UsageError(
            f"first_weight of {type(generator).__name__} is of shape {tuple(weight.shape)}, and "
            f"its latent has {size} numbers",
            f"return (outputs, {size}), or add methods style and synthesis",
        )
    return weight


def directions(weight: Tensor, count: int) -> Tensor:
    """(count, S) float32 directions of norm one on the CPU, those amplified most first.

    Args:
        weight: (O, S).
        count: how many; all S, if there are fewer.
    """
    vectors: Tensor = torch.linalg.eigh(weight.T @ weight).eigenvectors
    return vectors.T.flip(0)[:count].float().cpu()
