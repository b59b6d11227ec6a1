"""Data to check plugins with: real ones that need no download, and made-up ones of any shape."""

from __future__ import annotations

import functools
import operator
from collections.abc import Iterable
from dataclasses import replace

import torch
from torch import Tensor

from ganbench.api.data import Data, DataInfo
from ganbench.api.errors import GanbenchError
from ganbench.api.specs import DatasetSpec, import_builder
from ganbench.catalogue.catalogue import Catalogue
from ganbench.modalities import MODALITIES, modality_of
from ganbench.planning.datasets import describe_dataset

INSTALLED = ("ring8", "digits", "dirac")
"""Data sets that plugins are trained on wherever the shape fits: small, and without a download."""

CLASSES = 4
TRAIN, HELDOUT = 512, 256

SPREAD = 0.3
"""Of made-up samples as networks see them: most lie between -1 and 1."""


def usual_shapes(catalogue: Catalogue) -> list[DataInfo]:
    """The usual shapes of every modality, small ones first."""
    found = [describe_dataset(name, catalogue) for name in INSTALLED if _has(catalogue, name)]
    for modality in MODALITIES.values():
        examples = sorted(modality.examples, key=operator.attrgetter("features"))
        found += [replace(example, classes=CLASSES) for example in examples]
    return found


def other_shapes(catalogue: Catalogue, known: Iterable[DataInfo]) -> list[DataInfo]:
    """Those of all data sets that are installed, without known ones: it takes seconds to look."""
    seen, found = {(one.modality, one.shape) for one in known}, []
    for name in catalogue.names(DatasetSpec.kind):
        try:
            info = describe_dataset(name, catalogue)
        except GanbenchError:  # it needs an argument, or is broken: no matter of this plugin
            continue
        if (info.modality, info.shape) not in seen:
            seen.add((info.modality, info.shape))
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
    labels = torch.arange(TRAIN + HELDOUT) % CLASSES
    samples = _around_centres(info).clone()  # what one check spoils is no matter of the next one
    return Data(
        info=info,
        train=samples[:TRAIN],
        heldout=samples[TRAIN:],
        train_labels=labels[:TRAIN],
        heldout_labels=labels[TRAIN:],
    )


@functools.lru_cache(maxsize=2)  # of one shape after the other, the largest takes 40 MB
def _around_centres(info: DataInfo) -> Tensor:
    random = torch.Generator().manual_seed(20_261)
    centres = torch.randn(CLASSES, *info.shape, generator=random)
    labels = torch.arange(TRAIN + HELDOUT) % CLASSES
    noise = torch.randn(len(labels), *info.shape, generator=random)
    return _stored(SPREAD * (centres[labels] + 0.1 * noise), info)


def noise_like(info: DataInfo, count: int) -> Tensor:
    """As many samples, as they are stored, that are nothing but noise."""
    random = torch.Generator().manual_seed(5)
    return _stored(0.5 * torch.randn(count, *info.shape, generator=random), info)


def _stored(raw: Tensor, info: DataInfo) -> Tensor:
    return modality_of(info).decode(raw, info)


def _has(catalogue: Catalogue, name: str) -> bool:
    return name in catalogue.names(DatasetSpec.kind)
