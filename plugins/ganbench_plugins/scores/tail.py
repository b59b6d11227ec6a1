"""Whether rare classes are there: coverage class by class, from the frequent to the rare ones.

A distance of all samples hardly moves when a generator forgets what is 1 % of its training data. So
each real sample of a balanced split is asked whether a fake lies in the ball of its five nearest
neighbours (`collapse.prdc`, coverage), and the answers are averaged by class, and over the classes
that are frequent, medium and rare in training.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from ganbench import Evaluation, EvaluationInfo, FeatureColumn, Measurement, UsageError
from ganbench_plugins.scores import requirements
from ganbench_plugins.scores.kernels.neighbours import (
    coverage_null,
    covered_samples,
    real_neighbours,
)

if TYPE_CHECKING:
    from torch import Tensor

PARTS = ("head", "medium", "tail")


def class_recall(evaluation: Evaluation, *, extractor: str, each: bool) -> list[Measurement]:
    """Share of each class's real samples that a fake is near to; means over thirds of the classes.

    The null is that of a generator of the real side's own law. One that has learnt a long tail as
    it is has less in the tail.

    Raises:
        UsageError: there are fewer than three classes, no labels, or a class has no real sample.
    """
    requirements.class_recall(EvaluationInfo.of(evaluation), extractor=extractor, each=each)
    column, data = FeatureColumn(evaluation, extractor), evaluation.data
    real_labels = data.heldout_labels if evaluation.split == "heldout" else data.train_labels
    if real_labels is None or data.train_labels is None:
        raise UsageError(f"score class-recall needs labels of both splits of {data.info.name}")
    count = data.info.classes or 0
    if len(missing := set(range(count)) - set(real_labels.tolist())):
        raise UsageError(
            f"score class-recall has no real sample of class {min(missing)} in {evaluation.split}",
            "use more real samples, or leave the score out",
        )
    side = evaluation.once(
        f"neighbours/{extractor}", lambda: real_neighbours(column.real, evaluation.cached)
    )
    recalls = by_class(covered_samples(side, column.fake).cpu(), real_labels, count)
    null = side.reaching * coverage_null(len(column.real), len(column.fake))
    parts = thirds(torch.bincount(data.train_labels, minlength=count))
    shares = [
        column.share(f"{name}_recall", float(recalls[part].mean()), null)
        for name, part in zip(PARTS, parts, strict=True)
    ]
    least = column.share("least_recall", float(recalls.min()), None)
    classes = [
        column.share(f"recall_of_{one}", float(recall), null) for one, recall in enumerate(recalls)
    ]
    return [*shares, least, *(classes if each else ())]


def by_class(covered: Tensor, labels: Tensor, classes: int) -> Tensor:
    """(K,) shares of each class's samples that are covered.

    Args:
        covered, labels: (N,) of each real sample; every class has one.
        classes: K.
    """
    hit = torch.bincount(labels, weights=covered.double(), minlength=classes)
    return hit / torch.bincount(labels, minlength=classes)


def thirds(counts: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """The classes that are frequent, medium and rare; the last third may be larger by two.

    Of ten classes 3, 3 and 4, as in the literature. Equally frequent ones stand in their own order.

    Args:
        counts: (K,) training samples of each class, K >= 3.
    """
    ranked = torch.argsort(counts, descending=True, stable=True)
    one, two = len(counts) // 3, 2 * (len(counts) // 3)
    return ranked[:one], ranked[one:two], ranked[two:]
