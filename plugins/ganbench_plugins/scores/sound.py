"""What is asked of sounds alone: whether they are as loud as real ones, and what they say."""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor

from ganbench import (
    Classifier,
    Evaluation,
    EvaluationInfo,
    FeatureColumn,
    Measurement,
    UsageError,
)
from ganbench_plugins.extractors.audio_classifier import build_log_mel
from ganbench_plugins.scores import requirements
from ganbench_plugins.scores.agreement import agreeing, by_chance

QUIETEST, LOUDEST = 0.01, 0.99
"""Quantiles of real loudness between which a clip is as loud as real ones are."""

VOTERS = 5
"""Nearest training clips, most of which name a clip's class."""

BATCH = 512
"""Clips whose distances to all training clips are in memory at once."""


def loudness(evaluation: Evaluation) -> list[Measurement]:
    """The share of clips whose root mean square lies between the 1 % and the 99 % of real ones.

    Collapse to silence, and to what clips, are the commonest failures of sounds; distances of
    classifiers see either as one more strange sound.
    """
    real, fakes = root_mean_square(evaluation.real), root_mean_square(evaluation.fakes)
    ends = torch.quantile(real, real.new_tensor([QUIETEST, LOUDEST]))
    n_real, n_fake = len(real), len(fakes)

    def within(levels: Tensor) -> float:
        return float(((levels >= ends[0]) & (levels <= ends[1])).double().mean())

    null = within(real)
    return [
        Measurement(
            key=f"loudness/{evaluation.split}/{n_real}x{n_fake}",
            label="loudness",
            value=within(fakes),
            panel="quality",
            direction="target",
            null=null,
            null_error=(null * (1 - null) / min(n_real, n_fake)) ** 0.5,
            n_real=n_real,
            n_fake=n_fake,
            lowest=0.0,
            highest=1.0,
        )
    ]


def root_mean_square(clips: Tensor) -> Tensor:
    """(N,) float64 of clips (N, C, S) int16: 1 is full scale."""
    return (clips.double() / 32_768).square().flatten(1).mean(dim=1).sqrt()


def recognised(evaluation: Evaluation, *, extractor: str) -> list[Measurement]:
    """The share of clips of whose class two judges are of one mind: a frozen classifier, and most
    of the five training clips that are nearest in log-mel; and what chance would give them.

    A classifier alone is sure of what it has never seen, noise included. Two that see differently
    err differently. Real clips go before both as well: their errors are on both sides.

    Raises:
        UsageError: the real clips are the training clips; the extractor is no classifier, or the
            training clips have no classes or are too few.
    """
    requirements.recognised(EvaluationInfo.of(evaluation), extractor=extractor)
    column, data = FeatureColumn(evaluation, extractor), evaluation.data
    network, labels = cast("Classifier", evaluation.extractor(extractor)), data.train_labels
    if not hasattr(network, "classify"):
        raise UsageError(
            f"score recognised needs a classifier, {column.network} only extracts features",
            "use recognised[extractor=audio-classifier]",
        )
    if labels is None:
        raise UsageError(
            f"score recognised needs the classes of {data.info.name}",
            "sort its clips into a folder for each class, or leave the score out",
        )
    if len(labels) < VOTERS:
        raise UsageError(
            f"score recognised asks {VOTERS} training clips, {data.info.name} has {len(labels)}",
            "use more clips, or leave the score out",
        )
    pictures = build_log_mel(data, evaluation.fakes.device)
    known = evaluation.once("recognised/train", lambda: pictures(data.train))

    def shares(features: Tensor, clips: Tensor) -> Tensor:
        votes = elected(pictures(clips), known, labels.to(known.device))
        pairs = network.classify(features) * network.classes + votes
        counts = torch.bincount(pairs.cpu(), minlength=network.classes**2)
        return (counts.double() / len(clips)).view(network.classes, network.classes)

    real = evaluation.once(f"recognised/{extractor}", lambda: shares(column.real, evaluation.real))
    found, null = shares(column.fake, evaluation.fakes), agreeing(real)
    error = (null * (1 - null) / len(column.real)) ** 0.5
    return [
        column.measurement(
            "recognised",
            agreeing(found),
            "quality",
            "higher",
            null=null,
            null_error=error,
            highest=1.0,
        ),
        column.measurement(
            "chance_recognised",
            by_chance(found),
            "quality",
            "target",
            null=by_chance(real),
            highest=1.0,
        ),
    ]


def elected(pictures: Tensor, known: Tensor, labels: Tensor) -> Tensor:
    """(N,) classes that most of the nearest known pictures have; of equally many the lowest.

    Args:
        pictures: (N, d).
        known: (T, d), T at least `VOTERS`.
        labels: (T,) their classes.
    """
    nearest = [
        torch.cdist(batch, known).topk(VOTERS, largest=False).indices
        for batch in torch.split(pictures, BATCH)
    ]
    return labels[torch.cat(nearest)].mode(dim=1).values
