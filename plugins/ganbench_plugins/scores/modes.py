"""Modes that can be counted: those of a known mixture, and the classes of labelled data."""

from __future__ import annotations

import math
from typing import cast

import torch
from torch import Tensor

from ganbench import (
    Classifier,
    Direction,
    Evaluation,
    FeatureColumn,
    KnownModes,
    Measurement,
    UsageError,
)
from ganbench_plugins.scores.kernels.modes import (
    class_modes,
    high_quality_floor,
    histogram_floors,
    known_modes,
    reverse_kl_floor,
    tv_floor,
)


def modes(evaluation: Evaluation) -> list[Measurement]:
    """The panel of known modes: how many are found, how well and how evenly they are hit.

    Raises:
        UsageError: the data set's modes are not known.
    """
    truth = _known(evaluation)
    centres = truth.centres.to(evaluation.fakes.device)
    panel = known_modes(evaluation.fakes, centres, truth.sigma)
    count, n_fake = len(centres), len(evaluation.fakes)
    quality = high_quality_floor(centres.shape[1])
    high = max(1, round(quality * n_fake))
    rows: tuple[tuple[str, str, Direction, float, float], ...] = (
        ("modes", "modes", "higher", count, count),
        ("modes10", "modes10", "higher", count, count),
        ("high_quality", "high quality", "higher", quality, 1.0),
        ("reverse_kl", "reverse KL", "lower", reverse_kl_floor(count, high), math.log(count)),
        ("tv", "TV", "lower", tv_floor(count, high), 1 - 1 / count),
    )
    return [
        Measurement(
            key=f"{name}/{count}@{n_fake}",
            label=label,
            value=panel[name],
            panel="collapse",
            direction=direction,
            null=float(null),
            n_fake=n_fake,
            unit="nats" if name == "reverse_kl" else "",
            lowest=0.0,
            highest=float(highest),
        )
        for name, label, direction, null, highest in rows
    ]


def classes(evaluation: Evaluation, *, extractor: str) -> list[Measurement]:
    """The same panel with the classes of labelled data as modes, as a frozen classifier sees them.

    Real samples go through the classifier as well, so that its errors are on both sides.

    Raises:
        UsageError: the extractor is no classifier, or it assigns no real sample to some class.
    """
    column = FeatureColumn(evaluation, extractor)
    network = cast("Classifier", evaluation.extractor(extractor))
    if not hasattr(network, "classify"):
        raise UsageError(
            f"score classes needs a classifier, {column.network} only extracts features",
            "use classes[extractor=classifier]",
        )
    shares, known_from = evaluation.once(
        f"classes/{extractor}", lambda: _shares(network, column.real)
    )
    panel = class_modes(network.classify(column.fake), shares)
    count = len(shares)
    kl_floor, tv_floor = histogram_floors(shares, len(column.fake), known_from)
    return [
        column.measurement(
            "classes", panel["modes"], "collapse", "higher", null=float(count), highest=count
        ),
        column.measurement(
            "classes10", panel["modes10"], "collapse", "higher", null=float(count), highest=count
        ),
        column.measurement(
            "class_kl",
            panel["reverse_kl"],
            "collapse",
            "lower",
            label="class KL",
            null=kl_floor,
            unit="nats",
        ),
        column.measurement(
            "class_tv",
            panel["tv"],
            "collapse",
            "lower",
            label="class TV",
            null=tv_floor,
            highest=1.0,
        ),
    ]


def _shares(network: Classifier, real: Tensor) -> tuple[Tensor, float]:
    """(K,) shares of the classes among real samples, and how many samples they are known from.

    The channels of stacked data are independent, so the shares of their 1,000 classes are products
    of 3 x 10, which thousands of samples tell as good as exactly.
    """
    labels, channels = network.classify(real).cpu(), network.channels
    base = round(network.classes ** (1 / channels))
    shares = torch.ones(1, dtype=torch.float64)
    for place in reversed(range(channels)):
        counts = torch.bincount(labels // base**place % base, minlength=base).double()
        if not bool((counts > 0).all()):
            missing = ", ".join(str(int(one)) for one in (counts == 0).nonzero())
            raise UsageError(
                f"the classifier sees no real sample of class {missing}: nothing to compare with",
                "use more real samples, or leave the score classes out",
            )
        shares = torch.outer(shares, counts / counts.sum()).flatten()
    return shares, math.inf if channels > 1 else float(len(real))


def _known(evaluation: Evaluation) -> KnownModes:
    modes = evaluation.data.modes
    if modes is None:
        raise UsageError(f"the modes of {evaluation.data.info.name} are not known")
    return modes
