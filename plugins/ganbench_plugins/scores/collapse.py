"""The mode-collapse panel on features: no single number sees every fault, so read them together."""

from __future__ import annotations

import math

from torch import Tensor

from ganbench import Evaluation, EvaluationInfo, FeatureColumn, Measurement, UsageError
from ganbench_plugins.scores import requirements
from ganbench_plugins.scores.kernels.diversity import (
    bin_divergence,
    real_bins,
    real_diversity,
    vendi_ratio,
)
from ganbench_plugins.scores.kernels.neighbours import (
    K_COVERAGE,
    NEAR,
    copy_rate,
    coverage_null,
    neighbour_scores,
    normalised_coverage,
    originals,
    rate_error,
    real_neighbours,
)


def prdc(evaluation: Evaluation, *, extractor: str) -> list[Measurement]:
    """Precision and recall (k = 3), density and coverage (k = 5), near-duplicates.

    The nulls of precision and recall are what halves of the real samples have of one another. Where
    real samples have exact copies, the other nulls are those of such a law.

    Raises:
        UsageError: too few samples, or no real sample is without five exact copies.
    """
    requirements.prdc(EvaluationInfo.of(evaluation), extractor=extractor)
    column = FeatureColumn(evaluation, extractor)
    side = evaluation.once(
        f"neighbours/{extractor}", lambda: real_neighbours(column.real, evaluation.cached)
    )
    reaching = side.reaching
    if reaching == 0:
        raise UsageError(
            f"score prdc tells samples by their neighbours: each of the {len(column.real)} real "
            f"samples has {K_COVERAGE} exact copies or more among them",
            "look at the data, or leave the score out",
        )
    scores = neighbour_scores(side, column.fake, evaluation.data.some)

    def own(one: Tensor, other: Tensor) -> float:
        found = neighbour_scores(real_neighbours(one), other)
        return (found.precision + found.recall) / 2  # the halves may change places

    halves = column.between_halves("precision", own, least=K_COVERAGE + 1)
    real = None if halves is None else halves.mean
    sizes = len(column.real), len(column.fake)
    error = rate_error(min(sizes), together=2)
    normalised = normalised_coverage(scores.coverage / reaching, *sizes)
    return [
        column.share("precision", scores.precision, real),
        column.share("recall", scores.recall, real, read_with="precision"),
        column.measurement("density", scores.density, "collapse", "target", null=reaching),
        column.share("coverage", scores.coverage, reaching * coverage_null(*sizes)),
        column.share("cov_norm", normalised, 1.0),
        column.share(
            "near_duplicates",
            scores.near_duplicates,
            max(NEAR, side.copied),
            "target",
            null_error=error,
        ),
    ]


def vendi(evaluation: Evaluation, *, extractor: str) -> list[Measurement]:
    """The Vendi score of the fakes over that of as many real samples.

    Where there are more of one than of the other, as many of each are taken.
    """
    column, some = FeatureColumn(evaluation, extractor), evaluation.data.some
    n = min(len(column.real), len(column.fake))
    side = evaluation.once(
        f"vendi/{extractor}/{n}", lambda: real_diversity(some(column.real, n), evaluation.cached)
    )
    return [
        column.measurement(
            "vendi",
            vendi_ratio(side, column.fake[:n]),
            "collapse",
            "target",
            label="Vendi ratio",
            null=1.0,
            read_with="precision",
        )
    ]


def near_train(evaluation: Evaluation, *, extractor: str) -> list[Measurement]:
    """The share of fakes that lie nearer to a training sample than 99 % of held-out ones do.

    Raises:
        UsageError: the reference is not the held-out split, or the data set has none.
    """
    requirements.near_train(EvaluationInfo.of(evaluation), extractor=extractor)
    column = FeatureColumn(evaluation, extractor)
    return _copies(column, "near_train", evaluation.train_features(extractor), column.real)


def near_held_out(evaluation: Evaluation, *, extractor: str) -> list[Measurement]:
    """The share of fakes that lie nearer to a held-out sample than 99 % of training ones do.

    Raises:
        UsageError: the reference is not the held-out split, or the data set has none.
    """
    requirements.near_held_out(EvaluationInfo.of(evaluation), extractor=extractor)
    column = FeatureColumn(evaluation, extractor)
    return _copies(column, "near_held-out", column.real, evaluation.train_features(extractor))


def _copies(column: FeatureColumn, name: str, samples: Tensor, fresh: Tensor) -> list[Measurement]:
    evaluation = column.evaluation
    real = evaluation.once(
        f"{name}/{column.extractor}", lambda: originals(samples, fresh, evaluation.cached)
    )
    rate, error = copy_rate(real, column.fake), rate_error(len(fresh))
    return [column.share(name, rate, max(NEAR, real.copied), "target", null_error=error)]


def bins(evaluation: Evaluation, *, extractor: str, bins: int) -> list[Measurement]:
    """NDB's divergence over k-means cells of the training features, its bias subtracted.

    Raises:
        UsageError: fewer training samples than cells, or fewer different ones.
    """
    requirements.bins(EvaluationInfo.of(evaluation), extractor=extractor, bins=bins)
    column = FeatureColumn(evaluation, extractor)
    train = evaluation.train_features(extractor)
    cells = evaluation.once(
        f"bins/{extractor}/{bins}",
        lambda: real_bins(train, column.real, evaluation.cached, bins=bins),
    )
    return [
        column.measurement(
            f"bin_jsd/{bins}",
            bin_divergence(cells, column.fake),
            "collapse",
            "lower",
            label="bin JSD",
            null=0.0,
            unit="nats",
            lowest=None,
            highest=math.log(2),
        )
    ]
