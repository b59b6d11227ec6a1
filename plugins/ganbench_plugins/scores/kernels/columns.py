"""Columns of two tables against each other: one by one, in pairs, and category by category.

* A column of numbers: the two-sample Kolmogorov-Smirnov distance; of categories: the total
  variation distance of their shares. One minus their mean is SDMetrics' Column Shapes.
* A pair of numbers: half of how far Pearson's correlations are apart; any other pair: the total
  variation distance of the joint shares, numbers being cut into `BINS` equal parts of the real
  range, with one more for what lies below and above. One minus the mean over all pairs is
  SDMetrics' Column Pair Trends without its thresholds.

A column that does not vary is correlated with nothing: its correlation counts as 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import gammaln

from ganbench import Categorical, Numeric

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

Schema = Sequence[Numeric | Categorical]
"""The columns of a table, in order."""

BINS = 10


def rows_of(samples: Tensor) -> NDArray[np.float64]:
    """(N, columns) of stored samples."""
    rows: NDArray[np.float64] = samples.detach().cpu().double().numpy()
    return rows


def shape_distances(
    real: NDArray[np.float64], fake: NDArray[np.float64], schema: Schema
) -> NDArray[np.float64]:
    """(columns,) in [0, 1]: how far each column of fakes (M, C) is from the real one (N, C)."""
    found = [
        total_variation(one, other, len(column.categories))
        if isinstance(column, Categorical)
        else kolmogorov_smirnov(one, other)
        for column, one, other in zip(schema, real.T, fake.T, strict=True)
    ]
    return np.array(found)


def kolmogorov_smirnov(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    """The largest distance of two samples' (n,) and (m,) distribution functions."""
    one, other = np.sort(one), np.sort(other)
    places = np.concatenate([one, other])
    shares = [np.searchsorted(each, places, side="right") / len(each) for each in (one, other)]
    return float(np.abs(shares[0] - shares[1]).max())


def total_variation(one: NDArray[np.float64], other: NDArray[np.float64], count: int) -> float:
    """Half of the sum of how far the shares of `count` categories are apart."""
    shares = [
        np.bincount(each.astype(np.int64), minlength=count) / len(each) for each in (one, other)
    ]
    return float(np.abs(shares[0] - shares[1]).sum() / 2)


def pair_distances(
    real: NDArray[np.float64], fake: NDArray[np.float64], schema: Schema
) -> NDArray[np.float64]:
    """(pairs,) in [0, 1], in the order of `itertools.combinations`, of tables (N, C) and (M, C)."""
    codes = [
        _coded(column, one, other)
        for column, one, other in zip(schema, real.T, fake.T, strict=True)
    ]
    correlations = correlated(real), correlated(fake)
    found = []
    for i, j in combinations(range(len(schema)), 2):
        if isinstance(schema[i], Numeric) and isinstance(schema[j], Numeric):
            found.append(abs(float(correlations[0][i, j] - correlations[1][i, j])) / 2)
        else:
            first, second = codes[i], codes[j]
            one, other = (first.codes[side] * second.count + second.codes[side] for side in (0, 1))
            found.append(total_variation(one, other, first.count * second.count))
    return np.array(found)


@dataclass(frozen=True)
class _Coded:
    """A column as whole numbers below `count`, real and fake."""

    codes: tuple[NDArray[np.float64], NDArray[np.float64]]
    count: int


def _coded(
    column: Numeric | Categorical, real: NDArray[np.float64], fake: NDArray[np.float64]
) -> _Coded:
    if isinstance(column, Categorical):
        return _Coded((real, fake), len(column.categories))
    edges = np.histogram_bin_edges(real, BINS)
    edges[-1] = np.nextafter(edges[-1], np.inf)  # the largest real number is in the last part
    binned = [np.digitize(values, edges).astype(np.float64) for values in (real, fake)]
    return _Coded((binned[0], binned[1]), BINS + 2)


def correlated(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """(C, C) Pearson's correlations of a table (N, C); 0 where a column does not vary."""
    varies = rows.min(axis=0) < rows.max(axis=0)
    centred = rows - rows.mean(axis=0)
    norms = np.where(varies, np.sqrt((centred**2).sum(axis=0)), np.inf)
    unit = centred / norms
    found: NDArray[np.float64] = unit.T @ unit
    return found


def constant_rows(real: NDArray[np.float64], count: int, schema: Schema) -> NDArray[np.float64]:
    """(count, C): of each column the mean, or the most frequent category, again and again."""
    row = [
        np.bincount(values.astype(np.int64)).argmax()
        if isinstance(column, Categorical)
        else values.mean()
        for column, values in zip(schema, real.T, strict=True)
    ]
    return np.tile(np.array(row, np.float64), (count, 1))


@dataclass(frozen=True, slots=True)
class Coverage:
    """Categories found.

    Args:
        share: of the categories that real samples have, mean over columns.
        null: its expectation for as many samples of the real law; None where no row tells.
    """

    share: float
    null: float | None


def category_coverage(
    real: NDArray[np.float64],
    fake: NDArray[np.float64],
    others: NDArray[np.float64],
    schema: Schema,
) -> Coverage:
    """Which categories of the real rows (N, C) are among the fakes (M, C).

    The null is what a random M of the other rows have of them, on average over all choices: the
    same as M new rows of the law, in expectation. It takes rows that did not choose the categories:
    a rare one that real rows happen to have is rarer than they say. Of more fakes than other rows
    there are it is what all of these have, less than M new rows would.

    Args:
        real, fake: the tables.
        others: (T, C) rows of the real law, none of them among the real ones; may be none.
        schema: has a column of categories.
    """
    shares, nulls = [], []
    for column, one, other, rest in zip(schema, real.T, fake.T, others.T, strict=True):
        if isinstance(column, Categorical):
            there = np.unique(one)
            shares.append(float(np.isin(there, other).mean()))
            counts = np.bincount(rest.astype(np.int64), minlength=len(column.categories))
            drawn = chance_of_any(counts[there.astype(np.int64)], len(rest), len(fake))
            nulls.append(float(drawn.mean()))
    return Coverage(float(np.mean(shares)), float(np.mean(nulls)) if len(others) else None)


def chance_of_any(counts: NDArray[np.int64], total: int, draws: int) -> NDArray[np.float64]:
    """(K,) 1 - C(T - c, M) / C(T, M): that M of T rows have one of c, or all T where M > T."""
    draws = min(draws, total)
    enough = total - counts >= draws  # of rows that are none of these
    left = np.where(enough, total - counts, draws)
    log = gammaln(left + 1) - gammaln(left - draws + 1)
    log -= gammaln(total + 1) - gammaln(total - draws + 1)
    chance: NDArray[np.float64] = np.where(enough, -np.expm1(log), 1.0)
    return chance
