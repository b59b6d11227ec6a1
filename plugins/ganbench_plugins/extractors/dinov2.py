"""DINOv2's vision transformers without registers, as torch-fidelity uses them."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from ganbench import Data, Extractor, ExtractorSpec, hookimpl
from ganbench_plugins.extractors.dinov2_shapes import SHAPES, Shape
from ganbench_plugins.extractors.pretrained import pretrained
from ganbench_plugins.extractors.weights import PARAMETERS, check

if TYPE_CHECKING:
    import torch

BATCH = 25


def build(
    shape: Shape, data: Data, device: torch.device, weights: str = "", download: bool = False
) -> Extractor:
    """`shape.width` features of uint8 images: the class token after the last norm.

    Raises:
        MissingData: the weights are nowhere.
        UsageError: the samples are no images, or the weights are not this network's.
    """
    from ganbench_plugins.extractors.graphs import load_dinov2

    load = partial(load_dinov2, shape=shape)
    return pretrained(shape.source, "dinov2", BATCH, load, data, device, weights, download)


@hookimpl
def ganbench_extractors() -> list[ExtractorSpec]:
    """DINOv2 in four sizes."""
    return [
        ExtractorSpec(
            name=shape.source.name,
            description=f"{shape.width:,} features of DINOv2's ViT-{shape.size}/{shape.patch}, "
            "at 224 pixels",
            paper="Oquab et al. 2024, arXiv:2304.07193; "
            "preprocessing: torch-fidelity, https://github.com/toshas/torch-fidelity",
            modalities=("image",),
            parameters=PARAMETERS,
            build=partial(build, shape),
            check=partial(check, shape.source),
            features=shape.width,
        )
        for shape in SHAPES
    ]
