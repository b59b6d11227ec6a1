"""Weights of networks, compared bit by bit."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ganbench.api.networks import Networks


def modules(networks: Networks) -> dict[str, nn.Module]:
    """All modules of a model by name."""
    own = {"generator": networks.generator, "discriminator": networks.discriminator}
    return own | {name: extra.module for name, extra in networks.extras.items()}


def weights(networks: Networks) -> dict[str, Tensor]:
    """Copies of all parameters and buffers, by name."""
    return {
        f"{owner}.{name}": tensor.detach().clone()
        for owner, module in modules(networks).items()
        for name, tensor in (*module.named_parameters(), *module.named_buffers())
    }


def first_difference(one: dict[str, Tensor], other: dict[str, Tensor]) -> str | None:
    """The first tensor that differs in a bit; NaN equals NaN."""
    for name in sorted(one.keys() | other.keys()):
        if name not in one or name not in other or not same_bits(one[name], other[name]):
            return name
    return None


def same_bits(one: Tensor, other: Tensor) -> bool:
    """Whether two tensors are the same, NaN included."""
    same = one.shape == other.shape and one.dtype == other.dtype
    return same and torch.allclose(one, other, rtol=0, atol=0, equal_nan=True)
