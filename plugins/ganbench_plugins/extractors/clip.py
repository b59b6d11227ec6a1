"""The image towers of OpenAI's CLIP, as in torch-fidelity."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from ganbench import Data, Extractor, ExtractorSpec, hookimpl
from ganbench_plugins.extractors.clip_towers import TOWERS, Tower
from ganbench_plugins.extractors.pretrained import pretrained
from ganbench_plugins.extractors.weights import PARAMETERS, check

if TYPE_CHECKING:
    import torch

BATCH = 25


def build(
    tower: Tower, data: Data, device: torch.device, weights: str = "", download: bool = False
) -> Extractor:
    """`tower.d` features of uint8 images: the image side of CLIP's common space, not normalised.

    Raises:
        MissingData: the weights are nowhere.
        UsageError: the samples are no images, or the weights are not this network's.
    """
    from ganbench_plugins.extractors.graphs import load_clip

    load = partial(load_clip, tower=tower)
    return pretrained(tower.source, "clip", BATCH, load, data, device, weights, download)


@hookimpl
def ganbench_extractors() -> list[ExtractorSpec]:
    """CLIP's image towers."""
    return [
        ExtractorSpec(
            name=tower.source.name,
            description=f"{tower.d:,} features of CLIP's {tower.file}, at {tower.side} pixels",
            paper="Radford et al. 2021, arXiv:2103.00020; "
            "port: torch-fidelity, https://github.com/toshas/torch-fidelity",
            modalities=("image",),
            parameters=PARAMETERS,
            build=partial(build, tower),
            check=partial(check, tower.source),
            features=tower.d,
        )
        for tower in TOWERS
    ]
