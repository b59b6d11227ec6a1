"""The halves of pairs, each seen by a frozen classifier of its own modality.

`halves[of=first]` and `halves[of=second]` see one half and nothing of the other. `halves` sees
both: their features stand side by side, and the classes of the halves are the digits of one number,
as those of stacked data are.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ganbench import (
    Classifier,
    Data,
    DataInfo,
    ExtractorSpec,
    Parameter,
    UsageError,
    cache,
    hookimpl,
    split_pair,
)
from ganbench_plugins.extractors import audio_classifier, classifier, text_classifier

if TYPE_CHECKING:
    import torch
    from torch import Tensor

CLASSIFIERS = {
    "image": (classifier.check, classifier.build),
    "audio": (audio_classifier.check_classifier, audio_classifier.build_classifier),
    "text": (text_classifier.check, text_classifier.build),
}
"""Of each modality that a half may be of: what checks and what builds its classifier."""

PLACES = ("first", "second")
BATCH = 500


def build(data: Data, device: torch.device, *, of: str) -> Classifier:
    """The classifier of one half, or of both.

    Raises:
        UsageError: the samples are no pairs, have no labels, or a half has no classifier.
    """
    check(data.info, of=of)
    halves = [_half(data, place, device) for place in PLACES if of in (place, "both")]
    return halves[0] if of in PLACES else _both(halves, data, device)


def _half(data: Data, place: str, device: torch.device) -> Classifier:
    from ganbench_plugins.extractors.frozen import FrozenClassifier, short_name

    index, own = PLACES.index(place), _parts(data.info)[PLACES.index(place)]
    _, build_network = CLASSIFIERS[own.modality]
    network = build_network(
        Data(
            info=own,
            train=split_pair(data.train, data.info)[index],
            heldout=split_pair(data.heldout, data.info)[index],
            train_labels=data.train_labels,
            heldout_labels=data.heldout_labels,
        ),
        device,
    )
    return FrozenClassifier(
        classes=network.classes,
        channels=1,
        classify=network.classify,
        id=f"{place}-half-{short_name(own)}@{_digest(network)}",
        layer=network.layer,
        features=lambda pairs: network(split_pair(pairs, data.info)[index]),
        device=device,
        batch=BATCH,
    )


def _both(halves: list[Classifier], data: Data, device: torch.device) -> Classifier:
    """Either half weighs the same: its features' variances add up to about one.

    The scales are powers of two, which lose no bit, and are the same on every machine.
    """
    import torch

    from ganbench_plugins.extractors.frozen import FrozenClassifier, short_name

    seen = [half(data.train) for half in halves]
    scales = [2.0 ** -round(0.5 * float(one.var(dim=0).sum().log2())) for one in seen]
    widths = [one.shape[1] for one in seen]

    def features(pairs: Tensor) -> Tensor:
        both = zip(halves, scales, strict=True)
        return torch.cat([half(pairs) * scale for half, scale in both], dim=1)

    def classify(features: Tensor) -> Tensor:
        parts = zip(halves, torch.split(features, widths, dim=1), scales, strict=True)
        first, second = (half.classify(part / scale) for half, part, scale in parts)
        return first * halves[1].classes + second

    salt = " ".join([*(_digest(half) for half in halves), *map(str, scales)])
    return FrozenClassifier(
        classes=halves[0].classes * halves[1].classes,
        channels=2,
        classify=classify,
        id=f"halves-{short_name(data.info)}@{cache.content_hash({}, salt=salt)[:8]}",
        layer="embeddings",
        features=features,
        device=device,
        batch=BATCH,
    )


def check(info: DataInfo, *, of: str) -> None:
    """Make sure that classifiers of such halves can be trained.

    Raises:
        UsageError: as `build`.
    """
    if info.halves is None:
        raise UsageError(
            f"the extractor halves sees pairs, {info.name} has {info.modality} {info.shape}"
        )
    for place, own in zip(PLACES, _parts(info), strict=True):
        if of not in (place, "both"):
            continue
        if own.modality not in CLASSIFIERS:
            raise UsageError(
                f"the extractor halves has no classifier of {own.modality}, of which the {place} "
                f"half of {info.name} is",
                f"it has one of {', '.join(CLASSIFIERS)}",
            )
        check_network, _ = CLASSIFIERS[own.modality]
        check_network(own)


def _parts(info: DataInfo) -> list[DataInfo]:
    """Both halves, with the classes of the pairs."""
    return [replace(half, classes=info.classes) for half in info.halves or ()]


def _digest(network: Classifier) -> str:
    return network.id.partition("@")[2]


@hookimpl
def ganbench_extractors() -> list[ExtractorSpec]:
    """The halves of pairs."""
    return [
        ExtractorSpec(
            name="halves",
            description="classifiers of either half of pairs, trained on the train split",
            modalities=("pair",),
            build=build,
            check=check,
            classifies=True,
            parameters={
                "of": Parameter(
                    default="both", choices=("both", *PLACES), help="which half is seen"
                )
            },
        )
    ]
