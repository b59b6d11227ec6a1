"""From one evaluation to measurements: each function here is the `compute` of a built-in score.

They join the kernels beside them to what a table needs: the column's identity, its floor and cap,
its null, its direction.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable

import torch
from torch import Tensor

from ganbench.api.data import KnownModes
from ganbench.api.errors import UsageError
from ganbench.api.scores import Evaluation, Measurement
from ganbench.scoring.frechet import (
    distance_cap,
    frechet_distance,
    gaussian_statistics,
    noise_floor,
)
from ganbench.scoring.modes import (
    high_quality_floor,
    known_modes,
    reverse_kl_floor,
    tv_floor,
)
from ganbench.scoring.neighbours import (
    coverage_null,
    neighbour_scores,
    normalised_coverage,
    real_neighbours,
)
from ganbench.scoring.wasserstein import sliced_wasserstein_squared, wasserstein_squared

INCEPTION = "inception-v3-compat"
"""The one extractor whose Fréchet distance may be called FID."""

FULL_FID = 50_000

FLOOR_PAIRS = 4
"""Pairs of disjoint real samples over which a measured floor is averaged."""


def frechet(evaluation: Evaluation, *, extractor: str) -> list[Measurement]:
    """The Fréchet distance; named FID for the extractor that defines it, and for no other."""
    real, fake = evaluation.real_features(extractor), evaluation.fake_features(extractor)
    statistics = evaluation.once(f"gaussian/{extractor}", lambda: gaussian_statistics(real))
    n_real, n_fake = len(real), len(fake)
    floor = evaluation.once(
        f"frechet-floor/{extractor}/{n_fake}", lambda: noise_floor(statistics, n_real, n_fake)
    )
    network = evaluation.extractor(extractor)
    whole_train_split = evaluation.split == "train"
    label = frechet_label(network.id, n_fake, whole_train_split)
    return [
        Measurement(
            key=f"fd/{network.id}/{network.layer}/{evaluation.split}/{n_real}x{n_fake}",
            label=label,
            value=frechet_distance(statistics, fake),
            panel="distance",
            floor=floor,
            cap=distance_cap(statistics),
            n_real=n_real,
            n_fake=n_fake,
        )
    ]


def frechet_label(extractor_id: str, n_fake: int, against_train: bool) -> str:
    """`FID` for 50,000 fakes against the full train split through the Inception network of 2015;
    `FID-10k` and the like for other counts of the same; `FD[...]` for anything else."""
    name = extractor_id.split("@")[0]
    if name != INCEPTION or not against_train:
        return f"FD[{name}]"
    if n_fake == FULL_FID:
        return "FID"
    return f"FID-{n_fake // 1000}k" if n_fake % 1000 == 0 else f"FID-{n_fake}"


def prdc(evaluation: Evaluation, *, extractor: str) -> list[Measurement]:
    """Precision and recall (k = 3), density and coverage (k = 5), near-duplicates."""
    real, fake = evaluation.real_features(extractor), evaluation.fake_features(extractor)
    side = evaluation.once(f"neighbours/{extractor}", lambda: real_neighbours(real))
    scores = neighbour_scores(side, fake)
    n_real, n_fake = len(real), len(fake)
    network = evaluation.extractor(extractor)

    def measurement(
        name: str, value: float, direction: str = "higher", null: float | None = None
    ) -> Measurement:
        return Measurement(
            key=f"{name}/{network.id}/{network.layer}/{evaluation.split}/{n_real}x{n_fake}",
            label=name.replace("_", " "),
            value=value,
            panel="collapse",
            direction=direction,  # type: ignore[arg-type]
            null=null,
            n_real=n_real,
            n_fake=n_fake,
        )

    null = coverage_null(n_real, n_fake)
    normalised = normalised_coverage(scores.coverage, n_real, n_fake)
    return [
        measurement("precision", scores.precision),
        measurement("recall", scores.recall),
        measurement("density", scores.density, "target", 1.0),
        measurement("coverage", scores.coverage, "higher", null),
        measurement("cov_norm", normalised, "higher", 1.0),
        measurement("near_duplicates", scores.near_duplicates, "target", 0.01),
    ]


def modes(evaluation: Evaluation) -> list[Measurement]:
    """The panel of known modes: how many are found, how well and how evenly they are hit."""
    truth = _known(evaluation)
    centres = truth.centres.to(evaluation.fakes.device)
    panel = known_modes(evaluation.fakes, centres, truth.sigma)
    count, n_fake = len(centres), len(evaluation.fakes)
    quality = high_quality_floor(centres.shape[1])
    high = max(1, round(quality * n_fake))
    rows = (
        ("modes", "modes", "higher", float(count)),
        ("modes10", "modes10", "higher", float(count)),
        ("high_quality", "high quality", "higher", quality),
        ("reverse_kl", "reverse KL", "lower", reverse_kl_floor(count, high)),
        ("tv", "TV", "lower", tv_floor(count, high)),
    )
    return [
        Measurement(
            key=f"{name}/{count}@{n_fake}",
            label=label,
            value=panel[name],
            panel="collapse",
            direction=direction,  # type: ignore[arg-type]
            null=null,
            n_fake=n_fake,
            unit="nats" if name == "reverse_kl" else "",
        )
        for name, label, direction, null in rows
    ]


def exact_wasserstein(evaluation: Evaluation, *, samples: int) -> list[Measurement]:
    """The exact squared 2-Wasserstein distance between equally many points."""
    return [_transport(evaluation, "w2", "W2²", wasserstein_squared, samples)]


def sliced_wasserstein(evaluation: Evaluation) -> list[Measurement]:
    """The squared 2-Wasserstein distance, averaged over 256 directions."""
    count = min(len(evaluation.fakes), len(evaluation.real))
    return [_transport(evaluation, "sliced-w2", "sliced W2²", sliced_wasserstein_squared, count)]


def _transport(
    evaluation: Evaluation,
    name: str,
    label: str,
    distance: Callable[[Tensor, Tensor], float],
    n: int,
) -> Measurement:
    """A transport distance on raw coordinates, with its floor measured on real samples."""
    if len(evaluation.fakes) < n or len(evaluation.real) < n:
        raise UsageError(f"score {name} needs {n} real and as many generated samples")
    real = evaluation.real[:n]

    def floor() -> float:
        return _mean(distance(real, other) for other in _disjoint_from(evaluation, n))

    def cap() -> float:
        return distance(real, real.mean(dim=0).expand_as(real))

    return Measurement(
        key=f"{name}/raw/{evaluation.split}/{n}x{n}",
        label=label,
        value=distance(real, evaluation.fakes[:n]),
        panel="distance",
        floor=evaluation.once(f"{name}-floor/{n}", floor),
        cap=evaluation.once(f"{name}-cap/{n}", cap),
        n_real=n,
        n_fake=n,
    )


def _disjoint_from(evaluation: Evaluation, n: int) -> Iterable[Tensor]:
    """Real sets of n samples each that have none in common with the reference or one another."""
    rest = evaluation.real[n:]
    if evaluation.split == "heldout":
        rest = torch.cat([rest, evaluation.data.train.to(rest.device)])
    sets = [rest[i : i + n] for i in range(0, len(rest) - n + 1, n)][:FLOOR_PAIRS]
    if not sets:
        raise UsageError(
            f"{evaluation.data.info.name} has too few samples for a noise floor at {n}"
        )
    return sets


def _mean(values: Iterable[float]) -> float:
    listed = list(values)
    return math.fsum(listed) / len(listed)


def _known(evaluation: Evaluation) -> KnownModes:
    modes = evaluation.data.modes
    if modes is None:
        raise UsageError(f"the modes of {evaluation.data.info.name} are not known")
    return modes
