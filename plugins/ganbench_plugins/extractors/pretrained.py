"""What all extractors around a network of torch-fidelity have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ganbench import Data, Extractor, cache
from ganbench_plugins.extractors.weights import Source, find, require_images

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import torch
    from torch import Tensor, nn


def pretrained(
    source: Source,
    layer: str,
    batch: int,
    load: Callable[[Path], nn.Module],
    data: Data,
    device: torch.device,
    weights: str,
    download: bool,
) -> Extractor:
    """Features of uint8 images; one grey channel is repeated three times.

    Weights other than the files that are known to be the source's give an extractor of another
    name.

    Args:
        source: of the weights; its name is the extractor's.
        layer: which features they are.
        batch: images in one batch.
        load: the frozen network from a weights file; maps uint8 (B, 3, H, W) to a tuple of one
            (B, d) tensor, as torch-fidelity's do.
        data: what the extractor is for.
        device: where the features are computed.
        weights: as in `find`.
        download: as in `find`.

    Raises:
        MissingData: the weights are nowhere.
        UsageError: the samples are no images, or the weights are not this network's.
    """
    require_images(source.name, data.info)
    path, name = find(source, weights, download)

    from ganbench_plugins.extractors.frozen import FrozenExtractor

    network = load(path).to(device)

    def features(images: Tensor) -> Tensor:
        found: Tensor = network(images.expand(-1, 3, -1, -1))[0]
        return found

    identity = f"{name}@{cache.content_hash(network.state_dict())[:8]}"
    return FrozenExtractor(identity, layer, features, device, batch)
