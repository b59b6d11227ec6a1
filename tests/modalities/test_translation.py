"""Samples of one data set as another one stores them, and what has no place there."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from ganbench import Categorical, DataInfo, Numeric, join_pair
from ganbench.api.errors import PluginNotUsable, UsageError
from ganbench.modalities import modality_of

from . import samples
from .samples import pair_info, table_info, text_info

THEIRS = replace(text_info(4, ("a", "c", "")), name="theirs")
OURS = replace(text_info(4, ("", "a", "b", "c")), name="ours")
AGE = Numeric(name="age", low=0, high=9, whole=True)
KIND = Categorical(name="kind", categories=("a", "b", "c"))
TABLE = replace(table_info(AGE, KIND), name="ours")
SOUND = DataInfo(name="sounds", modality="audio", shape=(1, 8), rate=8_000)
IMAGE = DataInfo(name="images", modality="image", shape=(1, 2, 3))


def translated(stored: Tensor, own: DataInfo, info: DataInfo) -> Tensor:
    return modality_of(info).translated(stored, own, info)


@given(st.one_of(samples.singles, samples.pairs), st.integers(0, 99))
def test_samples_of_the_same_kind_stay_as_they_are(info: DataInfo, seed: int) -> None:
    stored, modality = samples.stored(info, seed), modality_of(info)
    again = replace(info, name="the same under another name", classes=7)
    assert torch.equal(modality.translated(stored, info, again), stored)
    assert modality.apart(info, again) == ""


def test_tokens_keep_their_symbol() -> None:
    stored = torch.tensor([[0, 1, 0, 0], [1, 2, 2, 2]])
    found = translated(stored, THEIRS, OURS)
    assert found.tolist() == [[1, 3, 1, 1], [3, 0, 0, 0]]
    assert torch.equal(translated(found, OURS, THEIRS), stored)


def test_tokens_that_the_others_lack_are_named_where_they_occur() -> None:
    own = replace(text_info(3, ("a", "B", "C", "")), name="theirs")
    endless = text_info(3, ("a", "B"))
    with pytest.raises(UsageError, match=r"1 of 2 texts of theirs have .* no text of ours has: 'B"):
        translated(torch.tensor([[0, 1, 0], [0, 0, 3]]), own, replace(OURS, shape=(3, 4)))
    assert translated(torch.tensor([[0, 0, 0]]), own, endless).tolist() == [[0, 0, 0]]
    with pytest.raises(UsageError, match=r"1 of 1 texts .*: an end before the last place, 'C'"):
        translated(torch.tensor([[0, 2, 3]]), own, endless)


def test_texts_of_another_length_or_reading_are_refused() -> None:
    with pytest.raises(UsageError, match="texts of 5 tokens, ours of 4 tokens") as told:
        translated(torch.zeros(1, 5).long(), text_info(5, ("a", "")), OURS)
    assert "length=" in str(told.value.hint)
    with pytest.raises(UsageError, match="of 4 tokens with ' ' between them, ours of 4 tokens"):
        translated(torch.zeros(1, 4).long(), text_info(4, ("a", ""), " "), OURS)


def test_columns_and_categories_go_by_name_and_numbers_are_kept() -> None:
    own = table_info(
        Categorical(name="kind", categories=("c", "b")), Numeric(name="age", low=-3, high=99)
    )
    stored = torch.tensor([[0.0, 99.5], [1.0, -3.0]])
    found = translated(stored, own, TABLE)
    assert found.tolist() == [[99.5, 2], [-3, 1]]
    modality_of(TABLE).check("fakes", found, TABLE, scored=True)
    with pytest.raises(PluginNotUsable, match=r"must hold 0\.\.9 in column 'age', it holds -3"):
        modality_of(TABLE).check("train", found, TABLE)


def test_categories_bind_what_is_scored_too() -> None:
    pairs = pair_info(IMAGE, TABLE)
    for info, rows in (
        (TABLE, torch.tensor([[50.0, 3]])),
        (pairs, join_pair(torch.zeros(1, 6), torch.tensor([[50.0, 3]]))),
    ):
        with pytest.raises(PluginNotUsable, match=r"must hold 0\.\.2 in column 'kind'"):
            modality_of(info).check("fakes", rows, info, scored=True)
        rows[:, -1] = 2
        modality_of(info).check("fakes", rows, info, scored=True)


@pytest.mark.parametrize(
    ("schema", "told"),
    [
        ((AGE,), "rows has no column 'kind', which ours has"),
        ((AGE, KIND, replace(AGE, name="id")), "ours has no column 'id', which rows has"),
        (
            (replace(KIND, name="age"), KIND),
            "column 'age' of rows holds categories .*, that of ours holds whole numbers from 0",
        ),
        (
            (AGE, Categorical(name="kind", categories=("a", "x", "y"))),
            "2 of 2 rows of rows have in column 'kind' what no row of ours has: 'x'",
        ),
    ],
)
def test_what_another_table_lacks_is_named(
    schema: tuple[Numeric | Categorical, ...], told: str
) -> None:
    stored = torch.ones(2, len(schema))
    with pytest.raises(UsageError, match=told):
        translated(stored, table_info(*schema), TABLE)


def test_sounds_of_another_rate_are_refused() -> None:
    told = "other and sounds have 16,000 and 8,000 samples per second"
    other = replace(SOUND, name="other", rate=16_000)
    with pytest.raises(UsageError, match=told) as error:
        translated(torch.zeros(2, 1, 8).short(), other, SOUND)
    assert "rate=N" in str(error.value.hint)


def test_halves_are_translated_each() -> None:
    own, info = pair_info(IMAGE, THEIRS), pair_info(IMAGE, OURS)
    images = samples.stored(IMAGE, 0)[:2]
    found = translated(join_pair(images, torch.tensor([[0, 1, 0, 0], [1, 2, 2, 2]])), own, info)
    assert torch.equal(found, join_pair(images, torch.tensor([[1, 3, 1, 1], [3, 0, 0, 0]])))
    turned = pair_info(replace(IMAGE, shape=(1, 3, 2)), OURS)
    with pytest.raises(UsageError, match=r"the first half of pairs .* of shape \(1, 3, 2\)"):
        translated(found, turned, info)
    with pytest.raises(UsageError, match=r"second half of pairs .*: 6 of 6 texts of ours .*'b'"):
        translated(join_pair(samples.stored(IMAGE, 0), torch.full((6, 4), 2)), info, own)


def test_another_modality_is_refused() -> None:
    with pytest.raises(UsageError, match=r"images holds image of shape .*, ours holds text"):
        translated(samples.stored(IMAGE, 0), IMAGE, OURS)
    with pytest.raises(UsageError, match=r"sounds holds audio"):
        modality_of(IMAGE).require_kin(SOUND, IMAGE)


@pytest.mark.parametrize(
    ("one", "other", "told"),
    [
        (THEIRS, OURS, "different vocabularies: one alone has 'b'"),
        (text_info(4, ("a", "b")), text_info(4, ("b", "a")), "in another order"),
        (SOUND, replace(SOUND, rate=16_000), "8,000 and 16,000 samples per second"),
        (TABLE, table_info(KIND, AGE), "columns in another order"),
        (TABLE, table_info(AGE), "different columns: one alone has 'kind'"),
        (TABLE, table_info(replace(AGE, high=5), KIND), "'age': whole numbers from 0 to 9 and wh"),
        (TABLE, table_info(AGE, replace(KIND, counts=(1, 2, 3))), "'kind': other modes or counts"),
        (pair_info(IMAGE, THEIRS), pair_info(IMAGE, OURS), "different second halves: text of"),
        (
            pair_info(SOUND, IMAGE),
            pair_info(replace(SOUND, rate=9), IMAGE),
            "in their first half 8,000 and 9 samples per second",
        ),
    ],
)
def test_what_the_same_numbers_mean_otherwise_is_told(
    one: DataInfo, other: DataInfo, told: str
) -> None:
    assert told in modality_of(one).apart(one, other)
