"""Tables: numbers in their range, categories by name, and rows that any reader of CSV reads."""

from __future__ import annotations

import csv
import io

import pytest
import torch

from ganbench import Categorical, Numeric, output_layer
from ganbench.api.errors import PluginNotUsable, UsageError
from ganbench.modalities.arrays import arranged
from ganbench.modalities.tabular import TABULAR

from .samples import table_info

HEIGHT = Numeric(name="height", low=100, high=200)
CHILDREN = Numeric(name="children", low=0, high=4, whole=True)
COLOUR = Categorical(name="colour", categories=("red", 'blue, or "sky"'))
WAITING = Numeric(name="waiting", low=40, high=110, modes=((54, 5), (80, 5)))
INFO = table_info(HEIGHT, CHILDREN, COLOUR)
MODES = table_info(WAITING)


def test_networks_see_the_columns_side_by_side() -> None:
    seen = TABULAR.encode(torch.tensor([[100.0, 2, 1], [150, 3, 0]]), INFO)
    assert seen.tolist() == [[-1, 0, 0, 1], [0, 0.5, 1, 0]]


def test_numbers_stay_in_their_range_and_whole_where_they_must() -> None:
    raw = torch.tensor([[9.0, 0.2, 0.1, 0.7], [-9, -0.2, 0.6, 0.1]])
    assert TABULAR.decode(raw, INFO).tolist() == [[200, 2, 1], [100, 2, 0]]


def test_numbers_have_the_decimals_of_their_column() -> None:
    price = Numeric(name="price", low=-1, high=1e6, decimals=2)
    info = table_info(price)
    raw = torch.tensor([[2 * (x + 1) / 1_000_001 - 1] for x in (-0.004, 0.991, 123456.78)])
    stored = TABULAR.decode(raw, info)
    assert torch.equal(stored, (stored.double().round(decimals=2)).float())
    rows = torch.tensor([[0.99], [0.0], [123456.78]])
    (sheet,) = TABULAR.files(rows, info).values()
    assert sheet.content.decode().split() == ["price", "0.99", "0", "123456.78"]
    with pytest.raises(UsageError, match="-1 is no number of decimals"):
        Numeric(name="price", low=0, high=1, decimals=-1)


def test_a_number_is_told_by_its_mode_and_its_place_in_it() -> None:
    stored = torch.tensor([[54.0], [64], [80], [70], [100]])
    seen = TABULAR.encode(stored, MODES)
    assert seen.tolist() == [
        [0, 1, 0],
        [pytest.approx(0.5), 1, 0],
        [0, 0, 1],
        [pytest.approx(-0.5), 0, 1],
        [1, 0, 1],
    ]
    torch.testing.assert_close(TABULAR.decode(seen, MODES), stored)


def test_the_wider_mode_has_what_lies_far_from_both() -> None:
    info = table_info(Numeric(name="x", low=-9, high=9, modes=((0, 1), (0, 3))))
    assert TABULAR.encode(torch.tensor([[0.5], [4.0]]), info)[:, 1:].tolist() == [[1, 0], [0, 1]]


def test_what_no_mode_reaches_is_cut_to_its_end() -> None:
    seen = TABULAR.encode(torch.tensor([[110.0]]), MODES)
    assert seen.tolist() == [[1, 0, 1]]
    assert TABULAR.decode(seen, MODES).item() == 100


def test_a_constant_column_comes_back() -> None:
    info = table_info(Numeric(name="always", low=3, high=3))
    stored = torch.full((2, 1), 3.0)
    assert torch.equal(TABULAR.decode(TABULAR.encode(stored, info), info), stored)
    assert TABULAR.decode(torch.tensor([[0.9]]), info).item() == 3


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ([201.0, 0, 0], r"must hold 100\.\.200 in column 'height', it holds 201\.\.201"),
        ([150.0, 5, 0], r"must hold 0\.\.4 in column 'children', it holds 5\.\.5"),
        ([150.0, 1.5, 0], "must hold whole numbers in column 'children'"),
        ([150.0, 1, 2], r"must hold 0\.\.1 in column 'colour'"),
        ([150.0, 1, 0.5], "must hold whole numbers in column 'colour'"),
    ],
)
def test_wrong_rows_are_told_by_column(row: list[float], told: str) -> None:
    with pytest.raises(PluginNotUsable, match=f"train {told}"):
        TABULAR.check("train", torch.tensor([row]), INFO)


def test_rows_that_nobody_learns_from_may_leave_the_range_that_networks_are_told() -> None:
    TABULAR.check("heldout", torch.tensor([[201.0, 5, 0], [99, -1.5, 1]]), INFO, scored=True)
    with pytest.raises(PluginNotUsable, match=r"heldout must hold 0\.\.1 in column 'colour'"):
        TABULAR.check("heldout", torch.tensor([[201.0, 5, 2]]), INFO, scored=True)


def test_rows_that_are_scored_may_be_held_out_ones_beyond_the_range() -> None:
    rows = torch.tensor([[201.0, 5, 0], [99, 1, 1]])
    samples, note = arranged(rows, INFO, "rows")
    assert torch.equal(samples, rows)
    assert not note
    with pytest.raises(UsageError, match=r"rows must hold .* in column 'colour'"):
        arranged(rows + 0.5, INFO, "rows")


def test_bounds_that_float32_rounds_hold_for_what_it_rounds_as_well() -> None:
    info = table_info(Numeric(name="share", low=0.1, high=0.7))
    TABULAR.check("train", torch.tensor([[0.1], [0.7]]), info)


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ([2.0, 0, 1, 0], "of column 'height' lie in [2, 2], not in [-1, 1]"),
        ([0.0, 0, 1, 1], "of column 'colour' are at least 1 and add up to 2 to 2, not"),
        ([0.0, 0, -1, 2], "of column 'colour' are at least -1 and add up to 1 to 1, not"),
    ],
)
def test_what_leaves_the_range_is_told_by_column(row: list[float], told: str) -> None:
    assert TABULAR.range_fault(torch.tensor([row]), INFO).startswith(told)


def test_the_last_layer_ends_every_column_in_its_own_way() -> None:
    ended = output_layer(table_info(HEIGHT, WAITING, COLOUR))(torch.full((1, 6), 3.0))
    torch.testing.assert_close(
        ended, torch.tensor([[0.99505, 0.99505, 0.5, 0.5, 0.5, 0.5]]), atol=1e-5, rtol=0
    )


def test_a_sheet_is_a_table_of_both_kinds_of_rows() -> None:
    fakes = torch.tensor([[123.456, 2.0, 1.0]]).repeat(50, 1)
    (media,) = TABULAR.sheet(fakes, torch.tensor([[100.0, 0, 0]]), "", INFO)
    assert media.suffix == ".csv"
    rows = list(csv.reader(io.StringIO(media.content.decode())))
    assert rows == [
        ["sample", "height", "children", "colour"],
        *[["generated", "123.5", "2", 'blue, or "sky"']] * 32,
        ["real", "100", "0", "red"],
    ]
    (frame,) = TABULAR.frame(fakes, fakes, INFO)
    rows = list(csv.reader(io.StringIO(frame.content.decode())))
    assert rows == [["height", "children", "colour"], *[["123.5", "2", 'blue, or "sky"']] * 8]


def test_no_text_is_a_formula() -> None:
    info = table_info(
        Numeric(name="=1+1", low=-9, high=9), Categorical(name="a", categories=(" @b", "c"))
    )
    (frame,) = TABULAR.frame(torch.tensor([[-1.0, 0], [1, 1]]), torch.zeros(1, 2), info)
    assert frame.content.decode().splitlines() == ["'=1+1,a", "-1,' @b", "1,c"]


def test_a_number_is_none_whatever_its_sign() -> None:
    numbers = ("-1", "+1", "-.5", "-1e-3", "+2.")
    info = table_info(Categorical(name="-1", categories=(*numbers, "-a", "-1+1", "-inf")))
    (table,) = TABULAR.files(torch.arange(8.0)[:, None], info).values()
    assert table.content.decode().splitlines() == ["-1", *numbers, "'-a", "'-1+1", "'-inf"]


def test_a_fraction_is_written_where_no_training_row_has_one() -> None:
    (table,) = TABULAR.files(torch.tensor([[100.0, 1, 0], [150, 1.5, 0]]), INFO).values()
    assert table.content.decode().splitlines()[1:] == ["100,1,red", "150,1.5,red"]


def test_columns_that_never_change_are_doubted() -> None:
    stored = torch.tensor([[100.0, 1, 0], [150, 1, 0]])
    assert TABULAR.doubt(stored, INFO) == "never change in 'children', 'colour'"
