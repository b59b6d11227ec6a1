"""Before a run trains, every score is computed once, on real samples in the place of fakes.

What a task names may be impossible in ways that no plan can see: weights that cannot be read, a
class that the classifier never finds, an error in a plugin. A run finds that out in its first
seconds, and not when its budget is spent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch

from ganbench.api.errors import UsageError
from ganbench.api.scores import Measurement, NonFiniteSamples
from ganbench.results.headings import measurement_name
from ganbench.running.contestant import Contestant
from ganbench.running.task import Score
from ganbench.scoring.evaluation import RealSide, Snapshot, check_columns, measure
from ganbench.training.state import untouched_random_numbers

FEW = 64
"""Samples that are enough for most scores. Whatever refuses them gets as many as the task has."""


def try_scores(
    contestant: Contestant, side: RealSide, scores: Sequence[Score], fakes: int
) -> list[Measurement]:
    """Compute scores, and so all features that they compare, on real samples.

    Random numbers are as they were afterwards: the run that follows is the same as without.

    Args:
        contestant: what scores may ask about besides samples; nothing of it changes.
        side: the real side; what is computed of it is not computed again.
        scores: all of the task's.
        fakes: how many samples the task's evaluations generate.

    Returns:
        What they measure, of as many real samples as they took.

    Raises:
        UsageError: real samples have no finite score, or two scores measure the same column.
        Exception: as a score or an extractor raises it.
    """
    counts = [FEW, fakes] if fakes > FEW else [fakes]
    snapshots = [_of_real_samples(contestant, side, count) for count in counts]
    try:
        with untouched_random_numbers(contestant.device):
            check_columns(measured := [_tried(score, snapshots) for score in scores])
    except NonFiniteSamples as error:
        raise UsageError(
            f"a score of real samples, in the place of generated ones, is not finite: {error}",
            "look at the data, or leave the score out",
        ) from error
    return [result for results in measured for result in results]


def check_thresholds(thresholds: Mapping[str, float], measured: Sequence[Measurement]) -> None:
    """Make sure that what a task sets thresholds for is measured.

    Raises:
        UsageError: a threshold is for a measurement that no score of the task makes.
    """
    names = [measurement_name(one.key) for one in measured]
    for name in thresholds:
        if name not in names:
            raise UsageError(
                f"the task has a threshold for {name!r}, which none of its scores measures",
                f"they measure {', '.join(dict.fromkeys(names))}",
            )


def _tried(score: Score, snapshots: Sequence[Snapshot]) -> list[Measurement]:
    """What the score makes of the first samples that it takes."""
    *earlier, last = snapshots
    for snapshot in earlier:
        try:
            return measure(snapshot, [score])[0]
        except Exception:  # noqa: S112  # too few, perhaps: the last ones decide
            continue
    return measure(last, [score])[0]


def _of_real_samples(contestant: Contestant, side: RealSide, count: int) -> Snapshot:
    places = torch.arange(count, device=side.real.device) % len(side.real)
    labels = side.labels
    if labels is not None:
        labels = labels.to(places.device)[places] if contestant.shares is not None else None
    return contestant.snapshot(side, side.real[places], labels)
