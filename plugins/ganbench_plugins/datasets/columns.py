"""From the columns of a table to a data set: kinds, ranges, modes, counts, and who is held out.

Each column of numbers is described by the range and the modes of its training rows, a variational
Gaussian mixture under a Dirichlet process of at most `MODES` components (Xu et al. 2019,
arXiv:1907.00503, section 4.2), and each column of categories by how many training rows have each:
what networks see of a row is settled here, once, and by no model. Of held-out rows it has nothing
but the names of their categories, for which there must be a place.
"""

from __future__ import annotations

import functools
import hashlib
import math
import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from importlib.metadata import version
from typing import TYPE_CHECKING, TypeAlias

from ganbench import Categorical, Data, DataInfo, Numeric, Parameter, Survey, UsageError, cache
from ganbench_plugins.datasets.split import stratified_heldout

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Columns: TypeAlias = "Mapping[str, NDArray[np.float64] | list[str]]"
    """By name: numbers, or a text for each row. The last one is what the others may foretell."""

MODES = 10
LEAST_WEIGHT = 0.005
"""Of a mode that is kept."""

MOST_DECIMALS = 6
"""That are told apart from numbers of any: what float32 keeps of numbers near 1."""

MOST_ROWS = 10_000
"""That modes are looked for in: more say nothing new, and take minutes."""

APART = 0.9
"""Of the different numbers of a column, the least share that float32 keeps apart."""

FINE = 10_000
"""Different numbers that are enough, whatever was lost: finer steps are below every score's
noise."""

MODES_PARAMETER = Parameter(
    default=MODES,
    minimum=0,
    maximum=100,
    help="largest number of modes of a column of numbers; 0: its range is one",
)


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """A table as data sets load it.

    Args:
        info: its columns.
        rows: (N, columns) float32: numbers, and places of categories.
        heldout: (N,) which rows are held out.
    """

    info: DataInfo
    rows: NDArray[np.float32]
    heldout: NDArray[np.bool_]

    def survey(self, notes: tuple[str, ...] = ()) -> Survey:
        """What it tells; rows and the description of columns are its identity."""
        held = int(self.heldout.sum())
        digest = hashlib.sha256(repr(self.info.schema).encode())
        for column in self.info.schema or ():
            if isinstance(column, Numeric) and column.decimals is not None:
                digest.update(f"{column.name}: {column.decimals}".encode())
        digest.update(self.rows.tobytes() + self.heldout.tobytes())
        return Survey(
            info=self.info,
            fingerprint=digest.hexdigest()[:16],
            train=len(self.rows) - held,
            heldout=held,
            notes=notes,
        )

    def data(self) -> Data:
        """Its rows, split."""
        import torch

        rows, heldout = torch.from_numpy(self.rows), torch.from_numpy(self.heldout)
        return Data(info=self.info, train=rows[~heldout], heldout=rows[heldout])


def make_table(name: str, columns: Columns, modes: int = MODES) -> Table:
    """A table of these columns, of which a third of the rows is held out.

    Held-out rows are as many of each category of the last column as it has, where it has some.
    Generated numbers have as many decimals as those of training rows.

    Args:
        name: of the data set.
        columns: at least one, all of one length, at least three rows, no number missing.
        modes: largest number of modes of a column; 0: none are looked for.

    Raises:
        UsageError: fewer than three rows; numbers that float32 cannot hold.
    """
    import numpy as np

    count = len(next(iter(columns.values())))
    if count < 3:
        raise UsageError(f"{name} has {count} rows, three are the least: a third is held out")
    last = list(columns.values())[-1]
    strata = np.unique(last, return_inverse=True)[1] if isinstance(last, list) else None
    heldout = stratified_heldout(
        np.zeros(count, np.int64) if strata is None else strata.astype(np.int64), count // 3
    )
    found = [_described(one, values, ~heldout, modes) for one, values in columns.items()]
    schema = tuple(column for column, _ in found)
    info = DataInfo(
        name=name,
        modality="tabular",
        shape=(sum(column.width for column in schema),),
        schema=schema,
    )
    return Table(info, np.stack([places for _, places in found], axis=1), heldout)


def _described(
    name: str,
    values: NDArray[np.float64] | list[str],
    train: NDArray[np.bool_],
    modes: int,
) -> tuple[Numeric | Categorical, NDArray[np.float32]]:
    """A column as its training rows tell it, and what is stored of it."""
    import numpy as np

    if isinstance(values, list):
        categories = in_order(values)
        known = {category: place for place, category in enumerate(categories)}
        places = np.array([known[value] for value in values])
        counts = np.bincount(places[train], minlength=len(categories))
        column = Categorical(name=name, categories=categories, counts=tuple(counts.tolist()))
        return column, places.astype(np.float32)
    stored = _stored(name, values)
    learnt = replace(_numbers(name, values[train]), modes=modes_of(values[train], modes))
    return replace(learnt, decimals=_decimals(values[train])), stored


def _decimals(values: NDArray[np.float64]) -> int | None:
    """The fewest decimals that all of these are written with; None: more than `MOST_DECIMALS`."""
    import numpy as np

    fewest = range(MOST_DECIMALS + 1)
    return next((one for one in fewest if (np.round(values, one) == values).all()), None)


def _stored(name: str, values: NDArray[np.float64]) -> NDArray[np.float32]:
    """(N,) numbers of a column, held-out ones among them.

    Raises:
        UsageError: float32 cannot hold them, or not tell them apart.
    """
    import numpy as np

    with np.errstate(over="ignore"):
        stored = values.astype(np.float32)
    if len(lost := values[~np.isfinite(stored)]):
        raise UsageError(
            f"column {name!r} holds {lost[0]:.9g}, float32 holds no number beyond "
            f"{np.finfo(np.float32).max:.2g}",
            "count in a larger unit, take its logarithm, or leave out the row or the column",
        )
    _numbers(name, values)  # refuses whole numbers that run together
    different, kept = len(np.unique(values)), len(np.unique(stored))
    if kept < min(APART * different, FINE):
        raise UsageError(
            f"column {name!r} holds {different:,} different numbers, float32 keeps {kept:,} apart",
            "count from another zero, or in another unit",
        )
    return stored


def _numbers(name: str, values: NDArray[np.float64]) -> Numeric:
    """A column of these numbers and no others.

    Raises:
        UsageError: whole numbers that float32 cannot hold.
    """
    return Numeric(
        name=name,
        low=float(values.min()),
        high=float(values.max()),
        whole=bool((values % 1 == 0).all()),
    )


def in_order(values: Iterable[str]) -> tuple[str, ...]:
    """The different ones, by their alphabet; numbers by their size, where all are numbers."""
    found = sorted(set(values))
    try:
        sizes = {value: float(value) for value in found}
    except ValueError:
        return tuple(found)
    if any(map(math.isnan, sizes.values())):  # larger than nothing, and smaller
        return tuple(found)
    return tuple(sorted(found, key=lambda value: sizes[value]))


def modes_of(values: NDArray[np.float64], most: int) -> tuple[tuple[float, float], ...]:
    """Mean and standard deviation of each mode of the values, in order; kept in the cache.

    Args:
        values: (N,), finite.
        most: modes that there may be; 0: none are looked for.

    Returns:
        None of a column that does not vary.
    """
    import numpy as np

    if not most or values.min() == values.max():
        return ()
    key = {
        "what": "modes",
        "most": most,
        "least": LEAST_WEIGHT,
        "rows": MOST_ROWS,
        **_libraries(),
    }
    facts, content = cache.facts(key), hashlib.sha256(values.tobytes()).hexdigest()
    known = facts.known()
    if content not in known:
        centre, scale = float(values.mean()), float(values.std())
        chosen = np.random.RandomState(0).permutation(len(values))[:MOST_ROWS]
        found = _fitted((values[chosen] - centre) / scale, most)
        known[content] = [[centre + scale * mean, scale * spread] for mean, spread in found]
        facts.add(known, known)
    return tuple((float(mean), float(spread)) for mean, spread in known[content])


@functools.cache
def _libraries() -> dict[str, str]:
    """Versions of those that fit modes: looked up once, as each look parses a file."""
    return {name: version(name) for name in ("numpy", "scikit-learn", "scipy")}


def _fitted(values: NDArray[np.float64], most: int) -> list[tuple[float, float]]:
    """Modes of standardised values, to a thousandth: below it, machines round otherwise."""
    import numpy as np
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.mixture import BayesianGaussianMixture

    mixture = BayesianGaussianMixture(
        n_components=min(most, len(np.unique(values))),
        weight_concentration_prior_type="dirichlet_process",
        weight_concentration_prior=0.001,
        max_iter=200,
        random_state=0,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # nearly converged modes are modes
        mixture.fit(values[:, None])
    kept = np.flatnonzero(mixture.weights_ >= LEAST_WEIGHT)
    spreads = np.sqrt(mixture.covariances_[:, 0, 0])
    found = [(float(mixture.means_[one, 0]), float(spreads[one])) for one in kept]
    return sorted((round(mean, 3), max(round(spread, 3), 0.001)) for mean, spread in found)
