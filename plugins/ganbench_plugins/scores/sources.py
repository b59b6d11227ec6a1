"""Of a mixture ``A|B``: how much of each source a generator draws, and how much is of neither.

A fake is of the source of the real sample that it is nearest to, unless it is farther from every
source than 99 % of that source's own samples are from each other; then it is of none. Coverage is
that of `collapse.prdc`, source by source.

Trap avoided: a blend of two sources is nearest to one of them, too, and a share of nearest samples
alone would call it perfect.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from ganbench import Evaluation, EvaluationInfo, FeatureColumn, Measurement, UsageError
from ganbench_plugins.scores import requirements
from ganbench_plugins.scores.kernels.distances import Points, nearest_in, nearest_others
from ganbench_plugins.scores.kernels.neighbours import (
    coverage_null,
    covered_samples,
    real_neighbours,
)
from ganbench_plugins.scores.tail import by_class

if TYPE_CHECKING:
    from torch import Tensor

BEYOND = 0.01
"""Share of a source's real samples whose nearest other one is farther than its limit."""


def sources(evaluation: Evaluation, *, extractor: str) -> list[Measurement]:
    """Share and coverage of each source, and the share that is of none.

    Raises:
        UsageError: the data have no classes, or a class has fewer than two real samples.
    """
    requirements.sources(EvaluationInfo.of(evaluation), extractor=extractor)
    column, data = FeatureColumn(evaluation, extractor), evaluation.data
    labels = data.heldout_labels if evaluation.split == "heldout" else data.train_labels
    count = data.info.classes or 0
    if labels is None or int(torch.bincount(labels, minlength=count).min()) < 2:
        raise UsageError(
            f"score sources needs two real samples of each source, {data.info.name} has no such",
            "use it on a mixture, A|B",
        )
    of_source = [column.real[(labels == one).to(column.real.device)] for one in range(count)]
    limits = evaluation.once(
        f"sources/{extractor}", lambda: torch.stack([limit(real) for real in of_source])
    )
    found = assigned(of_source, limits, column.fake)
    shares = torch.bincount(found, minlength=count + 1).double() / len(found)
    side = evaluation.once(
        f"neighbours/{extractor}", lambda: real_neighbours(column.real, evaluation.cached)
    )
    coverage = by_class(covered_samples(side, column.fake).cpu(), labels, count)
    null = side.reaching * coverage_null(len(column.real), len(column.fake))
    law = torch.bincount(labels, minlength=count).double() / len(labels)
    return [
        *(
            column.share(f"share_of_{one}", float(shares[one]), float(law[one]), "target")
            for one in range(count)
        ),
        *(column.share(f"coverage_of_{one}", float(coverage[one]), null) for one in range(count)),
        column.share("neither", float(shares[count]), BEYOND, "lower"),
    ]


def limit(real: Tensor) -> Tensor:
    """The squared distance within which 99 % of some real samples have another one."""
    (points,) = _centred(real)
    return nearest_others(points, 1)[:, 0].quantile(1 - BEYOND)


def assigned(of_source: list[Tensor], limits: Tensor, fakes: Tensor) -> Tensor:
    """(M,) the source of each fake, or their number where it is of none.

    Args:
        of_source: real features of each source.
        limits: (K,) of each source, squared.
        fakes: (M, d) features.
    """
    nearest = torch.stack([nearest_in(*_centred(fakes, real)) for real in of_source], dim=1)
    within = (nearest <= limits.to(nearest.device)).any(dim=1)
    found = nearest.argmin(dim=1)
    return torch.where(within, found, len(of_source)).cpu()


def _centred(*sides: Tensor) -> list[Points]:
    """About the mean of the last side, since a product of large numbers rounds."""
    centre = sides[-1].double().mean(dim=0)
    return [Points.of(side.double() - centre) for side in sides]
