"""MobileNetV2 cut behind its fourteenth block, with ImageNet's normalisation in front.

The blocks are spelled out, by the names that their weights have in torchvision's file: importing
torchvision takes nearly as long as importing torch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ganbench import UsageError
from ganbench_plugins.extractors.tensors import read_tensors
from ganbench_plugins.extractors.weights import first_line

if TYPE_CHECKING:
    from pathlib import Path

CHANNELS = 32
GROUPS = ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1))
"""Expansion, channels, blocks and first stride of each group (Sandler et al. 2018, table 2)."""

PREFIX = "features."
SIDE = 64
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def _layer(inputs: int, outputs: int, size: int, stride: int = 1, groups: int = 1) -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, size, stride, size // 2, groups=groups, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU6(),
    )


class InvertedResidual(nn.Module):
    """(B, inputs, H, W) to (B, outputs, H / stride, W / stride): wide within, narrow outside."""

    def __init__(self, inputs: int, outputs: int, stride: int, expansion: int) -> None:
        super().__init__()
        within = inputs * expansion
        wider = [_layer(inputs, within, 1)] if expansion > 1 else []
        self.conv = nn.Sequential(
            *wider,
            _layer(within, within, 3, stride, groups=within),
            nn.Conv2d(within, outputs, 1, bias=False),
            nn.BatchNorm2d(outputs),
        )
        self.shortcut = stride == 1 and inputs == outputs

    def forward(self, x: Tensor) -> Tensor:
        """With the shortcut, where the shapes allow one."""
        y: Tensor = self.conv(x)
        return x + y if self.shortcut else y


def _blocks() -> nn.Module:
    blocks, inputs = [_layer(3, CHANNELS, 3, stride=2)], CHANNELS
    for expansion, outputs, count, first in GROUPS:
        for index in range(count):
            blocks.append(InvertedResidual(inputs, outputs, 1 if index else first, expansion))
            inputs = outputs
    return nn.Sequential(*blocks)


def load_blocks(path: Path) -> nn.Module:
    """The first blocks, frozen: (B, 3, 64, 64) to (B, 96, 4, 4).

    Raises:
        UsageError: the file holds other weights, or cannot be read.
    """
    with torch.random.fork_rng(devices=[]):  # modules draw initial weights when they are made
        blocks = _blocks()
    wanted = {f"{PREFIX}{name}" for name in blocks.state_dict()}
    weights = {
        name.removeprefix(PREFIX): one for name, one in read_tensors(path).items() if name in wanted
    }
    try:
        blocks.load_state_dict(weights)
    except RuntimeError as error:
        reason = first_line(error)
        raise UsageError(f"cannot read MobileNetV2's weights from {path}: {reason}") from None
    return blocks.requires_grad_(False).eval()


def pooled(blocks: nn.Module, images: Tensor) -> Tensor:
    """Features (B, 96), averaged over the plane, of uint8 images (B, 1 or 3, H, W)."""
    x = images.expand(-1, 3, -1, -1).float() / 255
    x = F.interpolate(x, size=(SIDE, SIDE), mode="bilinear", align_corners=False, antialias=True)
    mean, std = (torch.tensor(values, device=x.device).view(3, 1, 1) for values in (MEAN, STD))
    maps: Tensor = blocks((x - mean) / std)
    return maps.mean((2, 3))
