"""What fakes are good for, and whether they can be told: two learners of scikit-learn on tables.

A linear model and gradient-boosted trees learn the target column from the others. Categories are
one-hot, numbers standardised by the rows that are learnt from.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ganbench import Categorical
from ganbench_plugins.scores.kernels.columns import Schema

if TYPE_CHECKING:
    from numpy.typing import NDArray

TREES = 50
FOLDS = 5


@dataclass(frozen=True, slots=True)
class Efficacy:
    """What learners that saw one table are worth on another.

    Args:
        mean: over draws and learners: macro F1 of categories, R² of numbers.
        spread: standard deviation over draws, of the mean over learners.
    """

    mean: float
    spread: float


def efficacy(
    learnt: NDArray[np.float64],
    test: NDArray[np.float64],
    schema: Schema,
    target: int,
    *,
    rows: int,
    draws: int,
) -> Efficacy:
    """Learn from random sets of rows of one table, predict the rows of another.

    Args:
        learnt: (L, C).
        test: (N, C) real rows.
        schema: of both.
        target: place of the column that is foretold.
        rows: in each set; half of L makes the spread the standard error of what L rows give.
        draws: sets.
    """
    values = []
    for draw in range(draws):
        chosen = np.random.RandomState(draw).permutation(len(learnt))[:rows]
        values.append(_worth(learnt[chosen], test, schema, target))
    return Efficacy(float(np.mean(values)), float(np.std(values, ddof=1)))


def _worth(
    learnt: NDArray[np.float64], test: NDArray[np.float64], schema: Schema, target: int
) -> float:
    from sklearn.metrics import f1_score, r2_score

    seen, asked = _features(learnt, test, schema, leave_out=target)
    goal, truth = learnt[:, target], test[:, target]
    categories = isinstance(schema[target], Categorical)
    if (goal == goal[0]).all():  # who has seen one answer gives it
        answers = [np.full(len(truth), goal[0])]
    else:
        with _quiet():
            answers = [one.fit(seen, goal).predict(asked) for one in _learners(categories)]
    if categories:
        found = [
            f1_score(truth, one, average="macro", labels=np.unique(truth), zero_division=0.0)
            for one in answers
        ]
    else:
        found = [r2_score(truth, one) for one in answers]
    return float(np.mean(found))


def two_sample_auc(
    real: NDArray[np.float64], fake: NDArray[np.float64], schema: Schema
) -> tuple[float, float]:
    """How well trees tell fakes from real rows, cross-validated; 1/2 where they are of one law.

    Args:
        real, fake: (n, C) each, at least two rows a fold.
        schema: of both.

    Returns:
        The area under the ROC curve, mean over folds, and its standard error under one law.
    """
    from sklearn.metrics import roc_auc_score
    from sklearn.model_selection import StratifiedKFold

    features, _ = _features(np.concatenate([real, fake]), real[:0], schema)
    labels = np.repeat([0, 1], [len(real), len(fake)])
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=0).split(features, labels)
    areas = []
    for learnt, asked in folds:
        trees = _trees(categories=True).fit(features[learnt], labels[learnt])
        told = trees.predict_proba(features[asked])[:, 1]
        areas.append(float(roc_auc_score(labels[asked], told)))
    n, m = len(real) / FOLDS, len(fake) / FOLDS
    # Of a rank sum within each fold (Mann & Whitney 1947).
    error = math.sqrt((n + m + 1) / (12 * n * m) / FOLDS)
    return float(np.mean(areas)), error


def _learners(categories: bool) -> list[Any]:
    from sklearn.linear_model import LogisticRegression, Ridge

    linear = LogisticRegression(max_iter=300) if categories else Ridge()
    return [linear, _trees(categories=categories)]


def _trees(*, categories: bool) -> Any:
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

    kind: Callable[..., Any] = (
        HistGradientBoostingClassifier if categories else HistGradientBoostingRegressor
    )
    return kind(max_iter=TREES, early_stopping=False, random_state=0)


def _features(
    learnt: NDArray[np.float64],
    asked: NDArray[np.float64],
    schema: Schema,
    leave_out: int | None = None,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Both tables as learners see them: numbers in standard deviations, categories one-hot."""
    blocks = []
    for place, (column, own, other) in enumerate(zip(schema, learnt.T, asked.T, strict=True)):
        if place == leave_out:
            continue
        if isinstance(column, Categorical):
            choices = np.eye(len(column.categories))
            blocks.append((choices[own.astype(np.int64)], choices[other.astype(np.int64)]))
        else:
            scale = own.std() or 1.0
            blocks.append(
                (((own - own.mean()) / scale)[:, None], ((other - own.mean()) / scale)[:, None])
            )
    return np.hstack([own for own, _ in blocks]), np.hstack([other for _, other in blocks])


@contextmanager
def _quiet() -> Iterator[None]:
    """A linear model that is still moving after 300 steps is good enough to be compared."""
    from sklearn.exceptions import ConvergenceWarning

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        yield
