"""Scores by n-gram language models: quality one way, diversity the other, and both as a curve."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import TYPE_CHECKING

import torch

from ganbench import Evaluation, EvaluationInfo, Measurement
from ganbench_plugins.networks import ngram
from ganbench_plugins.scores import requirements
from ganbench_plugins.scores.text import Column

if TYPE_CHECKING:
    from torch import Tensor

INVERSES = (0.8, 0.9, 1.0, 1.1, 1.25, 1.5, 2.0)
"""Inverse temperatures of a sweep: above 1 a model plays safe."""

SWEPT = 1_000
"""Texts at each temperature; of a generator without one no more than there are fakes."""


def language_model(evaluation: Evaluation, *, n: int) -> list[Measurement]:
    """Bits for a character, both ways: of fakes under an n-gram model of the train split (quality:
    low where they play safe), and of held-out texts under one of the fakes (diversity: low only
    where all of the law is there). Floors are those of as many training texts."""
    requirements.language_model(EvaluationInfo.of(evaluation), n=n)
    column = Column(evaluation)
    reverse = _reverse(column, n)
    forward = _forward(column, n)

    def forward_of_real() -> float:
        return forward(evaluation.data.some(column.real, len(column.fakes)))

    return [
        column.measurement(
            f"lm_reverse_{n}",
            reverse(column.compared),
            "reverse LM",
            "distance",
            "lower",
            of=column.compared,
            unit="bits",
            floor=column.of_train(f"reverse/{n}", reverse),
            highest=None,
        ),
        column.measurement(
            f"lm_{n}",
            forward(column.fakes),
            "LM",
            "quality",
            "target",
            unit="bits",
            null=evaluation.once(f"forward/{n}/null/{len(column.fakes)}", forward_of_real),
            highest=None,
        ),
    ]


def _forward(column: Column, n: int) -> Callable[[Tensor], float]:
    known = column.evaluation.once(
        f"table/{n}", lambda: ngram.table(column.train, column.end, column.size, n)
    )
    return lambda texts: ngram.bits(known, texts, column.end, n)


def _reverse(column: Column, n: int) -> Callable[[Tensor], float]:
    def reverse(texts: Tensor) -> float:
        own = ngram.table(texts, column.end, column.size, n)
        return ngram.bits(own, column.real, column.end, n)

    return reverse


def temperature_sweep(evaluation: Evaluation, *, n: int, each: bool) -> list[Measurement]:
    """How far the curve of quality against diversity lies above that of maximum likelihood.

    A generator with a temperature (`tempered(latent, inverse)`) is a curve: bits of its texts under
    a model of the train split, and of held-out texts under a model of its texts, at each of seven
    temperatures. The curve that it is held against is that of an n-gram model that was counted on
    the train split, which is maximum likelihood in closed form. The number is the mean excess of
    reverse bits at equal forward bits; of a generator without a temperature, that of its one point.
    Both sides are of as many texts, since fewer have more reverse bits: `SWEPT`, or all fakes where
    there are fewer and no temperature.
    """
    requirements.temperature_sweep(EvaluationInfo.of(evaluation), n=n, each=each)
    column = Column(evaluation)
    forward, reverse = _forward(column, n), _reverse(column, n)
    swept = _swept(evaluation)
    count = len(swept[1.0])

    def point(texts: Tensor) -> tuple[float, float]:
        return forward(texts), reverse(texts)

    def reference() -> list[tuple[float, float]]:
        length = evaluation.data.info.shape[0]
        counted = ngram.NGram(length, column.size, column.end, n).to(column.train.device)
        counted.probabilities = ngram.table(column.train, column.end, column.size, n)
        latent = _uniform(count, length).to(column.train.device)
        return [point(counted.tempered(latent, one).argmax(dim=-1)) for one in INVERSES]

    known = evaluation.once(f"sweep/{n}/{count}", reference)
    points = {one: point(texts) for one, texts in swept.items()}
    excess = [above(known, one) for one in points.values()]
    found = [
        column.measurement(
            f"sweep_{n}",
            sum(excess) / len(excess),
            "above MLE's curve",
            "quality",
            "target",
            unit="bits",
            null=0.0,
            lowest=None,
            highest=None,
        )
    ]
    return [*found, *_each(column, n, points, known)] if each else found


def _swept(evaluation: Evaluation) -> dict[float, Tensor]:
    """Texts by inverse temperature; those that are evaluated where there is no other."""
    generator = evaluation.generator
    tempered = getattr(generator, "tempered", None)
    sizes = getattr(generator, "latent_sizes", None)
    if generator is None or tempered is None or sizes is None:
        return {1.0: evaluation.fakes[:SWEPT]}
    random = torch.Generator().manual_seed(1)
    normal, uniform = sizes
    latent = torch.cat(
        [
            torch.randn(SWEPT, normal, generator=random),
            torch.rand(SWEPT, uniform, generator=random) * 2 - 1,
        ],
        dim=1,
    ).to(evaluation.fakes.device)
    with torch.no_grad():
        return {one: _ended(tempered(latent, one).argmax(dim=-1), evaluation) for one in INVERSES}


def _ended(texts: Tensor, evaluation: Evaluation) -> Tensor:
    vocabulary = evaluation.data.info.vocabulary
    assert vocabulary is not None
    if vocabulary.end is None:
        return texts
    return texts.masked_fill((texts == vocabulary.end).cumsum(dim=1) > 0, vocabulary.end)


def _uniform(count: int, length: int) -> Tensor:
    return torch.rand(count, length, generator=torch.Generator().manual_seed(0)) * 2 - 1


def above(curve: list[tuple[float, float]], point: tuple[float, float]) -> float:
    """Reverse bits of a point above those of a curve at the same forward bits.

    Between the curve's points it is linear; beyond its ends it is level.
    """
    quality, diversity = point
    ordered = sorted(curve)
    if quality <= ordered[0][0]:
        return diversity - ordered[0][1]
    for (left, low), (right, high) in itertools.pairwise(ordered):
        if quality <= right:
            return diversity - (low + (high - low) * (quality - left) / max(right - left, 1e-12))
    return diversity - ordered[-1][1]


def _each(
    column: Column,
    n: int,
    points: dict[float, tuple[float, float]],
    known: list[tuple[float, float]],
) -> list[Measurement]:
    reference = dict(zip(INVERSES, known, strict=True))
    return [
        column.measurement(
            f"sweep_{n}_{name}_{inverse:g}",
            value,
            f"{label} at {inverse:g}",
            "quality",
            "target",
            unit="bits",
            null=reference[inverse][place],
            highest=None,
        )
        for inverse, both in points.items()
        for place, (name, label, value) in enumerate(
            (("lm", "LM", both[0]), ("reverse", "reverse LM", both[1]))
        )
    ]
