"""Whether the halves of a pair belong together, as frozen classifiers of either half see it."""

from __future__ import annotations

import math
from typing import cast

import torch
from torch import Tensor

from ganbench import Classifier, Evaluation, FeatureColumn, Measurement, UsageError


def agreement(evaluation: Evaluation, *, extractor: str) -> list[Measurement]:
    """The share of fakes whose halves are of one class, and what chance would give them.

    Both are beside those of the real samples, which go through the same classifiers: their errors
    are on both sides.

    Raises:
        UsageError: the extractor does not tell the classes of several parts.
    """
    column = FeatureColumn(evaluation, extractor)
    network = cast("Classifier", evaluation.extractor(extractor))
    if getattr(network, "channels", 1) < 2:
        raise UsageError(
            f"score agreement needs the classes of both halves, {column.network} tells none of two",
            "use agreement[extractor=halves]",
        )
    shares = evaluation.once(f"agreement/{extractor}", lambda: joint_shares(network, column.real))
    real, real_chance = agreeing(shares), by_chance(shares)
    found = joint_shares(network, column.fake)
    return [
        column.measurement(
            "agreement",
            agreeing(found),
            "quality",
            "higher",
            null=real,
            null_error=math.sqrt(real * (1 - real) / len(column.real)),
            highest=1.0,
        ),
        column.measurement(
            "chance_agreement",
            by_chance(found),
            "quality",
            "target",
            null=real_chance,
            highest=1.0,
        ),
    ]


def joint_shares(network: Classifier, features: Tensor) -> Tensor:
    """(K, ..., K) float64: how often each combination of the parts' classes occurs.

    Args:
        network: tells the classes of its `channels` parts as digits of one number.
        features: (N, d), its own.
    """
    base = round(network.classes ** (1 / network.channels))
    counts = torch.bincount(network.classify(features).cpu(), minlength=network.classes)
    return (counts.double() / len(features)).view((base,) * network.channels)


def agreeing(shares: Tensor) -> float:
    """The share of samples all of whose parts are of one class."""
    return float(sum(shares[(place,) * shares.ndim] for place in range(len(shares))))


def by_chance(shares: Tensor) -> float:
    """What `agreeing` is where parts with the same shares of classes are put together at random:
    the products of these shares, added up over the classes."""
    parts = range(shares.ndim)
    alone = [shares.sum(dim=[other for other in parts if other != part]) for part in parts]
    return float(torch.stack(alone).prod(dim=0).sum())
