"""VGG-16 as in torch-fidelity: torchvision's network and ImageNet weights, behind `fc2_relu`.

StyleGAN's metrics take their VGG-16 from another file, which does its own preprocessing: precision
and recall in those papers do not compare with what these features give.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from ganbench import Data, Extractor, ExtractorSpec, hookimpl
from ganbench_plugins.extractors.pretrained import pretrained
from ganbench_plugins.extractors.weights import PARAMETERS, Source, check

if TYPE_CHECKING:
    import torch

BATCH = 25
SOURCE = Source(
    name="vgg16",
    url="https://download.pytorch.org/models/vgg16-397923af.pth",
    sha256="397923af8e79cdbb6a7127f12361acd7a2f83e06b05044ddf496e83de57a5bf0",
)


def build(data: Data, device: torch.device, weights: str = "", download: bool = False) -> Extractor:
    """4,096 features of uint8 images at 224 pixels, after the second fully connected layer's ReLU.

    Raises:
        MissingData: the weights are nowhere.
        UsageError: the samples are no images, or the weights are not this network's.
    """
    from ganbench_plugins.extractors.graphs import load_vgg16

    return pretrained(SOURCE, "fc2_relu", BATCH, load_vgg16, data, device, weights, download)


@hookimpl
def ganbench_extractors() -> list[ExtractorSpec]:
    """VGG-16."""
    return [
        ExtractorSpec(
            name=SOURCE.name,
            description="4,096 features (fc2_relu) of torchvision's VGG-16 (ImageNet)",
            paper="Simonyan & Zisserman 2015, arXiv:1409.1556; "
            "preprocessing: torch-fidelity, https://github.com/toshas/torch-fidelity",
            modalities=("image",),
            parameters=PARAMETERS,
            build=build,
            check=partial(check, SOURCE),
            features=4096,
        )
    ]
