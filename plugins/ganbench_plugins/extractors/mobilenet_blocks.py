"""MobileNetV2 cut behind its fourteenth block, with ImageNet's normalisation in front."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torchvision.models import mobilenet_v2

from ganbench import UsageError
from ganbench_plugins.extractors.tensors import read_tensors
from ganbench_plugins.extractors.weights import first_line

if TYPE_CHECKING:
    from pathlib import Path

BLOCKS = 14
SIDE = 64
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def load_blocks(path: Path) -> nn.Module:
    """The first blocks, frozen: (B, 3, 64, 64) to (B, 96, 4, 4).

    Raises:
        UsageError: the file holds other weights, or cannot be read.
    """
    with torch.random.fork_rng(devices=[]):  # modules draw initial weights when they are made
        network = mobilenet_v2()
    try:
        network.load_state_dict(read_tensors(path))
    except RuntimeError as error:
        reason = first_line(error)
        raise UsageError(f"cannot read MobileNetV2's weights from {path}: {reason}") from None
    blocks: nn.Module = network.features[:BLOCKS]
    return blocks.requires_grad_(False).eval()


def pooled(blocks: nn.Module, images: Tensor) -> Tensor:
    """Features (B, 96), averaged over the plane, of uint8 images (B, 1 or 3, H, W)."""
    x = images.expand(-1, 3, -1, -1).float() / 255
    x = F.interpolate(x, size=(SIDE, SIDE), mode="bilinear", align_corners=False, antialias=True)
    mean, std = (torch.tensor(values, device=x.device).view(3, 1, 1) for values in (MEAN, STD))
    maps: Tensor = blocks((x - mean) / std)
    return maps.mean((2, 3))
