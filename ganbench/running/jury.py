"""What a run's generator is judged by, made ready and tried before anything is trained."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from ganbench.api.data import Data
from ganbench.catalogue.catalogue import Catalogue
from ganbench.planning.chosen import ChosenTask
from ganbench.running.contestant import Contestant
from ganbench.running.log import remark
from ganbench.running.references import References, score_references
from ganbench.running.task import Score, real_side, scores_there
from ganbench.running.trial import check_thresholds, try_scores
from ganbench.scoring.evaluation import RealSide


@dataclass(frozen=True, slots=True, kw_only=True)
class Jury:
    """A task's scores with all that they compare generators to.

    Args:
        side: the real side of all scores.
        scores: computed at every mark.
        final_scores: computed at the end as well.
        references: what the reference generators score, by column and name.
    """

    side: RealSide
    scores: list[Score]
    final_scores: list[Score]
    references: References


def jury_of(
    task: ChosenTask,
    contestant: Contestant,
    data: Data,
    catalogue: Catalogue,
    device: torch.device,
) -> Jury:
    """What a task names, built and tried on real samples.

    All that is computed of the real side and takes long is in the cache then: no evaluation of the
    task, in this process or another one, computes it again.

    Args:
        task: its data, scores and sizes.
        contestant: what scores may ask about in their trial; nothing of it changes.
        data: of the task.
        catalogue: where names are looked up.
        device: where features are computed.

    Raises:
        MissingData: weights of an extractor are not on this machine.
        UsageError: real samples have no finite score, or a threshold is for what is not measured.
        Exception: as a score or an extractor raises it.
    """
    side = real_side(task, data, catalogue, device)
    lost = list[str]()
    scores = scores_there(task.scores, catalogue, lost.append)
    final_scores = scores_there(task.final_scores, catalogue, lost.append)
    measured = try_scores(contestant, side, [*scores, *final_scores], task.task.fakes)
    for text in lost:
        remark(f"score {text} is left out: it asks for a discriminator, and a control has none")
    if not lost:
        check_thresholds(task.task.thresholds, measured)
    return Jury(
        side=side,
        scores=scores,
        final_scores=final_scores,
        references=score_references(task, side, catalogue),
    )
