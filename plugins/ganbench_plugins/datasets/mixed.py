"""A table whose law is known in closed form: numbers, categories, and how they hang together.

A hidden class k of four has the shares `SHARES`. Given it, `x` and `y` are Gaussian and correlated,
`z` is Gaussian, and the colour and the shape are independent, with the shares `COLOURS[k]` and
`SHAPES[k]`. The last column, `group`, is the class itself for nine rows of ten, and any class for
the others. So the joint table of any two categories, the law of every number and its mean given a
category are sums of four terms: `pair_table`, `cumulative`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ganbench import Data, DatasetSpec, Survey, hookimpl
from ganbench_plugins.datasets.columns import MODES_PARAMETER, Table, make_table

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ganbench_plugins.datasets.columns import Columns

ROWS, SEED = 9_000, 20197
NUMBERS = ("x", "y", "z")

SHARES = (0.4, 0.3, 0.2, 0.1)
MEANS = ((-2.0, 0.0, 10.0), (2.0, 1.0, 10.0), (0.0, -2.0, 40.0), (4.0, -3.0, 70.0))
DEVIATIONS = ((0.5, 0.5, 4.0), (0.8, 0.4, 4.0), (0.4, 0.8, 6.0), (0.3, 0.3, 3.0))
CORRELATIONS = (0.8, -0.6, 0.0, 0.5)
"""Of x and y, given the class."""

COLOURS: dict[str, tuple[float, ...]] = {
    "red": (0.80, 0.10, 0.30, 0.02),
    "green": (0.15, 0.60, 0.30, 0.08),
    "blue": (0.04, 0.28, 0.38, 0.40),
    "violet": (0.01, 0.02, 0.02, 0.50),
}
SHAPES: dict[str, tuple[float, ...]] = {
    "round": (0.9, 0.5, 0.2, 0.5),
    "square": (0.1, 0.5, 0.8, 0.5),
}
RIGHT = 0.9
GROUPS: dict[str, tuple[float, ...]] = {
    name: tuple(RIGHT * (place == other) + (1 - RIGHT) / 4 for other in range(4))
    for place, name in enumerate("abcd")
}
CATEGORIES: dict[str, dict[str, tuple[float, ...]]] = {
    "colour": COLOURS,
    "shape": SHAPES,
    "group": GROUPS,
}


def pair_table(first: str, second: str) -> NDArray[np.float64]:
    """(categories of `first`, categories of `second`): their joint probabilities.

    Categories in alphabetical order, as the data set has them.
    """
    import numpy as np

    one, other = _given_class(first), _given_class(second)
    joint: NDArray[np.float64] = np.einsum("ik,jk,k->ij", one, other, np.array(SHARES))
    return joint


def cumulative(number: str, values: NDArray[np.float64]) -> NDArray[np.float64]:
    """The distribution function of a column of numbers at these values (N,)."""
    import numpy as np
    from scipy.stats import norm

    place = NUMBERS.index(number)
    found: NDArray[np.float64] = np.sum(
        [
            share * norm.cdf(values, mean[place], deviation[place])
            for share, mean, deviation in zip(SHARES, MEANS, DEVIATIONS, strict=True)
        ],
        axis=0,
    )
    return found


def correlation(first: str, second: str) -> float:
    """Pearson's correlation of two columns of numbers."""
    import numpy as np

    shares, means = np.array(SHARES), np.array(MEANS)
    centred = means - shares @ means
    covariance = np.einsum("k,ki,kj->ij", shares, centred, centred)
    for share, deviation, own in zip(SHARES, np.array(DEVIATIONS), CORRELATIONS, strict=True):
        within = np.diag(deviation**2)
        within[0, 1] = within[1, 0] = own * deviation[0] * deviation[1]
        covariance += share * within
    i, j = NUMBERS.index(first), NUMBERS.index(second)
    return float(covariance[i, j] / np.sqrt(covariance[i, i] * covariance[j, j]))


def draw(count: int, seed: int) -> Columns:
    """Independent rows of the law."""
    import numpy as np

    rng = np.random.RandomState(seed)  # a stream that numpy promises for ever
    classes = np.searchsorted(np.cumsum(SHARES)[:-1], rng.random_sample(count), side="right")
    noise = rng.standard_normal((count, 3))
    own = np.array(CORRELATIONS)[classes]
    noise[:, 1] = own * noise[:, 0] + np.sqrt(1 - own**2) * noise[:, 1]
    values = np.array(MEANS)[classes] + np.array(DEVIATIONS)[classes] * noise
    columns: dict[str, NDArray[np.float64] | list[str]] = dict(zip(NUMBERS, values.T, strict=True))
    for column, shares in CATEGORIES.items():
        names, given = sorted(shares), _given_class(column)
        places = (rng.random_sample(count) > np.cumsum(given, axis=0)[:-1, classes]).sum(axis=0)
        columns[column] = [names[place] for place in places]
    return columns


def _given_class(column: str) -> NDArray[np.float64]:
    """(categories, classes): probability of each category, given the class."""
    import numpy as np

    shares = CATEGORIES[column]
    return np.array([shares[name] for name in sorted(shares)])


def _table(modes: int) -> Table:
    return make_table("mixed", draw(ROWS, SEED), modes)


def _describe(*, modes: int) -> Survey:
    return _table(modes).survey()


def load(*, modes: int) -> Data:
    """6,000 training rows and 3,000 held out."""
    return _table(modes).data()


@hookimpl
def ganbench_datasets() -> list[DatasetSpec]:
    """The law."""
    return [
        DatasetSpec(
            name="mixed",
            description="table of a known law: 3 columns of numbers, 3 of categories; 6,000 train",
            licence="none needed: sampled from a formula",
            modalities=("tabular",),
            parameters={"modes": MODES_PARAMETER},
            describe=_describe,
            load=load,
        )
    ]
