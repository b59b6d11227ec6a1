"""A small classifier of texts by their classes: an extractor that needs no download.

It is trained by the recipe of the classifier of images, on the real *train* split. It reads three
neighbouring tokens at a time, and knows where in the text they stand.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from ganbench import Classifier, Data, DataInfo, ExtractorSpec, UsageError, cache, hookimpl

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from ganbench_plugins.extractors.classifier_recipe import Weights

CHANNELS = 32
BATCH = 500


def build(data: Data, device: torch.device) -> Classifier:
    """The classifier of `data`, trained now unless the cache has it.

    Raises:
        UsageError: the samples are no texts, or have no labels.
    """
    from ganbench_plugins.extractors.classifier_recipe import RECIPE, classify
    from ganbench_plugins.extractors.frozen import FrozenClassifier, short_name

    weights = frozen_weights(data)
    digest = cache.content_hash(weights, salt=f"text classifier recipe {RECIPE}")
    on_device = {key: tensor.to(device) for key, tensor in weights.items()}
    return FrozenClassifier(
        classes=len(weights["head.bias"]),
        channels=1,
        classify=lambda features: classify(on_device, features).argmax(dim=1),
        id=f"text-classifier-{short_name(data.info)}@{digest[:8]}",
        layer="embedding",
        features=partial(embed, on_device),
        device=device,
        batch=BATCH,
    )


def embed(weights: Weights, texts: Tensor) -> Tensor:
    """Embedding (B, width) of texts (B, positions) int64, in the weights' own precision."""
    import torch.nn.functional as F

    kernel = weights["trigrams.weight"]
    seen = F.one_hot(texts, kernel.shape[1]).to(kernel.dtype).mT
    read = F.gelu(F.conv1d(seen, kernel, weights["trigrams.bias"], padding=1))
    return F.linear(read.flatten(1), weights["embedding.weight"], weights["embedding.bias"])


def frozen_weights(data: Data) -> Weights:
    """The trained weights, from the cache or trained under its lock.

    Raises:
        UsageError: as `build`.
    """
    from ganbench_plugins.extractors.classifier import width
    from ganbench_plugins.extractors.classifier_recipe import RECIPE, drawn, fit

    check(data.info)
    labels, classes = data.train_labels, data.info.classes
    if labels is None or classes is None:
        raise _unlabelled(data.info)
    positions, tokens = data.info.shape
    layers: dict[str, tuple[int, ...]] = {
        "trigrams": (CHANNELS, tokens, 3),
        "embedding": (width(data), positions * CHANNELS),
        "head": (classes, width(data)),
    }
    names = [f"{layer}.{part}" for layer in layers for part in ("weight", "bias")]

    def compute() -> tuple[Tensor, ...]:
        weights = fit(drawn(list(layers.items())), embed, data.train, labels)
        return tuple(weights[name] for name in names)

    samples = cache.content_hash({"texts": data.train, "labels": labels})
    key = {"what": "text-classifier", "recipe": RECIPE, "layers": layers, "samples": samples}
    weights = cache.tensors("extractors", key, compute, what="the classifier's weights")
    return dict(zip(names, weights, strict=True))


def check(info: DataInfo) -> None:
    """Make sure that a classifier of such data can be trained.

    Raises:
        UsageError: as `build`.
    """
    if info.modality != "text":
        raise UsageError(
            f"the text-classifier extractor reads texts, {info.name} has "
            f"{info.modality} {info.shape}"
        )
    if info.classes is None or info.classes < 2:
        raise _unlabelled(info)


def _unlabelled(info: DataInfo) -> UsageError:
    return UsageError(
        f"the text-classifier extractor needs labels of at least two classes, {info.name} has none"
    )


@hookimpl
def ganbench_extractors() -> list[ExtractorSpec]:
    """The classifier of texts."""
    return [
        ExtractorSpec(
            name="text-classifier",
            description="64 features of a small classifier of texts, trained on the train split",
            modalities=("text",),
            build=build,
            check=check,
            classifies=True,
        )
    ]
