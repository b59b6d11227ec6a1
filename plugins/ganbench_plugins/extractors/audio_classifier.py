"""Extractors of sound: a small classifier of log-mel pictures, and the pictures themselves.

The classifier is that of images, trained by the same recipe on the pictures of the real *train*
split, frozen, and kept in the cache. Log-mel pictures have no phase: sounds of other phases are the
same to both.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from ganbench import (
    Classifier,
    Data,
    DataInfo,
    Extractor,
    ExtractorSpec,
    UsageError,
    cache,
    hookimpl,
)

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from ganbench_plugins.extractors.log_mel import Pictures

BATCH = 256
SHORTEST = 32
"""Samples: one for each moment of a picture."""


def build_classifier(data: Data, device: torch.device) -> Classifier:
    """The classifier of `data`, trained now unless the cache has it.

    Raises:
        UsageError: the samples are no sounds, or have no labels.
    """
    from ganbench_plugins.extractors.classifier import (
        classes_of,
        digest,
        features_of,
        frozen_weights,
    )
    from ganbench_plugins.extractors.frozen import FrozenClassifier, short_name

    check_classifier(data.info)
    pictures = _pictures(data)
    weights = frozen_weights(_seen(data, pictures))
    on_device = {key: tensor.to(device) for key, tensor in weights.items()}
    content = digest({**weights, **pictures.tensors()})

    def features(clips: Tensor) -> Tensor:
        return features_of(on_device, 1, pictures(clips))

    return FrozenClassifier(
        classes=len(weights["head.bias"]),
        channels=1,
        classify=partial(classes_of, on_device, 1),
        id=f"audio-classifier-{short_name(data.info)}@{content[:8]}",
        layer="embedding",
        features=features,
        device=device,
        batch=BATCH,
    )


def build_log_mel(data: Data, device: torch.device) -> Extractor:
    """The pictures of `data`, in [-1, 1]: distances between them need no training.

    Raises:
        UsageError: the samples are no sounds.
    """
    from ganbench_plugins.extractors.frozen import FrozenExtractor, short_name
    from ganbench_plugins.extractors.log_mel import recipe

    check_log_mel(data.info)
    pictures = _pictures(data)
    made = recipe(data.info.shape, pictures.rate)
    seen = cache.content_hash(pictures.tensors(), salt=f"log-mel recipe {made}")

    def features(clips: Tensor) -> Tensor:
        return pictures(clips).flatten(1).float() / 127.5 - 1

    return FrozenExtractor(
        id=f"log-mel-{short_name(data.info)}@{seen[:8]}",
        layer="pictures",
        features=features,
        device=device,
        batch=BATCH,
    )


def check_classifier(info: DataInfo) -> None:
    """Make sure that a classifier of such data can be trained.

    Raises:
        UsageError: as `build_classifier`.
    """
    check_log_mel(info)
    if info.classes is None or info.classes < 2:
        raise UsageError(
            f"the extractor audio-classifier needs labels of at least two classes, {info.name} has "
            "none",
            "choose the extractor log-mel, or name the classes: one folder of sounds for each",
        )


def check_log_mel(info: DataInfo) -> None:
    """Make sure that such data have log-mel pictures.

    Raises:
        UsageError: as `build_log_mel`.
    """
    if info.modality != "audio" or info.shape[-1] < SHORTEST:
        raise UsageError(
            f"log-mel pictures are of sounds of {SHORTEST} samples or more, {info.name} has "
            f"{info.modality} {info.shape}"
        )


def _pictures(data: Data) -> Pictures:
    from ganbench_plugins.extractors.log_mel import SIDE, Pictures, recipe

    assert data.info.rate is not None

    def compute() -> tuple[Tensor, ...]:
        found = Pictures.of(data.train, data.info)
        return found.means, found.deviations

    samples = cache.content_hash({"sounds": data.train})
    number = recipe(data.info.shape, data.info.rate)
    made = {"recipe": number, "side": SIDE, "rate": data.info.rate}
    key = {"what": "log-mel", **made, "samples": samples}
    means, deviations = cache.tensors("extractors", key, compute, what="the levels of log-mels")
    return Pictures(rate=data.info.rate, means=means, deviations=deviations)


def _seen(data: Data, pictures: Pictures) -> Data:
    """The same data as pictures, for the classifier of images."""
    train = pictures(data.train)
    info = replace(data.info, modality="image", shape=tuple(train.shape[1:]), rate=None)
    return replace(data, info=info, train=train, heldout=pictures(data.heldout))


@hookimpl
def ganbench_extractors() -> list[ExtractorSpec]:
    """The classifier of sounds, and their pictures."""
    return [
        ExtractorSpec(
            name="audio-classifier",
            description="64 features of a small classifier of log-mels, trained on the train split",
            modalities=("audio",),
            build=build_classifier,
            check=check_classifier,
            classifies=True,
        ),
        ExtractorSpec(
            name="log-mel",
            description="32x32 log-mel energies as they are, for neighbours rather than moments",
            modalities=("audio",),
            build=build_log_mel,
            check=check_log_mel,
            features=1024,
        ),
    ]
