"""How far scores of some samples are known: what halves of them would have scored.

The delete-half jackknife (Shao & Wu 1989): the spread of a score over random halves of n samples,
drawn without replacement, is the standard error of the score of all n. Resampling with replacement
would make copies, which scores of diversity and memorisation exist to find.

A score that takes fewer samples than there are (`w2` a thousand) takes as many of a half, perhaps:
m of n without replacement spread by sigma^2 (1/m - 1/n), where k new ones would by sigma^2 / k.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterator, Sequence
from typing import Any

import torch

from ganbench.api.scores import Measurement
from ganbench.scoring.evaluation import Snapshot, measure
from ganbench.training.seeds import stream_seed

LEVEL = 0.95

Interval = tuple[float, float]


def intervals(
    snapshot: Snapshot,
    scores: Sequence[Any],
    measured: Sequence[Sequence[Measurement]],
    count: int,
) -> dict[str, Interval]:
    """Key -> 95 % interval of the fakes' drawing; without those scores that take no halves.

    Args:
        snapshot: what was scored; the real side is held fixed.
        scores: as `measure` takes them.
        measured: what each of them has measured of all fakes.
        count: of halves, at least 2.
    """
    total = len(snapshot.fakes)
    halves = [_measured(half, scores) for half in _halves(snapshot, count)]
    found: dict[str, Interval] = {}
    for whole, *parts in zip(measured, *halves, strict=True):
        if None in parts:
            continue
        for place, one in enumerate(whole):
            alike = [part[place] for part in parts]
            wider = _wider(one.n_fake, alike[0].n_fake, total)
            found[one.key] = _interval(one, [part.value for part in alike], wider)
    return found


def _halves(snapshot: Snapshot, count: int) -> Iterator[Snapshot]:
    """One at a time: each holds copies of its samples."""
    generator = torch.Generator().manual_seed(stream_seed(0, "halves"))
    total = len(snapshot.fakes)
    for _ in range(count):
        yield snapshot.part(torch.randperm(total, generator=generator)[: total // 2])


def _measured(half: Snapshot, scores: Sequence[Any]) -> list[Any]:
    """What each score measures of a half; None of one that has too few samples of it, perhaps: of
    the whole it has its value."""
    found: list[Any] = []
    for score in scores:
        try:
            found += measure(half, [score])
        except Exception:
            found.append(None)
    return found


def _wider(taken: int, of_half: int, count: int) -> float:
    """The standard error of a score of so many new samples over the spread of its halves.

    Args:
        taken: samples that the score has taken of all; 0: it does not tell.
        of_half: that it has taken of a half.
        count: of all samples.
    """
    if not 0 < of_half < count or not taken:
        return 1.0
    return math.sqrt((1 / taken) / (1 / of_half - 1 / count))


def _interval(one: Measurement, values: list[float], wider: float) -> Interval:
    from scipy.stats import t  # half a second, for those alone who ask for intervals

    half = float(t.ppf((1 + LEVEL) / 2, len(values) - 1)) * statistics.stdev(values) * wider
    low, high = one.value - half, one.value + half
    return (
        low if one.lowest is None else max(low, one.lowest),
        high if one.highest is None else min(high, one.highest),
    )
