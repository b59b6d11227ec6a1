"""Data sets, scores and extractors, each of which breaks one rule and keeps all others."""

from __future__ import annotations

import functools
import os
import random
from typing import Any

from ganbench import (
    Data,
    DataInfo,
    DatasetSpec,
    Extractor,
    ExtractorSpec,
    KnownModes,
    Measurement,
    ScoreSpec,
    hookimpl,
)

GANBENCH_API_VERSION = 2

INFO = DataInfo(name="broken", modality="points", shape=(2,), classes=2)
IMAGES = DataInfo(name="broken", modality="image", shape=(1, 8, 8))


def load(*, fault: str) -> Data:
    """Two Gaussians in the plane, with one fault."""
    import torch

    seed = int.from_bytes(os.urandom(6), "big") if fault == "entropy" else 5
    own = torch.Generator().manual_seed(seed)
    if fault == "global":
        torch.manual_seed(0)
    if fault == "dark":
        bits = torch.randint(0, 2, (300, 1, 8, 8), generator=own).to(torch.uint8)
        return Data(info=IMAGES, train=bits[:200], heldout=bits[200:])
    centres = torch.tensor([[-2.0, 0.0], [2.0, 0.0]])
    labels = torch.arange(300) % 2
    points = centres[labels] + 0.1 * torch.randn(300, 2, generator=own)
    if fault == "infinite":
        points[0, 0] = float("inf")
    labels = labels + 1 if fault == "labels" else labels
    centres = centres + 9 if fault == "modes" else centres
    train, heldout = points[:200], points[200:]
    if fault == "leak":
        heldout = train[:100]
    return Data(
        info=INFO,
        train=train.double() if fault == "double" else train,
        heldout=heldout,
        train_labels=labels[:200],
        heldout_labels=labels[200:],
        modes=KnownModes(centres=centres, sigma=0.1),
    )


def describe(fault: str) -> DataInfo:
    if fault == "dark":
        return IMAGES
    if fault == "description":
        return DataInfo(name="broken", modality="points", shape=(3,), classes=2)
    return INFO


DATASETS = {
    "description": "dataset-description",
    "infinite": "dataset-samples",
    "double": "dataset-samples",
    "dark": "dataset-samples",
    "labels": "dataset-labels",
    "modes": "dataset-labels",
    "entropy": "dataset-repeatable",
    "leak": "dataset-disjoint",
    "global": "global-state",
    "unlicensed": "metadata",
}


def compute(evaluation: Any, *, fault: str) -> list[Measurement]:
    """Distance of the means, with one fault."""
    import torch

    fakes, real = evaluation.fakes, evaluation.real
    distance = float((fakes.mean(dim=0) - real.mean(dim=0)).norm())
    if fault == "singular":
        distance = float(1 / fakes.std()) if fakes.var(dim=0).sum() > 0 else float("nan")
    if fault == "beyond":
        distance = 2 + distance
    if fault == "early":  # a run tries its scores before its first step
        distance /= evaluation.steps
    if fault == "entropy":
        distance += 1e-6 * float(torch.rand(()))
    if fault == "global":
        random.seed(0)
    if fault == "in-place":
        fakes.sub_(fakes.mean(dim=0))
    return [
        Measurement(
            key=f"mean/{len(fakes)}",
            label="" if fault == "unnamed" else "mean",
            value=distance,
            direction="target" if fault == "aimless" else "lower",
            n_fake=len(fakes),
            lowest=0.0,
            highest=1.0 if fault == "beyond" else None,
        )
    ]


SCORES = {
    "unnamed": "score-columns",
    "aimless": "score-columns",
    "singular": "score-values",
    "beyond": "score-values",
    "early": "score-values",
    "drawing": "score-values",
    "entropy": "score-repeatable",
    "in-place": "score-pure",
    "global": "global-state",
}


def draw(evaluation: Any) -> dict[str, bytes]:
    """No picture."""
    return {"plane": b"GIF89a"}


def extract(data: Data, device: Any, *, fault: str) -> Extractor:
    """A random projection, with one fault."""
    import torch

    class Projection:
        layer = "projection"

        def __init__(self) -> None:
            seed = int.from_bytes(os.urandom(6), "big") if fault == "entropy" else 1
            own = torch.Generator().manual_seed(seed)
            self.id = "" if fault == "nameless" else "projection@1"
            self.weights = torch.randn(data.info.features, 3, generator=own)
            self.calls = 0

        def __call__(self, samples: Any) -> Any:
            if fault == "global":
                random.random()  # noqa: S311
            found = samples.flatten(1).float() @ self.weights
            if fault == "batches":
                found = found - found.mean(dim=0)
            if fault == "moving":
                self.calls += 1
                found = found * self.calls
            return found.double() if fault == "double" else found

    return Projection()


EXTRACTORS = {
    "double": "extractor-features",
    "nameless": "extractor-features",
    "wider": "extractor-features",
    "judge": "extractor-features",
    "entropy": "extractor-repeatable",
    "moving": "extractor-frozen",
    "batches": "extractor-batches",
    "global": "global-state",
}


@hookimpl
def ganbench_datasets() -> list[DatasetSpec]:
    return [
        DatasetSpec(
            name=f"dataset-{fault}",
            description=fault,
            paper="made up, 2026",
            licence="" if fault == "unlicensed" else "none needed",
            modalities=("image",) if fault == "dark" else ("points",),
            describe=functools.partial(describe, fault),
            load=functools.partial(load, fault=fault),
        )
        for fault in DATASETS
    ]


@hookimpl
def ganbench_scores() -> list[ScoreSpec]:
    return [
        ScoreSpec(
            name=f"score-{fault}",
            description=fault,
            modalities=("points",),
            compute=functools.partial(compute, fault=fault),
            draw=draw if fault == "drawing" else None,
        )
        for fault in SCORES
    ]


@hookimpl
def ganbench_extractors() -> list[ExtractorSpec]:
    return [
        ExtractorSpec(
            name=f"extractor-{fault}",
            description=fault,
            modalities=("points",),
            build=functools.partial(extract, fault=fault),
            features=4 if fault == "wider" else 3,
            classifies=fault == "judge",
        )
        for fault in EXTRACTORS
    ]
