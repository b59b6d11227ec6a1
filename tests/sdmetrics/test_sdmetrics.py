"""Scores of tables against SDMetrics, in an environment of its own: it pins pandas below 3.

Run it with `tox -e sdmetrics`.
"""

from __future__ import annotations

import warnings
from itertools import combinations

import numpy as np
import pytest
from numpy.typing import NDArray

from ganbench import Categorical, Numeric
from ganbench_plugins.datasets import mixed
from ganbench_plugins.scores.kernels.columns import (
    category_coverage,
    pair_distances,
    shape_distances,
)

pd = pytest.importorskip("pandas")
pytest.importorskip("sdmetrics", reason="SDMetrics has an environment of its own: tox -e sdmetrics")

NAMES = (*mixed.NUMBERS, *mixed.CATEGORIES)
SCHEMA = (
    *(Numeric(name=name, low=-100, high=100) for name in mixed.NUMBERS),
    *(
        Categorical(name=name, categories=tuple(sorted(mixed.CATEGORIES[name])))
        for name in mixed.CATEGORIES
    ),
)


def rows(count: int, seed: int, shuffled: bool) -> NDArray[np.float64]:
    columns = [
        values
        if isinstance(values, np.ndarray)
        else np.unique(values, return_inverse=True)[1].astype(np.float64)
        for values in mixed.draw(count, seed).values()
    ]
    found = np.stack(columns, axis=1)
    if shuffled:
        random = np.random.RandomState(seed)
        for column in found.T:
            random.shuffle(column)
    return found


@pytest.fixture(params=[False, True], ids=["law", "shuffled"])
def tables(request: pytest.FixtureRequest) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    return rows(700, 1, shuffled=False), rows(500, 2, shuffled=request.param)


def frame(values: NDArray[np.float64], *columns: int) -> object:
    """As SDMetrics takes it: categories are texts."""
    return pd.DataFrame(
        {
            NAMES[column]: values[:, column]
            if column < len(mixed.NUMBERS)
            else values[:, column].astype(int).astype(str)
            for column in columns
        }
    )


Tables = tuple[NDArray[np.float64], NDArray[np.float64]]


def test_column_shapes(tables: Tables) -> None:
    from sdmetrics.single_column import KSComplement, TVComplement

    found = shape_distances(*tables, SCHEMA)
    for place, name in enumerate(NAMES):
        metric = KSComplement if place < len(mixed.NUMBERS) else TVComplement
        real, fake = (frame(one, place)[name] for one in tables)  # type: ignore[index]
        assert 1 - found[place] == pytest.approx(metric.compute(real, fake), abs=1e-9), name


def test_column_pair_trends(tables: Tables) -> None:
    from sdmetrics.column_pairs import ContingencySimilarity, CorrelationSimilarity

    found = dict(zip(combinations(range(6), 2), pair_distances(*tables, SCHEMA), strict=True))
    numbers = range(len(mixed.NUMBERS))
    for (i, j), distance in found.items():
        real, fake = (frame(one, i, j) for one in tables)
        if i in numbers and j in numbers:
            expected = CorrelationSimilarity.compute(real, fake)
        else:
            continuous = [NAMES[one] for one in (i, j) if one in numbers]
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                expected = ContingencySimilarity.compute(
                    real, fake, continuous_column_names=continuous or None
                )
        assert 1 - distance == pytest.approx(expected, abs=1e-9), (NAMES[i], NAMES[j])


def test_category_coverage() -> None:
    from sdmetrics.single_column import CategoryCoverage

    real, fake = rows(500, 1, shuffled=False), rows(8, 2, shuffled=False)
    expected = [
        CategoryCoverage.compute(*(frame(one, place)[NAMES[place]] for one in (real, fake)))  # type: ignore[index]
        for place in (3, 4, 5)
    ]
    found = category_coverage(real, fake, real, SCHEMA).share
    assert found == pytest.approx(np.mean(expected))
