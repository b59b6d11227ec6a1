"""No network at all: the samples' own coordinates."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ganbench import Data, DataInfo, Extractor, ExtractorSpec, hookimpl

if TYPE_CHECKING:
    import torch


def build(data: Data, device: torch.device) -> Extractor:
    """Flattened samples, (N, d); images as they are, 0..255."""
    from ganbench_plugins.extractors.frozen import FrozenExtractor

    # Nothing depends on the size of a batch here; it bounds the memory of the conversion to float.
    return FrozenExtractor("raw", "input", lambda batch: batch.flatten(1), device, batch=65_536)


def coordinates(data: DataInfo) -> int:
    """How many numbers a stored sample has; a table's row one of each column."""
    return data.features if data.schema is None else len(data.schema)


@hookimpl
def ganbench_extractors() -> list[ExtractorSpec]:
    """The identity."""
    return [
        ExtractorSpec(
            name="raw",
            description="the samples' own coordinates, flattened; meant for points",
            modalities=("points", "tabular", "image"),
            build=build,
            features=coordinates,
        )
    ]
