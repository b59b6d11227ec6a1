"""A plugin that somebody else might write: sounds, texts, tables and pairs, small enough to learn.

Everything but images and points: four data sets, one model for all of them, one extractor.
"""

from __future__ import annotations

import math
from functools import partial
from typing import Any

from ganbench import (
    Categorical,
    Data,
    DataInfo,
    DatasetSpec,
    ExtractorSpec,
    Latent,
    ModelSpec,
    Networks,
    Numeric,
    Parameter,
    Vocabulary,
    hookimpl,
    join_pair,
    output_layer,
    split_pair,
)

TRAIN, HELDOUT = 600, 400
RATE, SAMPLES = 8_000, 512
PITCHES = {"low": 300.0, "mid": 800.0, "high": 2_000.0, "top": 3_500.0}
LETTERS = Vocabulary(tokens=("", *sorted({letter for name in PITCHES for letter in name})))
LENGTH = 5

TONES = DataInfo(name="tones", modality="audio", shape=(1, SAMPLES), classes=4, rate=RATE)
NAMES = DataInfo(
    name="names", modality="text", shape=(LENGTH, len(LETTERS)), classes=4, vocabulary=LETTERS
)
COLUMNS = (
    Numeric(name="weight", low=0, high=20, modes=((4, 1), (12, 1))),
    Numeric(name="legs", low=2, high=4, whole=True),
    Categorical(name="kind", categories=("bird", "cat")),
)
ANIMALS = DataInfo(
    name="animals",
    modality="tabular",
    shape=(sum(column.width for column in COLUMNS),),
    classes=2,
    schema=COLUMNS,
)
NAMED_TONES = DataInfo(
    name="named-tones",
    modality="pair",
    shape=(TONES.features + NAMES.features,),
    classes=4,
    halves=(TONES, NAMES),
)


def _split(info: DataInfo, samples: Any, labels: Any) -> Data:
    return Data(
        info=info,
        train=samples[:TRAIN],
        heldout=samples[TRAIN:],
        train_labels=labels[:TRAIN],
        heldout_labels=labels[TRAIN:],
    )


def _draw(seed: int) -> tuple[Any, Any]:
    """Classes 0, 1, 2, 3, 0, ..., and the numbers to draw with."""
    import torch

    return torch.arange(TRAIN + HELDOUT) % 4, torch.Generator().manual_seed(seed)


def _tones(labels: Any, random: Any) -> Any:
    """(N, 1, SAMPLES) int16 sines of a random phase."""
    import torch

    pitch = torch.tensor(list(PITCHES.values()))[labels]
    phase = 2 * math.pi * torch.rand(len(labels), generator=random)
    time = torch.arange(SAMPLES) / RATE
    waves = torch.sin(2 * math.pi * pitch[:, None] * time + phase[:, None])
    return (16_000 * waves).short()[:, None]


def _names(labels: Any) -> Any:
    """(N, LENGTH) int64 names of pitches."""
    import torch

    return torch.tensor([LETTERS.numbers(name, LENGTH) for name in PITCHES])[labels]


def load_tones() -> Data:
    """Sines of four pitches."""
    labels, random = _draw(1)
    return _split(TONES, _tones(labels, random), labels)


def load_names() -> Data:
    """The names of the pitches."""
    labels, _ = _draw(2)
    return _split(NAMES, _names(labels), labels)


def load_animals() -> Data:
    """Light birds with two legs, heavy cats with four."""
    import torch

    labels, random = _draw(3)
    kind = labels % 2
    weight = 4 + 8 * kind + torch.randn(len(kind), generator=random).clamp(-3, 3)
    return _split(ANIMALS, torch.stack([weight, 2 + 2 * kind, kind], dim=1), kind)


def load_named_tones() -> Data:
    """Pitches with their names."""
    labels, random = _draw(4)
    return _split(NAMED_TONES, join_pair(_tones(labels, random), _names(labels)), labels)


def build(data: DataInfo, *, width: int) -> Networks:
    """Two hidden layers each way, whatever the samples are."""
    from torch import nn

    return Networks(
        generator=nn.Sequential(
            nn.Linear(16, width),
            nn.ReLU(),
            nn.Linear(width, width),
            nn.ReLU(),
            nn.Linear(width, data.features),
            nn.Unflatten(1, data.shape),
            output_layer(data),
        ),
        discriminator=nn.Sequential(
            nn.Flatten(),
            nn.Linear(data.features, width),
            nn.LeakyReLU(0.2),
            nn.Linear(width, width),
            nn.LeakyReLU(0.2),
            nn.Linear(width, 1),
        ),
        latent=Latent(size=16),
    )


class Summary:
    """A few numbers of each sample: loudness in bands, counts of letters, columns."""

    id = "summary@1"
    layer = "numbers"

    def __init__(self, info: DataInfo, device: Any) -> None:
        self._info, self._device = info, device

    def __call__(self, samples: Any) -> Any:
        return _numbers(samples.to(self._device), self._info)


def _numbers(samples: Any, info: DataInfo) -> Any:
    """(N, d) float32 of stored samples."""
    import torch

    match info.modality:
        case "audio":
            spectrum = torch.fft.rfft(samples.float() / 2**15).abs()[:, 0, :256]
            return (1 + spectrum.reshape(len(samples), 16, 16).mean(dim=2)).log()
        case "text":
            tokens = torch.arange(info.shape[1], device=samples.device)
            return (samples[:, :, None] == tokens).float().mean(dim=1)
        case "pair":
            assert info.halves is not None
            parts = zip(split_pair(samples, info), info.halves, strict=True)
            return torch.cat([_numbers(part, half) for part, half in parts], dim=1)
        case _:
            return samples.flatten(1).float()


def extract(data: Data, device: Any) -> Summary:
    """The extractor of that data's samples."""
    return Summary(data.info, device)


def _described(info: DataInfo) -> DataInfo:
    return info


@hookimpl
def ganbench_datasets() -> list[DatasetSpec]:
    """One data set of every modality that ganbench itself has none of."""
    return [
        DatasetSpec(
            name=info.name,
            description=(load.__doc__ or "").rstrip("."),
            paper="made for the tests of ganbench, 2026",
            modalities=(info.modality,),
            describe=partial(_described, info),
            load=load,
            licence="CC0-1.0",
        )
        for info, load in (
            (TONES, load_tones),
            (NAMES, load_names),
            (ANIMALS, load_animals),
            (NAMED_TONES, load_named_tones),
        )
    ]


@hookimpl
def ganbench_models() -> list[ModelSpec]:
    """The model."""
    return [
        ModelSpec(
            name="plain",
            description="two hidden layers each way",
            build=build,
            parameters={"width": Parameter(default=64, minimum=1, help="units of a layer")},
        )
    ]


@hookimpl
def ganbench_extractors() -> list[ExtractorSpec]:
    """The extractor."""
    return [ExtractorSpec(name="summary", description="a few numbers of a sample", build=extract)]
