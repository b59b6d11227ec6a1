"""Whether conditional generators draw what they are asked for, as a frozen classifier sees it.

Odena et al. 2017 (arXiv:1610.09585) report this accuracy of their fakes under a classifier that is
not their own discriminator. Here the real side goes through the same classifier, and its accuracy
is what a perfect generator reaches: a classifier's errors are on both sides.

Trap avoided: who judges is the frozen extractor, and not the model's own classifier, which the
generator was trained to please.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from ganbench import Classifier, Evaluation, FeatureColumn, Measurement, UsageError

if TYPE_CHECKING:
    from torch import Tensor


def intended(evaluation: Evaluation, *, extractor: str) -> list[Measurement]:
    """Share of fakes that are of the class they were made for.

    Raises:
        UsageError: fakes were made for no class, the extractor is no classifier, or the real side
            has no classes.
    """
    if evaluation.fake_labels is None:
        raise UsageError(
            "score intended-class is about generators that are told a class, and this one is not",
            "leave the score out, or run cgan, acgan or projection",
        )
    column, data = FeatureColumn(evaluation, extractor), evaluation.data
    network = cast("Classifier", evaluation.extractor(extractor))
    if not hasattr(network, "classify"):
        raise UsageError(
            f"score intended-class needs a classifier, {column.network} only extracts features",
            "use intended-class[extractor=classifier]",
        )
    labels = data.heldout_labels if evaluation.split == "heldout" else data.train_labels
    if labels is None:
        raise UsageError(f"score intended-class needs the classes of {data.info.name}")
    real = labels[: len(column.real)]
    ceiling = evaluation.once(
        f"intended/{extractor}", lambda: accuracy(network.classify(column.real), real)
    )
    found = accuracy(network.classify(column.fake), evaluation.fake_labels)
    return [column.share("intended", found, ceiling)]


def accuracy(found: Tensor, wanted: Tensor) -> float:
    """Share of (N,) classes that are the wanted ones."""
    return float((found.cpu() == wanted.cpu()).double().mean())
