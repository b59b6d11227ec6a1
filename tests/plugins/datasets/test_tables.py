"""Tables of packages: what is in them, and what was missing."""

from __future__ import annotations

from collections import Counter

import pytest

from ganbench import Categorical, MissingData, Numeric
from ganbench.modalities import modality_of
from ganbench_plugins.datasets import tables

SIZES = {"penguins": (342, 8), "iris": (150, 5), "wine": (178, 14), "diabetes": (442, 11),
         "breast-cancer": (569, 31)}  # fmt: skip


@pytest.mark.parametrize("name", list(SIZES))
def test_rows_and_columns(name: str) -> None:
    table = tables.table(name, modes=0)
    data = table.data()
    rows, columns = SIZES[name]
    assert data.train.shape == (rows - rows // 3, columns)
    assert data.heldout.shape == (rows // 3, columns)
    for split in (data.train, data.heldout):
        modality_of(data.info).check(name, split, data.info, scored=split is data.heldout)
    assert data.info.schema is not None
    assert {type(column.name) for column in data.info.schema} == {str}


def test_penguins_that_nobody_measured_are_left_out_and_unknown_sexes_are_said() -> None:
    columns = tables.penguins()
    assert Counter(columns["species"]) == {"Adelie": 151, "Gentoo": 123, "Chinstrap": 68}
    assert Counter(columns["sex"])["unknown"] == 9
    schema = tables.table("penguins", modes=0).info.schema
    assert schema is not None
    kinds = {column.name: isinstance(column, Numeric) for column in schema}
    assert [name for name, numeric in kinds.items() if numeric] == [*tables.NUMBERS_OF_PENGUINS]
    assert schema[-1].name == "species"


def test_the_survey_has_categories_alone() -> None:
    pytest.importorskip("statsmodels", reason="fair comes with statsmodels")
    table = tables.table("fair", modes=10)
    assert table.info.schema is not None
    assert len(table.rows) == 6366
    assert all(isinstance(column, Categorical) for column in table.info.schema)
    educ, affairs = table.info.schema[5], table.info.schema[-1]
    assert isinstance(educ, Categorical)
    assert educ.categories == ("9", "12", "14", "16", "17", "20")
    assert isinstance(affairs, Categorical)
    assert affairs.categories == ("no", "yes")
    assert int(table.rows[:, -1].sum()) == 2053


def test_a_package_that_is_not_there_is_named() -> None:
    with pytest.raises(MissingData, match="no-such-package"):
        tables._file_of("no-such-package", "data.csv", "fair")
