from __future__ import annotations

import math
from collections import Counter

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from ganbench_plugins.scores.kernels.ngrams import (
    Grams,
    distinct,
    divergence,
    gram_codes,
    known_lines,
    shuffled,
)

SIZE, END = 5, 4


def texts(lines: list[str], length: int = 6) -> Tensor:
    """Letters a to d as places, the END token behind them."""
    rows = [
        [*("abcd".index(one) for one in line), *([END] * (length - len(line)))] for line in lines
    ]
    return torch.tensor(rows, dtype=torch.int64).view(-1, length)


def grams(lines: list[str], n: int) -> Grams:
    return Grams.of(texts(lines), n, SIZE, END)


LINES = st.lists(st.text("abcd", max_size=6), min_size=1, max_size=8)
SOME = st.lists(st.text("abcd", min_size=3, max_size=6), min_size=1, max_size=8)


def reference(one: list[str], other: list[str], n: int) -> float:
    """The definition, over dictionaries."""
    laws = []
    for lines in (one, other):
        counts = Counter(line[i : i + n] for line in lines for i in range(len(line) - n + 1))
        laws.append({gram: count / counts.total() for gram, count in counts.items()})
    found = 0.0
    for law, against in (laws, laws[::-1]):
        for gram, share in law.items():
            found += share / 2 * math.log2(share / ((share + against.get(gram, 0.0)) / 2))
    return found


@given(SOME, SOME, st.integers(1, 3))
def test_it_is_the_definition(one: list[str], other: list[str], n: int) -> None:
    found = divergence(grams(one, n), grams(other, n))
    assert found == pytest.approx(reference(one, other, n), abs=1e-12)


@given(SOME, SOME, st.integers(1, 3))
def test_it_is_symmetric_and_within_one_bit(one: list[str], other: list[str], n: int) -> None:
    there, back = (divergence(grams(a, n), grams(b, n)) for a, b in ((one, other), (other, one)))
    assert there == pytest.approx(back, abs=1e-12)
    assert 0 <= there <= 1


@given(SOME, st.integers(1, 3))
def test_equal_laws_are_at_0_and_disjoint_ones_at_1_bit(lines: list[str], n: int) -> None:
    assert divergence(grams(lines, n), grams(lines * 3, n)) == pytest.approx(0, abs=1e-12)
    assert divergence(grams(["aaaa"], n), grams(["bbbb"], n)) == 1


def test_of_nothing() -> None:
    nothing = grams(["", "a"], 2)
    assert nothing.total == 0
    assert divergence(nothing, nothing) == 0
    assert divergence(nothing, grams(["ab"], 2)) == 1


@given(LINES, st.integers(1, 4))
def test_what_stands_behind_the_end_is_never_counted(lines: list[str], n: int) -> None:
    wide = Grams.of(texts(lines, 9), n, SIZE, END)
    assert torch.equal(wide.codes, grams(lines, n).codes)
    assert torch.equal(wide.counts, grams(lines, n).counts)
    assert wide.total == sum(max(0, len(line) - n + 1) for line in lines)


def test_codes_that_fit_no_integer_are_refused() -> None:
    with pytest.raises(ValueError, match="64-bit"):
        gram_codes(texts(["ab"]), 28, SIZE, END)
    assert gram_codes(texts(["ab"]), 7, SIZE, END).shape == (1, 0)


def test_distinct_n() -> None:
    assert distinct(texts(["abab", "ab"]), 2, SIZE, END) == 2 / 4
    assert distinct(texts(["", ""]), 2, SIZE, END) == 0


@given(LINES)
def test_shuffled_texts_keep_their_characters_and_their_ends(lines: list[str]) -> None:
    mixed = shuffled(texts(lines), END, seed=3)
    assert torch.equal(mixed.sort(dim=1).values, texts(lines).sort(dim=1).values)
    assert torch.equal(mixed == END, texts(lines) == END)


def test_lines_that_are_known() -> None:
    found = known_lines(texts(["ab", "abc", "ab", "d"]), texts(["ab", "d", "c"]))
    assert found.tolist() == [True, False, True, True]
