"""Tokens and columns: what they hold, and what they refuse."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ganbench import Categorical, Numeric, Vocabulary
from ganbench.api.errors import UsageError

LETTERS = Vocabulary(tokens=("", "a", "b", "c"))
WORDS = Vocabulary(tokens=("the", "cat", "sat"), separator=" ")


@given(st.text(alphabet="abc", max_size=9))
def test_texts_come_back(text: str) -> None:
    numbers = LETTERS.numbers(text, 9)
    assert len(numbers) == 9
    assert LETTERS.text(numbers) == text


def test_long_texts_are_cut_and_words_are_set_apart() -> None:
    assert LETTERS.text(LETTERS.numbers("abcabc", 4)) == "abca"
    assert WORDS.text(WORDS.numbers(["the", "cat", "sat"], 3)) == "the cat sat"
    assert (LETTERS.end, WORDS.end, len(LETTERS)) == (0, None, 4)


def test_what_no_vocabulary_holds() -> None:
    with pytest.raises(UsageError, match="no token is 'dog'"):
        WORDS.numbers(["the", "dog", "sat"], 3)
    with pytest.raises(UsageError, match="a text of 1 tokens does not fill 3 places"):
        WORDS.numbers(["the"], 3)


@pytest.mark.parametrize("tokens", [("a",), (), ("a", "b", "a")])
def test_vocabularies_of_too_few_or_equal_tokens(tokens: tuple[str, ...]) -> None:
    with pytest.raises(UsageError, match="tokens must be two or more, no two of them alike"):
        Vocabulary(tokens=tokens)


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"low": 2, "high": 1}, "2 to 1 is no range of numbers"),
        ({"low": 0, "high": math.inf}, "0 to inf is no range"),
        ({"low": math.nan, "high": 1}, "nan to 1 is no range"),
        ({"low": 0.5, "high": 2, "whole": True}, "0.5 to 2 is not whole"),
        ({"low": 0, "high": 2**25, "whole": True}, "beyond 16,777,216 whole numbers run together"),
        ({"low": 0, "high": 1, "modes": ((0.5, 0),)}, r"\(0.5, 0\) is no mode"),
        ({"low": 0, "high": 1, "modes": ((math.nan, 1),)}, r"\(nan, 1\) is no mode"),
    ],
)
def test_numeric_columns_that_are_none(fields: Any, told: str) -> None:
    with pytest.raises(UsageError, match=f"column 'x': {told}"):
        Numeric(name="x", **fields)


@pytest.mark.parametrize("categories", [(), ("a", "a")])
def test_categorical_columns_that_are_none(categories: tuple[str, ...]) -> None:
    with pytest.raises(UsageError, match="column 'x': categories must be there, no two alike"):
        Categorical(name="x", categories=categories)


def test_widths() -> None:
    assert Numeric(name="x", low=0, high=1).width == 1
    assert Numeric(name="x", low=0, high=1, modes=((0, 1), (1, 1))).width == 3
    assert Categorical(name="x", categories=("a", "b", "c")).width == 3


def test_other_types_are_refused() -> None:
    wrong: Any = "abc"
    with pytest.raises(TypeError, match="Vocabulary: tokens must be a tuple, each item text"):
        Vocabulary(tokens=wrong)
    with pytest.raises(TypeError, match="column 'x': low must be a number, it is 'abc'"):
        Numeric(name="x", low=wrong, high=1)
