"""Columns of a table: described by their training rows, split by their last one, the same again."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import partial
from itertools import pairwise

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from ganbench import Categorical, Numeric, UsageError, decode, encode
from ganbench.api.errors import PluginNotUsable
from ganbench.modalities import modality_of
from ganbench.running.contracts import check_data
from ganbench_plugins.datasets.columns import in_order, make_table, modes_of

RANDOM = np.random.RandomState(3)
ROWS = 300
COLUMNS = {
    "age": RANDOM.randint(18, 90, ROWS).astype(np.float64),
    "height": RANDOM.normal(170, 9, ROWS),
    "group": [("a", "b", "c")[one] for one in RANDOM.randint(3, size=ROWS)],
}


def test_a_table_is_what_its_modality_asks_for() -> None:
    table = make_table("people", COLUMNS)
    data, modality = table.data(), modality_of(table.info)
    modality.check_info(table.info)
    for split, count in ((data.train, 200), (data.heldout, 100)):
        modality.check("rows", split, data.info, scored=split is data.heldout)
        assert len(split) == count


def test_columns_are_described_by_training_rows() -> None:
    table = make_table("people", COLUMNS)
    assert table.info.schema is not None
    age, height, group = table.info.schema
    assert isinstance(age, Numeric)
    assert isinstance(height, Numeric)
    assert (age.whole, height.whole) == (True, False)
    train = table.data().train
    assert (age.low, age.high) == (train[:, 0].min(), train[:, 0].max())
    assert isinstance(group, Categorical)
    assert group.counts == tuple(torch.bincount(train[:, 2].long(), minlength=3).tolist())


@pytest.mark.parametrize("modes", [0, 10])
@pytest.mark.parametrize("value", [1000.0, -1000.0, 33.5])
def test_held_out_rows_tell_networks_nothing(modes: int, value: float) -> None:
    """Neither an extreme, nor a fraction where all others are whole."""
    before = make_table("people", COLUMNS, modes)
    changed = COLUMNS["age"].copy()
    changed[np.flatnonzero(before.heldout)[0]] = value
    after = make_table("people", {**COLUMNS, "age": changed}, modes)
    assert after.info == before.info
    assert after.survey().fingerprint != before.survey().fingerprint
    data = check_data("people", after.data(), after.info)
    assert value in data.heldout[:, 0]
    emitted = decode(9 * torch.randn(500, *data.info.shape), data.info)[:, 0]
    assert emitted.min() >= data.train[:, 0].min()
    assert emitted.max() <= data.train[:, 0].max()


def test_training_rows_are_held_to_the_range_that_networks_are_told() -> None:
    data = make_table("people", COLUMNS, modes=0).data()
    data.train[0, 0] = 1000
    with pytest.raises(PluginNotUsable, match=r"train of data set people must hold .*'age'"):
        check_data("people", data, data.info)


@pytest.mark.parametrize("split", ["train", "heldout"])
@pytest.mark.parametrize("value", [1e39, -1e39, 3.4028236e38])
def test_numbers_that_float32_cannot_hold_are_refused(split: str, value: float) -> None:
    heldout = make_table("people", COLUMNS, 0).heldout
    changed = COLUMNS["height"].copy()
    first, second = np.flatnonzero(heldout if split == "heldout" else ~heldout)[1:3]
    changed[first], changed[second] = value, 1e40
    told = re.escape(f"column 'height' holds {value:.9g}, float32 holds no number beyond 3.4")
    with pytest.raises(UsageError, match=told) as error:
        make_table("people", {**COLUMNS, "height": changed}, 0)
    assert "a larger unit" in error.value.hint


def test_the_largest_number_of_float32_is_a_number() -> None:
    height = np.append(COLUMNS["height"][1:], 3.4028234e38)
    assert np.isfinite(make_table("people", {**COLUMNS, "height": height}, 0).rows).all()


def test_whole_numbers_that_run_together_are_refused_in_held_out_rows_as_well() -> None:
    heldout = make_table("people", COLUMNS, 0).heldout
    changed = COLUMNS["age"].copy()
    changed[np.flatnonzero(heldout)[0]] = 2**24 + 1
    with pytest.raises(UsageError, match="column 'age': beyond 16,777,216 whole numbers run"):
        make_table("people", {**COLUMNS, "age": changed}, 0)


MILLISECONDS = np.arange(ROWS) * 1.001
"""Some seconds more than a unit of float32 at 1.7e9."""


@pytest.mark.parametrize("values", [1.7e9 + MILLISECONDS, 1e-50 * (1 + MILLISECONDS)])
def test_fractions_that_run_together_are_refused(values: NDArray[np.float64]) -> None:
    kept = len(np.unique(values.astype(np.float32)))
    assert kept < 5
    told = re.escape(f"column 'time' holds 300 different numbers, float32 keeps {kept} apart")
    with pytest.raises(UsageError, match=told) as error:
        make_table("events", {"time": values, **COLUMNS}, 0)
    assert "another zero" in error.value.hint


@pytest.mark.parametrize("apart", [269, 270])
def test_a_tenth_of_the_numbers_may_run_together(apart: int) -> None:
    values = np.arange(1.0, 1 + ROWS) + 0.5
    values[apart - 1 :] = 1e6 + np.arange(1 + ROWS - apart) / 10_000
    assert len(np.unique(values.astype(np.float32))) == apart
    table = partial(make_table, "events", {"time": values, **COLUMNS}, 0)
    if apart == 270:
        assert len(table().rows) == ROWS
    else:
        with pytest.raises(UsageError, match="300 different numbers, float32 keeps 269 apart"):
            table()


def test_many_numbers_may_run_together_as_long_as_their_steps_are_fine() -> None:
    """Degrees to seven digits: a step of float32 is below a metre."""
    degrees = -74 + np.random.RandomState(0).permutation(60_000) * 2e-6
    kept = len(np.unique(degrees.astype(np.float32)))
    assert 10_000 < kept < 0.9 * len(degrees)
    assert len(np.unique(make_table("trips", {"west": degrees}, 0).rows)) == kept


def test_the_last_column_has_the_same_shares_in_both_splits() -> None:
    data = make_table("people", COLUMNS).data()
    for category in range(3):
        counts = [int((split[:, 2] == category).sum()) for split in (data.train, data.heldout)]
        assert counts[0] == pytest.approx(2 * counts[1], abs=2)


def test_what_networks_see_can_be_turned_back() -> None:
    data = make_table("people", COLUMNS).data()
    again = decode(encode(data.train, data.info), data.info)
    torch.testing.assert_close(again, data.train, rtol=0, atol=1e-4)


@pytest.mark.parametrize("modes", [0, 10])
@pytest.mark.parametrize("law", ["claims", "balances", "prices", "quarters"])
def test_numbers_with_decimals_come_back_as_they_are(law: str, modes: int) -> None:
    """A zero beside which all generated ones lie, by 1e-10, is what any forest tells them by."""
    zero = RANDOM.uniform(size=ROWS) < 0.6
    values, decimals = {
        "claims": (np.where(zero, 0, np.round(RANDOM.lognormal(8, 1, ROWS), 2)), 2),
        "balances": (np.where(zero, 0, np.round(RANDOM.normal(0, 100, ROWS), 2)), 2),
        "prices": (RANDOM.randint(1, 90, ROWS) + 0.99, 2),
        "quarters": (RANDOM.randint(-9, 90, ROWS) / 4 + 0.25, 2),
    }[law]
    table = make_table("shop", {"x": values}, modes)
    data = table.data()
    assert table.info.schema is not None
    (column,) = table.info.schema
    assert isinstance(column, Numeric)
    assert column.decimals == decimals
    seen = encode(data.train, data.info)
    # Of modes, the place of what lies beyond four deviations is cut.
    inside = slice(None) if not modes else seen[:, 0].abs() < 1
    assert torch.equal(decode(seen, data.info)[inside], data.train[inside])


def test_numbers_without_an_end_have_as_many_decimals_as_there_are() -> None:
    table = make_table("people", {"height": RANDOM.normal(170, 9, ROWS)})
    assert table.info.schema is not None
    (column,) = table.info.schema
    assert isinstance(column, Numeric)
    assert column.decimals is None


def test_decimals_are_a_part_of_the_identity() -> None:
    """They are generated otherwise, though rows are the same."""
    table = make_table("people", COLUMNS)
    assert table.info.schema is not None
    coarse = [
        replace(column, decimals=3) if isinstance(column, Numeric) else column
        for column in table.info.schema
    ]
    other = replace(table, info=replace(table.info, schema=tuple(coarse)))
    assert other.survey().fingerprint != table.survey().fingerprint


def test_two_gaussians_far_apart_are_two_modes() -> None:
    values = np.concatenate([RANDOM.normal(-50, 2, 700), RANDOM.normal(30, 5, 300)])
    found = modes_of(values, 10)
    assert len(found) < 10
    near = [min(abs(mean + 50) / 2, abs(mean - 30) / 5) for mean, _ in found]
    assert max(near) < 2.5, found
    assert found == tuple(sorted(found))
    assert all(one != other for one, other in pairwise(found))


def test_modes_are_the_same_from_the_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    values = RANDOM.normal(0, 1, 500)
    first = modes_of(values, 5)

    def never(*_: object) -> None:
        raise AssertionError("fitted twice")

    monkeypatch.setattr("ganbench_plugins.datasets.columns._fitted", never)
    assert modes_of(values, 5) == first
    with pytest.raises(AssertionError, match="fitted twice"):
        modes_of(values + 1, 5)


def test_a_constant_column_and_no_modes_at_all() -> None:
    assert modes_of(np.ones(9), 10) == ()
    assert modes_of(RANDOM.normal(size=9), 0) == ()


def test_identity_follows_rows_and_description() -> None:
    other = {**COLUMNS, "age": COLUMNS["age"] + 1}
    prints = [
        make_table(name, columns, modes).survey().fingerprint
        for name, columns, modes in (
            ("people", COLUMNS, 10), ("other name", COLUMNS, 10), ("people", COLUMNS, 0),
            ("people", other, 10),
        )
    ]  # fmt: skip
    assert prints[0] == prints[1]
    assert len(set(prints)) == 3


def test_categories_that_are_numbers_have_their_order() -> None:
    assert in_order(["10", "9", "2.5", "9"]) == ("2.5", "9", "10")
    assert in_order(["10", "9", "few"]) == ("10", "9", "few")


@pytest.mark.parametrize("nothing", ["nan", "NAN", "-nan"])
def test_what_is_no_size_puts_no_other_out_of_order(nothing: str) -> None:
    for left_out in "0123456789":  # sets of other values are gone through in other orders
        given = [*"0123456789".replace(left_out, ""), nothing]
        assert in_order(given) == tuple(sorted(given))


def test_two_rows_are_no_table() -> None:
    with pytest.raises(UsageError, match="has 2 rows"):
        make_table("small", {"x": np.array([1.0, 2.0])})
