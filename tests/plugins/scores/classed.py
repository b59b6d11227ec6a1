"""Clusters with classes, and a judge that is wrong where they overlap."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from ganbench import Data, DataInfo, Measurement
from ganbench.scoring.evaluation import RealSide, Snapshot
from ganbench_plugins.extractors.frozen import FrozenClassifier
from ganbench_plugins.extractors.raw import build as raw
from ganbench_plugins.scores.class_distance import class_distance

CPU = torch.device("cpu")
K, D, EACH = 5, 4, 100
CENTRES = 1.5 * torch.randn(K, D, generator=torch.Generator().manual_seed(0))
WIDTHS = torch.linspace(0.7, 1.3, K)
TRAIN = [50, 9, 30, 20, 40]
"""Of five classes one is the head, one the middle, and three are the tail."""


def samples(counts: list[int], seed: int) -> tuple[Tensor, Tensor]:
    """Clusters, each with a width of its own, in an order that says nothing."""
    own = torch.Generator().manual_seed(seed)
    labels = torch.arange(len(counts)).repeat_interleave(torch.tensor(counts))
    labels = labels[torch.randperm(len(labels), generator=own)]
    noise = torch.randn(len(labels), D, generator=own)
    return CENTRES[labels] + WIDTHS[labels, None] * noise, labels


def data_of(counts: list[int], train: list[int] = TRAIN, **changes: Any) -> Data:
    (train_points, train_labels), (points, labels) = samples(train, 1), samples(counts, 2)
    fields = {
        "info": DataInfo(name="clusters", modality="points", shape=(D,), classes=len(counts)),
        "train": train_points,
        "heldout": points,
        "train_labels": train_labels,
        "heldout_labels": labels,
    }
    return Data(**{**fields, **changes})


def nearest(features: Tensor) -> Tensor:
    """The class whose centre is nearest: one in four times mistaken, where clusters overlap."""
    return torch.cdist(features, CENTRES).argmin(dim=1)


def snapshot(
    data: Data,
    fakes: Tensor,
    labels: Tensor | None = None,
    classify: Callable[[Tensor], Tensor] = nearest,
    classes: int = K,
) -> Snapshot:
    def build(name: str) -> Any:
        if name == "raw":
            return raw(data, CPU)
        return FrozenClassifier(
            classes=classes, channels=1, classify=classify, id="centres@12", layer="points",
            features=lambda batch: batch, device=CPU, batch=100,
        )  # fmt: skip

    return Snapshot(RealSide(data, "heldout", CPU, build), fakes, labels)


def measured(
    of: Snapshot, distance: str = "kid", judge: str = "centres", each: bool = True
) -> dict[str, Measurement]:
    """By the first part of the key, without the distance's name."""
    found = class_distance(of, extractor="raw", judge=judge, distance=distance, each=each)
    names = [one.key.partition("/")[0].replace(f"_{distance}", "") for one in found]
    return dict(zip(names, found, strict=True))
