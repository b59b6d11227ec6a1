"""Scores of texts: how near their n-grams are, how much they repeat, what they know by heart."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import TYPE_CHECKING

import torch

from ganbench import Direction, Evaluation, EvaluationInfo, Measurement, Panel
from ganbench_plugins.scores import requirements
from ganbench_plugins.scores.kernels.bleu import mean_bleu, self_bleu
from ganbench_plugins.scores.kernels.ngrams import (
    Grams,
    distinct,
    divergence,
    known_lines,
    shuffled,
)

if TYPE_CHECKING:
    from torch import Tensor


DRAWS = 16
"""Sets of training texts whose distances to the held-out ones make a floor, and its spread."""


class Column:
    """What the measurements of one evaluation of texts have in common.

    Args:
        evaluation: what is measured.
    """

    def __init__(self, evaluation: Evaluation) -> None:
        vocabulary = evaluation.data.info.vocabulary
        assert vocabulary is not None
        self.evaluation = evaluation
        self.size, self.end = len(vocabulary), vocabulary.end
        self.real, self.fakes, self.train = (
            evaluation.real,
            evaluation.fakes,
            evaluation.data.train.to(evaluation.fakes.device),
        )
        self.compared = self.fakes[: requirements.compared_texts(EvaluationInfo.of(evaluation))]
        """Fakes for what depends on how many there are: no more than half of the train split."""

    def measurement(
        self,
        name: str,
        value: float,
        label: str,
        panel: Panel,
        direction: Direction,
        *,
        of: Tensor | None = None,
        unit: str = "",
        null: float | None = None,
        floor: tuple[float, float, float] | None = None,
        cap: float | None = None,
        lowest: float | None = 0.0,
        highest: float | None = 1.0,
    ) -> Measurement:
        """One number, of all fakes or of these; `floor` is mean, error and spread of what real
        texts have."""
        n_fake = len(self.fakes if of is None else of)
        sizes = f"{len(self.real)}x{n_fake}"
        mean, error, spread = floor or (None, None, None)
        return Measurement(
            key=f"{name}/{self.evaluation.split}/{sizes}",
            label=label,
            value=value,
            panel=panel,
            direction=direction,
            null=null,
            floor=mean,  # it is measured, as no formula knows it
            floor_error=error,
            floor_spread=spread,
            cap=cap,
            n_real=len(self.real),
            n_fake=n_fake,
            unit=unit,
            lowest=lowest,
            highest=highest,
        )

    def of_train(self, name: str, compare: Callable[[Tensor], float]) -> tuple[float, float, float]:
        """Mean, error and spread of what random sets of training texts, as many as `compared`, give
        in the place of fakes: they are of the law of the held-out ones.

        Sets that are drawn from few texts share some, and vary less than sets of new texts would:
        of M of T texts, a mean has 1 - M/T of the variance (Cochran 1977, theorem 2.2).
        """

        def compute() -> tuple[float, float, float]:
            values = []
            for draw in range(DRAWS):
                random = torch.Generator().manual_seed(draw)
                order = torch.randperm(len(self.train), generator=random)[: len(self.compared)]
                values.append(compare(self.train[order.to(self.train.device)]))
            found = torch.tensor(values, dtype=torch.float64)
            shared = len(self.compared) / len(self.train)
            spread = float(found.std()) / math.sqrt(1 - shared)
            return float(found.mean()), spread / DRAWS**0.5, spread

        return self.evaluation.once(f"{name}/of train/{len(self.compared)}", compute)


def ngram_jsd(evaluation: Evaluation, *, longest: int) -> list[Measurement]:
    """Jensen-Shannon divergence of n-grams from the held-out texts', in bits, the longest first.

    Floor: what as many training texts have. Cap: what the characters of real texts have when they
    are shuffled; of single characters that is nothing, and so there is no cap.
    """
    requirements.ngram_jsd(EvaluationInfo.of(evaluation), longest=longest)
    column, found = Column(evaluation), []
    for n in range(longest, 0, -1):
        grams = functools.partial(Grams.of, n=n, size=column.size, end=column.end)
        real = evaluation.once(f"grams/{n}", functools.partial(grams, column.real))

        def distance(
            texts: Tensor, grams: Callable[[Tensor], Grams] = grams, real: Grams = real
        ) -> float:
            return divergence(grams(texts), real)

        def cap(distance: Callable[[Tensor], float] = distance) -> float:
            real = evaluation.data.some(column.train, len(column.compared))
            return distance(shuffled(real, column.end, seed=0))

        found.append(
            column.measurement(
                f"ngram_jsd_{n}",
                distance(column.compared),
                f"JSD-{n}",
                "distance",
                "lower",
                of=column.compared,
                unit="bits",
                floor=column.of_train(f"ngram_jsd/{n}", distance),
                cap=evaluation.once(f"ngram_jsd/{n}/cap/{len(column.compared)}", cap)
                if n > 1
                else None,
            )
        )
    return found


def bleu(evaluation: Evaluation) -> list[Measurement]:
    """BLEU of fakes against held-out texts, and of each fake against the others: read together, of
    equally many references. The null is what real texts have."""
    column = Column(evaluation)
    count = requirements.bleu(EvaluationInfo.of(evaluation))
    some = evaluation.data.some
    references = _spelled(some(column.real, count - 1), column.end)
    fakes = _spelled(column.fakes[:count], column.end)

    def null() -> tuple[float, float]:
        real = _spelled(some(column.train, count), column.end)
        return mean_bleu(real, references), self_bleu(real)

    quality, repetition = evaluation.once(f"bleu/null/{count}", null)
    return [
        column.measurement(
            "bleu", mean_bleu(fakes, references), "BLEU", "quality", "target", null=quality
        ),
        column.measurement(
            "self_bleu", self_bleu(fakes), "self-BLEU", "collapse", "target", null=repetition
        ),
    ]


def _spelled(texts: Tensor, end: int | None) -> list[list[int]]:
    rows = texts.tolist()
    return [row[: row.index(end)] if end in row else row for row in rows]


def distinct_n(evaluation: Evaluation, *, n: int) -> list[Measurement]:
    """Different n-grams over all of them; the null is that of as many training texts."""
    requirements.distinct_n(EvaluationInfo.of(evaluation), n=n)
    column = Column(evaluation)

    def share(texts: Tensor) -> float:
        return distinct(texts, n, column.size, column.end)

    null, _, _ = column.of_train(f"distinct/{n}", share)
    return [
        column.measurement(
            f"distinct_{n}",
            share(column.compared),
            f"distinct-{n}",
            "collapse",
            "target",
            of=column.compared,
            null=null,
        )
    ]


def overlap(evaluation: Evaluation) -> list[Measurement]:
    """Fakes that are lines of the train split, beside what lines of the held-out one would make of
    a split as large: who copies nothing has the same of both."""
    column = Column(evaluation)
    requirements.overlap(EvaluationInfo.of(evaluation))
    held_out = float(known_lines(column.fakes, column.real).double().mean())
    expected = min(1.0, held_out * len(column.train) / len(column.real))
    share = float(known_lines(column.fakes, column.train).double().mean())
    return [
        column.measurement("in_train", share, "in train", "collapse", "lower"),
        column.measurement("in_held-out", expected, "in held-out (scaled)", "collapse", "higher"),
    ]
