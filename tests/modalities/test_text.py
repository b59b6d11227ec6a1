"""Texts: tokens and their end, one line each for people."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from ganbench import DataInfo
from ganbench.api.errors import PluginNotUsable
from ganbench.modalities.text import TEXT, lines

from .samples import text_info

LETTERS = text_info(4, ("", "a", "b", "\n", "\u202e"))
WORDS = text_info(3, ("the", "cat", "sat"), " ")


def numbers(info: DataInfo, *texts: str) -> Tensor:
    assert info.vocabulary is not None
    return torch.tensor([info.vocabulary.numbers(text, info.shape[0]) for text in texts])


def test_networks_see_one_hot_rows() -> None:
    seen = TEXT.encode(numbers(LETTERS, "ab"), LETTERS)
    assert seen.tolist() == [[[0, 1, 0, 0, 0], [0, 0, 1, 0, 0], [1, 0, 0, 0, 0], [1, 0, 0, 0, 0]]]


def test_the_likeliest_token_is_read_and_nothing_behind_the_end() -> None:
    raw = torch.zeros(1, 4, 5)
    raw[0, 0, 2] = raw[0, 1, 1] = raw[0, 2, 0] = raw[0, 3, 2] = 0.3  # b, a, end, b
    assert lines(TEXT.decode(raw, LETTERS), LETTERS) == ["ba"]
    assert torch.equal(TEXT.decode(raw, LETTERS), numbers(LETTERS, "ba"))


def test_of_equal_tokens_the_first_is_read() -> None:
    assert TEXT.decode(torch.zeros(1, 3, 3), WORDS).tolist() == [[0, 0, 0]]


def test_a_vocabulary_without_end_fills_every_position() -> None:
    raw = torch.eye(3)[None]
    assert lines(TEXT.decode(raw, WORDS), WORDS) == ["the cat sat"]


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ([[1, 2, 5, 0]], r"must hold tokens 0\.\.4, it holds 0\.\.5"),
        ([[1, -1, 0, 0]], r"must hold tokens 0\.\.4, it holds -1\.\.1"),
        ([[1, 0, 2, 0]], r"must hold nothing but token 0 \(the end\) behind an end"),
    ],
)
def test_wrong_tokens_are_told(wrong: list[list[int]], told: str) -> None:
    with pytest.raises(PluginNotUsable, match=f"train {told}"):
        TEXT.check("train", torch.tensor(wrong), LETTERS)


def test_rows_that_are_no_shares_are_told() -> None:
    raw = torch.full((1, 3, 3), 0.5)
    assert TEXT.range_fault(raw, WORDS) == (
        "are at least 0.5 and add up to 1.5 to 1.5, not at least 0 and to 1"
    )
    assert TEXT.range_fault(raw * 2 / 3, WORDS) == ""


def test_a_sheet_has_both_kinds_of_texts_one_a_line() -> None:
    fakes = numbers(LETTERS, *["a\nb", ""] * 30)
    (media,) = TEXT.sheet(fakes, numbers(LETTERS, "b\u202e"), "mine on names, seed 0", LETTERS)
    assert media.suffix == ".txt"
    assert media.content.decode().splitlines() == [
        "mine on names, seed 0",
        "",
        "generated:",
        *[r"a\nb", ""] * 16,
        "",
        "real:",
        r"b\u202e",
    ]


def test_a_frame_has_eight_texts() -> None:
    fakes = numbers(LETTERS, *["ab"] * 30)
    (media,) = TEXT.frame(fakes, fakes, LETTERS)
    assert media.content == b"ab\n" * 8


def test_a_file_of_samples_has_the_characters_of_its_data() -> None:
    kept = "\u00a0\u200c\u200d\u3000\u00ad\u202e\t\ue000"
    broken = "\n\r\v\f\x1c\x85\u2028\u2029\x00\x1b"
    info = text_info(20, ("", *kept, *broken))
    fakes = torch.cat([numbers(info, kept), numbers(info, broken)])
    (media,) = TEXT.files(fakes, info).values()
    assert media.content.decode().splitlines() == [
        kept,
        r"\n\r\x0b\x0c\x1c\x85\u2028\u2029\x00\x1b",
    ]
    assert lines(fakes, info)[0] == r"\xa0\u200c\u200d\u3000\xad\u202e\t\ue000"


def test_half_a_character_does_no_harm() -> None:
    info = text_info(1, ("a", "\ud800"))
    for media in (*TEXT.frame(torch.tensor([[1]]), torch.tensor([[1]]), info),
                  *TEXT.files(torch.tensor([[1]]), info).values()):  # fmt: skip
        assert media.content == b"\\ud800\n"
