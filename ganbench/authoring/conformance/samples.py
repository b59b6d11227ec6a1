"""Data to check plugins with: real ones that need no download, and made-up ones of any shape."""

from __future__ import annotations

import torch
from torch import Tensor

from ganbench.api.data import Data, DataInfo, Modality
from ganbench.api.errors import GanbenchError
from ganbench.api.specs import DatasetSpec, import_builder
from ganbench.catalogue.catalogue import Catalogue
from ganbench.planning.datasets import describe_dataset

INSTALLED = ("ring8", "digits", "dirac")
"""Data sets that plugins are trained on wherever the shape fits: small, and without a download."""

CLASSES = 4
TRAIN, HELDOUT = 512, 256

_SHAPES: tuple[tuple[Modality, tuple[int, ...]], ...] = (
    *(("points", (dimensions,)) for dimensions in (1, 3, 16)),
    *(("image", (channels, side, side)) for side in (16, 28, 32, 64) for channels in (1, 3)),
    ("image", (3, 8, 8)),
    ("tabular", (8,)),
    ("audio", (1, 16_384)),
    ("text", (32, 96)),
)


def example_shapes(catalogue: Catalogue) -> list[DataInfo]:
    """The usual shapes of every modality, then those of all other data sets that are installed."""
    found = [describe_dataset(name, catalogue) for name in INSTALLED if _has(catalogue, name)]
    found += [_info(modality, shape) for modality, shape in _SHAPES]
    for name in catalogue.names(DatasetSpec.kind):
        try:
            info = describe_dataset(name, catalogue)
        except GanbenchError:  # it needs an argument, or is broken: no matter of this plugin
            continue
        if (info.modality, info.shape) not in {(one.modality, one.shape) for one in found}:
            found.append(info)
    return found


def example_data(info: DataInfo, catalogue: Catalogue) -> Data:
    """Samples of a shape: of an installed data set where it has that shape, else made up."""
    if info.name in INSTALLED:
        data: Data = import_builder(catalogue.get(DatasetSpec, info.name).load)()
        return data
    return made_up(info)


def made_up(info: DataInfo) -> Data:
    """A few smooth classes, each a random centre with noise around it, labelled."""
    random = torch.Generator().manual_seed(20_261)
    centres = torch.randn(CLASSES, *info.shape, generator=random)
    labels = torch.arange(TRAIN + HELDOUT) % CLASSES
    noise = torch.randn(len(labels), *info.shape, generator=random)
    samples = centres[labels] + 0.1 * noise + 1
    if info.modality == "image":
        samples = _as_bytes(samples)
    return Data(
        info=info,
        train=samples[:TRAIN],
        heldout=samples[TRAIN:],
        train_labels=labels[:TRAIN],
        heldout_labels=labels[TRAIN:],
    )


def _as_bytes(samples: Tensor) -> Tensor:
    return samples.mul(40).add(90).clamp(0, 255).to(torch.uint8)


def _info(modality: Modality, shape: tuple[int, ...]) -> DataInfo:
    name = f"{modality} {'x'.join(map(str, shape))}"
    return DataInfo(name=name, modality=modality, shape=shape, classes=CLASSES)


def _has(catalogue: Catalogue, name: str) -> bool:
    return name in catalogue.names(DatasetSpec.kind)
