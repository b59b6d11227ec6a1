"""Layers that several architectures share."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ganbench import DataInfo, UsageError


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


def halvings(data: DataInfo, smallest: int, least: int = 1) -> int:
    """How often an image's side can be halved while it stays at least `smallest` pixels.

    Args:
        data: of square images.
        smallest: the side at which to stop.
        least: the number of halvings wanted at the least.

    Raises:
        UsageError: the side is not divisible often enough, or outside 8 to 64 px.
    """
    side, count = data.side, 0
    while side >> (count + 1) >= smallest:
        count += 1
    count = max(count, least)
    if not 8 <= side <= 64 or side % 2**count:
        raise UsageError(
            f"{data.name}: {side} px images do not fit this architecture",
            "use a side of 8, 12, 16, 20, 24, 28, 32, 40, 48, 56 or 64 px",
        )
    return count


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
