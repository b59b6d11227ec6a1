"""How far the fakes are from the data: Fréchet, kernel and transport distances."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from ganbench import (
    Evaluation,
    EvaluationInfo,
    FeatureColumn,
    Measurement,
    SelfComparison,
)
from ganbench_plugins.scores import requirements
from ganbench_plugins.scores.kernels.frechet import (
    GaussianStatistics,
    distance_cap,
    frechet_distance,
    gaussian_statistics,
    noise_floor,
)
from ganbench_plugins.scores.kernels.mmd import kernel_distance, real_kernel
from ganbench_plugins.scores.kernels.validation import centre_of
from ganbench_plugins.scores.kernels.wasserstein import (
    sliced_wasserstein_squared,
    wasserstein_squared,
)

INCEPTION = "inception-v3-compat"
"""The one extractor whose Fréchet distance may be called FID."""

FULL_FID = 50_000

EXACT_PAIRS, SLICED_PAIRS = 32, 400
"""Pairs of real sets over which a floor is averaged at most: an exact matching of a thousand points
takes a tenth of a second, a sliced one of 2,500 a tenth of that."""


def frechet(evaluation: Evaluation, *, extractor: str) -> list[Measurement]:
    """The Fréchet distance; named FID for the extractor that defines it, and for no other."""
    requirements.frechet(EvaluationInfo.of(evaluation), extractor=extractor)
    column = FeatureColumn(evaluation, extractor)
    statistics = evaluation.once(
        f"gaussian/{extractor}", lambda: gaussian_statistics(column.real, evaluation.cached)
    )
    n_fake = len(column.fake)
    floor = evaluation.once(
        f"frechet-floor/{extractor}/{n_fake}", lambda: noise_floor(statistics, statistics.n, n_fake)
    )
    measured = _measured_floor(column, statistics, floor)
    return [
        column.measurement(
            "fd",
            frechet_distance(statistics, column.fake),
            "distance",
            "lower",
            label=frechet_label(column.network, n_fake, evaluation.split == "train"),
            floor=floor,
            measured_floor=None if measured is None else measured.mean,
            floor_error=None if measured is None else measured.error,
            floor_spread=None if measured is None else measured.spread,
            cap=distance_cap(statistics),
        )
    ]


def _measured_floor(
    column: FeatureColumn, statistics: GaussianStatistics, floor: float
) -> SelfComparison | None:
    """The distance between disjoint parts of the real samples, brought to the counts in use.

    There is no second real set as large as the reference: as many of it as there are fakes are
    compared with the others, or halves, where there are as many fakes or more. These are farther
    apart than whole sets would be; the closed form, which knows how the floor falls with the
    counts, corrects for that. What it does not know, the true law of the features, is measured.
    None where a part has one sample, or where real samples do not vary, and nothing falls with the
    counts.

    Trap avoided: where there are fewer samples than features, the closed form tells too little of
    the counts. Halves of 2,500 were a fifth too near for 250 fakes with 512 features; parts of
    2,250 and 250 need hardly any correction.
    """
    if statistics.trace == 0:
        return None

    def compare(one: Tensor, other: Tensor) -> float:
        return frechet_distance(gaussian_statistics(one), other)

    parts = column.between_parts("fd", compare, least=2)
    if parts is None:
        return None
    return parts.scaled(floor / noise_floor(statistics, *column.parts()))


def frechet_label(name: str, n_fake: int, against_train: bool) -> str:
    """`FID` for 50,000 fakes against the full train split through the Inception network of 2015.

    Other counts of the same are `FID-10k` and the like, against held-out samples
    `FID-10k[held-out]`; through anything else it is `FD[...]`.
    """
    if name != INCEPTION:
        return f"FD[{name}]"
    count = f"{n_fake // 1000}k" if n_fake % 1000 == 0 else str(n_fake)
    if not against_train:
        return f"FID-{count}[held-out]"
    return "FID" if n_fake == FULL_FID else f"FID-{count}"


def kernel(evaluation: Evaluation, *, extractor: str) -> list[Measurement]:
    """The kernel distance over the full samples: unbiased, so 0 under the real law, at any n."""
    requirements.kernel(EvaluationInfo.of(evaluation), extractor=extractor)
    column = FeatureColumn(evaluation, extractor)
    side = evaluation.once(
        f"kernel/{extractor}", lambda: real_kernel(column.real, evaluation.cached)
    )
    return [
        column.measurement(
            "kid",
            kernel_distance(side, column.fake),
            "distance",
            "lower",
            label="KID" if column.network == INCEPTION else f"KID[{column.network}]",
            null=0.0,
            lowest=None,
        )
    ]


def exact_wasserstein(evaluation: Evaluation, *, samples: int) -> list[Measurement]:
    """The exact squared 2-Wasserstein distance between equally many points."""
    requirements.exact_wasserstein(EvaluationInfo.of(evaluation), samples=samples)
    return [_transport(evaluation, "w2", "W2²", wasserstein_squared, samples, EXACT_PAIRS)]


def sliced_wasserstein(evaluation: Evaluation) -> list[Measurement]:
    """The squared 2-Wasserstein distance, averaged over 256 directions."""
    requirements.sliced_wasserstein(EvaluationInfo.of(evaluation))
    count = min(len(evaluation.fakes), len(evaluation.real))
    return [
        _transport(
            evaluation, "sliced-w2", "sliced W2²", sliced_wasserstein_squared, count, SLICED_PAIRS
        )
    ]


def _transport(
    evaluation: Evaluation,
    name: str,
    label: str,
    distance: Callable[[Tensor, Tensor], float],
    n: int,
    most: int,
) -> Measurement:
    """A transport distance on raw coordinates, with its floor measured on real samples.

    Args:
        evaluation: what is measured.
        name: of the score.
        label: of the column.
        distance: between two sets of equally many points.
        n: how many these are.
        most: comparisons of real sets at most.
    """
    real = evaluation.data.some(evaluation.real, n)

    def floor() -> SelfComparison:
        samples = _all_real(evaluation)
        (found,) = evaluation.cached(
            f"{name}-floor/{n}/{most}",
            [samples],
            lambda: SelfComparison.of(samples, n, distance, most).kept(),
        )
        return SelfComparison.read(found)

    def cap() -> float:
        return distance(real, centre_of(real.double()).expand_as(real))

    found = evaluation.once(f"{name}-floor/{n}", floor)
    return Measurement(
        key=f"{name}/raw/{evaluation.split}/{n}x{n}",
        label=label,
        value=distance(real, evaluation.fakes[:n]),
        panel="distance",
        floor=found.mean,
        floor_error=found.error,
        floor_spread=found.spread,
        cap=evaluation.once(f"{name}-cap/{n}", cap),
        n_real=n,
        n_fake=n,
        lowest=0.0,
    )


def _all_real(evaluation: Evaluation) -> Tensor:
    """The reference and, where that is held out, the training samples: all are of one law."""
    real = evaluation.real
    if evaluation.split != "heldout":
        return real
    return torch.cat([real, evaluation.data.train.to(real.device)])
