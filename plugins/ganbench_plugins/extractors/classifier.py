"""A small classifier of the data set's own classes: an extractor that needs no download.

It is trained once per data set on the real *train* split, frozen, and kept in the cache. Distances
in its embedding see lost classes better than Inception does, and fine texture worse; they are
never FID.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from ganbench import Classifier, Data, DataInfo, ExtractorSpec, UsageError, cache, hookimpl

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from ganbench_plugins.extractors.classifier_recipe import Weights

MIN_WIDTH, MAX_WIDTH = 8, 64
SIDES = range(8, 65)
BATCH = 500


def build(data: Data, device: torch.device) -> Classifier:
    """The classifier of `data`, trained now unless the cache has it.

    Stacked data are seen channel by channel with the classifier of the data that were stacked.

    Raises:
        UsageError: the samples are no images of 8 to 64 pixels, or have no labels.
    """
    from ganbench_plugins.extractors.frozen import FrozenClassifier

    base, channels = data.channels_of or data, 1
    if data.channels_of is not None:
        channels = data.info.channels
    weights = frozen_weights(base)
    on_device = {key: tensor.to(device) for key, tensor in weights.items()}
    name = data.info.name.partition("[")[0].partition(":")[0]
    return FrozenClassifier(
        classes=len(weights["head.bias"]) ** channels,
        channels=channels,
        classify=partial(classes_of, on_device, channels),
        id=f"classifier-{name}@{digest(weights)[:8]}",
        layer="embedding",
        features=partial(features_of, on_device, channels),
        device=device,
        batch=BATCH,
    )


def features_of(weights: Weights, channels: int, batch: Tensor) -> Tensor:
    """(B, d) embeddings; of stacked channels side by side."""
    from ganbench_plugins.extractors.classifier_recipe import embed

    images = batch if channels == 1 else batch.flatten(0, 1).unsqueeze(1)
    return embed(weights, images).view(len(batch), -1)


def classes_of(weights: Weights, channels: int, features: Tensor) -> Tensor:
    """(N,) classes; of stacked channels the number with their classes as digits."""
    import torch

    from ganbench_plugins.extractors.classifier_recipe import classify

    digits = classify(weights, features.view(len(features), channels, -1)).argmax(dim=2)
    base = len(weights["head.bias"])
    places = base ** torch.arange(channels - 1, -1, -1, device=features.device)
    return (digits * places).sum(dim=1)


def frozen_weights(data: Data) -> Weights:
    """The trained weights, from the cache or trained under its lock.

    Raises:
        UsageError: as `build`.
    """
    from ganbench_plugins.extractors.classifier_recipe import RECIPE, names, train

    labels, classes = _labels(data)
    order = names(data.train.shape[-1])

    def compute() -> tuple[Tensor, ...]:
        weights = train(data.train, labels, classes, width(data))
        return tuple(weights[name] for name in order)

    samples = cache.content_hash({"images": data.train, "labels": labels})
    made = {"recipe": RECIPE, "width": width(data), "names": order, "classes": classes}
    key = {"what": "classifier", **made, "samples": samples}
    weights = cache.tensors("extractors", key, compute, what="the classifier's weights")
    return dict(zip(order, weights, strict=True))


def width(data: Data) -> int:
    """Size of the embedding: a covariance needs at least ten samples per feature."""
    return min(MAX_WIDTH, max(MIN_WIDTH, len(data.heldout) // 10))


def _labels(data: Data) -> tuple[Tensor, int]:
    """The train labels and the number of classes, once `data` is known to be fit to train on."""
    check(data.info)
    if data.train_labels is None or data.info.classes is None:
        raise _unlabelled(data.info)
    return data.train_labels, data.info.classes


def check(info: DataInfo) -> None:
    """Make sure that a classifier of such data can be trained.

    Raises:
        UsageError: as `build`.
    """
    if info.modality != "image" or info.side not in SIDES:
        raise UsageError(
            "the classifier extractor works on images of 8 to 64 pixels, "
            f"{info.name} has {info.modality} {info.shape}"
        )
    if info.classes is None or info.classes < 2:
        raise _unlabelled(info)


def _unlabelled(info: DataInfo) -> UsageError:
    return UsageError(
        f"the classifier extractor needs labels of at least two classes, {info.name} has none",
        "name the classes, one folder of images for each; or choose another extractor behind the "
        "score: [extractor=mobilenetv2-b13], [extractor=inception-v3-compat]",
    )


def digest(weights: Weights) -> str:
    """sha256 of the recipe's number and of every weight."""
    from ganbench_plugins.extractors.classifier_recipe import RECIPE

    return cache.content_hash(weights, salt=f"classifier recipe {RECIPE}")


@hookimpl
def ganbench_extractors() -> list[ExtractorSpec]:
    """The classifier."""
    return [
        ExtractorSpec(
            name="classifier",
            description="64 features of a small classifier trained on the data set's train split",
            modalities=("image",),
            build=build,
            check=check,
            classifies=True,
        )
    ]
