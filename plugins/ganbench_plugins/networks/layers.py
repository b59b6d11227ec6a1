"""Layers that several architectures share."""

from __future__ import annotations

import torch
from torch import Tensor, nn


def norm1d(kind: str, features: int) -> list[nn.Module]:
    """The normalisation of a (B, features) activation, as a list of no or one layer."""
    if kind == "batch":
        return [nn.BatchNorm1d(features)]
    return [nn.LayerNorm(features)] if kind == "layer" else []


def norm2d(kind: str, channels: int) -> list[nn.Module]:
    """The normalisation of a (B, channels, H, W) activation, as a list of no or one layer.

    Layer norm is taken over channels and pixels, with one gain and bias per channel.
    """
    if kind == "batch":
        return [nn.BatchNorm2d(channels)]
    return [nn.GroupNorm(1, channels)] if kind == "layer" else []


class Reshape(nn.Module):
    """(B, anything) to (B, *shape)."""

    def __init__(self, *shape: int) -> None:
        super().__init__()
        self.shape = shape

    def forward(self, x: Tensor) -> Tensor:
        return x.reshape(-1, *self.shape)


@torch.no_grad()
def init_normal(module: nn.Module, std: float) -> None:
    """Weights ~ N(0, std), batch-norm gains ~ N(1, std), biases 0 (Radford et al. 2016, §4)."""
    for layer in module.modules():
        if isinstance(layer, nn.Linear | nn.Conv2d | nn.ConvTranspose2d):
            layer.weight.normal_(0.0, std)
            if layer.bias is not None:
                layer.bias.zero_()
        elif isinstance(layer, nn.BatchNorm1d | nn.BatchNorm2d | nn.GroupNorm | nn.LayerNorm):
            layer.weight.normal_(1.0, std)
            layer.bias.zero_()


@torch.no_grad()
def init_orthogonal(module: nn.Module, gain: float) -> None:
    """Linear weights that are `gain` times orthogonal (Saxe et al. 2014), biases 0."""
    for layer in module.modules():
        if isinstance(layer, nn.Linear):
            nn.init.orthogonal_(layer.weight, gain)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
