"""torch-fidelity's VGG-16, CLIP and DINOv2, with weights that were read safely.

torch-fidelity resizes, normalises and computes. Its constructors are passed by: they download,
unpickle, run TorchScript, or, for DINOv2, run a repository's code.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import nn
from torch_fidelity.feature_extractor_base import FeatureExtractorBase
from torch_fidelity.feature_extractor_clip import (
    CLIPVisual,
    FeatureExtractorCLIP,
    convert_weights,
)
from torch_fidelity.feature_extractor_dinov2 import FeatureExtractorDinoV2
from torch_fidelity.feature_extractor_vgg16 import FeatureExtractorVGG16
from torchvision.models import vgg16

from ganbench_plugins.extractors.tensors import fill, read_tensors
from ganbench_plugins.extractors.vit import VisionTransformer

if TYPE_CHECKING:
    from pathlib import Path

    from ganbench_plugins.extractors.clip_towers import Tower
    from ganbench_plugins.extractors.dinov2_shapes import Shape

_HEAD = "classifier.6."  # class scores of VGG-16, unused


def load_vgg16(path: Path) -> nn.Module:
    """VGG-16, frozen; maps uint8 (B, 3, H, W) to a tuple of one (B, 4096) tensor.

    Args:
        path: a state dict with torchvision's names; the last layer may be missing.

    Raises:
        UsageError: the file holds other weights, or cannot be read.
    """
    with torch.device("meta"):
        network = vgg16()
    network.classifier = network.classifier[:4]  # up to fc2; torch-fidelity applies the ReLU
    found = {name: t for name, t in read_tensors(path).items() if not name.startswith(_HEAD)}
    return _adopt(FeatureExtractorVGG16, "fc2_relu", fill(network, found, path, "vgg16"))


def load_clip(path: Path, tower: Tower) -> nn.Module:
    """CLIP's image tower, frozen; maps uint8 (B, 3, H, W) to a tuple of one (B, d) tensor.

    Convolutions and linear layers are rounded to float16, as in OpenAI's files and by
    torch-fidelity, and computed in float32.

    Args:
        path: OpenAI's TorchScript archive, or a state dict with its names; the text tower may be
            missing.
        tower: the network that is meant.

    Raises:
        UsageError: the file holds other weights, or cannot be read.
    """
    with torch.device("meta"):
        network = CLIPVisual(tower.d, tower.side, tower.layers, tower.width, tower.patch)
    convert_weights(network)
    network = fill(network, read_tensors(path, "visual."), path, tower.source.name)
    return _adopt(FeatureExtractorCLIP, "clip", network, resolution=tower.side)


def load_dinov2(path: Path, shape: Shape) -> nn.Module:
    """DINOv2, frozen; maps uint8 (B, 3, H, W) to a tuple of one (B, width) tensor.

    Args:
        path: a state dict with the names of Meta's files.
        shape: the network that is meant.

    Raises:
        UsageError: the file holds other weights, or cannot be read.
    """
    with torch.device("meta"):
        network = VisionTransformer(shape)
    network = fill(network, read_tensors(path), path, shape.source.name)
    return _adopt(FeatureExtractorDinoV2, "dinov2", network)


def _adopt(extractor: type[Any], layer: str, network: nn.Module, **attributes: Any) -> nn.Module:
    """torch-fidelity's extractor around `network`, with what its constructor would have set."""
    graph: Any = object.__new__(extractor)
    FeatureExtractorBase.__init__(graph, extractor.__name__, [layer])
    attributes = {"feature_extractor_internal_dtype": torch.float32, "model": network, **attributes}
    for name, value in attributes.items():
        setattr(graph, name, value)
    frozen: nn.Module = graph.requires_grad_(False).eval()
    return frozen
