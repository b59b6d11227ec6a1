"""Tables that packages carry: a survey and penguins, and four of scikit-learn for quick tries.

`fair`: the survey of 1974 that statsmodels carries, 6,366 women: every answer is one of a few, so
that every column is of categories; the last one is whether there were any affairs.

`penguins`: 344 penguins of three species. Two of them were never measured and are left out; where
nobody knows the sex (nine more), the category `unknown` says so. The last column is the species.

`iris`, `wine`, `diabetes`, `breast-cancer`: 150 to 569 rows, of which 50 to 190 are held out: too
few to tell good generators apart (a share of 50 rows has a standard error of .07), enough to see
that everything runs.
"""

from __future__ import annotations

import csv
from collections.abc import Callable
from functools import partial
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import TYPE_CHECKING

from ganbench import Data, DatasetSpec, MissingData, Survey, hookimpl
from ganbench_plugins.datasets.columns import MODES_PARAMETER, Table, make_table

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ganbench_plugins.datasets.columns import Columns

NUMBERS_OF_PENGUINS = (
    *("bill_length_mm", "bill_depth_mm", "flipper_length_mm", "body_mass_g"),
    "year",
)


def _file_of(package: str, path: str, dataset: str) -> Path:
    """A file within a package, which is not imported.

    Raises:
        MissingData: the package is not installed.
    """
    try:
        return Path(str(distribution(package).locate_file(path)))
    except PackageNotFoundError:
        raise MissingData(
            f"{dataset} comes with the package {package}, which is not installed",
            "run: pip install 'ganbench[tables]'",
        ) from None


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def fair() -> Columns:
    """Nine columns of categories.

    Raises:
        MissingData: statsmodels is not installed.
    """
    rows = _rows(_file_of("statsmodels", "statsmodels/datasets/fair/fair.csv", "fair"))
    columns = {name: [row[name] for row in rows] for name in rows[0] if name != "affairs"}
    return {**columns, "affairs": ["yes" if float(row["affairs"]) > 0 else "no" for row in rows]}


def penguins() -> Columns:
    """Four measurements and the year, island, sex and species.

    Raises:
        MissingData: palmerpenguins is not installed.
    """
    import numpy as np

    path = _file_of("palmerpenguins", "palmerpenguins/data/penguins.csv", "penguins")
    rows = [row for row in _rows(path) if row["body_mass_g"] != "NA"]
    numbers = {name: np.array([float(row[name]) for row in rows]) for name in NUMBERS_OF_PENGUINS}
    sexes = ["unknown" if row["sex"] == "NA" else row["sex"] for row in rows]
    islands, species = ([row[name] for row in rows] for name in ("island", "species"))
    return {"island": islands, "sex": sexes, **numbers, "species": species}


def _of_sklearn(loader: str) -> Columns:
    """Columns of numbers, and the target."""
    import numpy as np
    from sklearn import datasets

    found = getattr(datasets, loader)()
    columns: dict[str, NDArray[np.float64] | list[str]] = {
        str(name): np.asarray(values, np.float64)
        for name, values in zip(found.feature_names, found.data.T, strict=True)
    }
    names = found.get("target_names")
    if names is None:
        return {**columns, "target": np.asarray(found.target, np.float64)}
    return {**columns, "target": [str(names[place]) for place in found.target]}


_SOURCES: dict[str, Callable[[], Columns]] = {
    "fair": fair,
    "penguins": penguins,
    "iris": partial(_of_sklearn, "load_iris"),
    "wine": partial(_of_sklearn, "load_wine"),
    "diabetes": partial(_of_sklearn, "load_diabetes"),
    "breast-cancer": partial(_of_sklearn, "load_breast_cancer"),
}


def table(name: str, modes: int) -> Table:
    """One of these tables."""
    return make_table(name, _SOURCES[name](), modes)


def _describe(name: str, *, modes: int) -> Survey:
    return table(name, modes).survey()


def load(name: str, *, modes: int) -> Data:
    """Its rows; a third is held out."""
    return table(name, modes).data()


@hookimpl
def ganbench_datasets() -> list[DatasetSpec]:
    """Tables with categories, and four for quick tries."""

    def spec(name: str, description: str, paper: str, licence: str) -> DatasetSpec:
        return DatasetSpec(
            name=name,
            description=description,
            paper=paper,
            licence=licence,
            modalities=("tabular",),
            parameters={"modes": MODES_PARAMETER},
            describe=partial(_describe, name),
            load=partial(load, name),
        )

    uci = "CC BY 4.0 (UCI machine learning repository)"
    return [
        spec(
            "fair",
            "table: 6,366 answers to a survey, 9 columns of categories (statsmodels)",
            "Fair 1978, A Theory of Extramarital Affairs, https://doi.org/10.1086/260645",
            "public domain, as statsmodels documents it; statsmodels: BSD-3-Clause",
        ),
        spec(
            "penguins",
            "table: 342 penguins, 5 columns of numbers and 3 of categories (palmerpenguins)",
            "Horst, Hill & Gorman 2020, https://doi.org/10.5281/zenodo.3960218",
            "CC0",
        ),
        spec(
            "iris",
            "table for quick tries: 150 flowers, 4 columns of numbers and the species",
            "Fisher 1936, https://doi.org/10.24432/C56C76",
            uci,
        ),
        spec(
            "wine",
            "table for quick tries: 178 wines, 13 columns of numbers and the cultivar",
            "Aeberhard & Forina 1992, https://doi.org/10.24432/C5PC7J",
            uci,
        ),
        spec(
            "diabetes",
            "table for quick tries: 442 patients, 10 columns of numbers and the progress",
            "Efron et al. 2004, Least Angle Regression, arXiv:math/0406456",
            "BSD-3-Clause, as scikit-learn carries it",
        ),
        spec(
            "breast-cancer",
            "table for quick tries: 569 tumours, 30 columns of numbers and the diagnosis",
            "Wolberg et al. 1993, https://doi.org/10.24432/C5DW2B",
            uci,
        ),
    ]
