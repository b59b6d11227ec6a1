from __future__ import annotations

import random

import pytest
from nltk.translate import bleu_score as bleu

from ganbench_plugins.scores.kernels.bleu import mean_bleu, self_bleu


def spelled(*lines: str) -> list[list[int]]:
    return [list(map(ord, line)) for line in lines]


def some(count: int, seed: int) -> list[list[int]]:
    """Lines of one to fourteen of six letters."""
    draw = random.Random(seed)  # noqa: S311
    return [[draw.randrange(6) for _ in range(draw.randint(1, 14))] for _ in range(count)]


def test_a_text_among_its_references_has_1() -> None:
    assert mean_bleu(spelled("latin letter"), spelled("latin letter", "x")) == pytest.approx(1)


def test_texts_without_a_common_character_have_0() -> None:
    assert mean_bleu(spelled("abcd"), spelled("xyzw")) == 0
    assert self_bleu(spelled("abcd", "efgh", "ijkl")) == 0


def test_self_bleu_of_equal_lines_is_1_and_one_that_differs_lowers_it() -> None:
    alike = spelled(*["latin letter"] * 5)
    assert self_bleu(alike) == pytest.approx(1)
    assert self_bleu([*alike[:4], *spelled("qqqqqqqq")]) == pytest.approx(0.8)


def test_no_text_is_its_own_reference() -> None:
    """The trap of published code: with itself among its references every text has 1."""
    lines = some(20, 0)
    with_itself = mean_bleu([line for line in lines if len(line) > 3], lines)
    assert with_itself == pytest.approx(1)
    assert self_bleu(lines) < 0.9


def test_leaving_one_out_is_what_it_says() -> None:
    lines = some(15, 1)
    one_by_one = [
        mean_bleu([line], lines[:index] + lines[index + 1 :]) for index, line in enumerate(lines)
    ]
    assert self_bleu(lines) == pytest.approx(sum(one_by_one) / len(lines))


def test_more_references_never_lower_it() -> None:
    texts, references = some(20, 2), some(40, 3)
    few, many = (mean_bleu(texts, references[:count]) for count in (5, 40))
    assert few < many


def test_brevity_by_hand() -> None:
    """abcd against abcdefgh: all precisions are 1, e^(1 - 8/4) is left."""
    assert mean_bleu(spelled("abcd"), spelled("abcdefgh")) == pytest.approx(2.718281828**-1)


def test_counts_are_clipped_and_zeros_smoothed_by_hand() -> None:
    """abab against abba: all four letters; of ab, ab and ba two, as abba has ab once; none of two
    triples and of one quadruple, which count as 0.1."""
    exact = (4 / 4 * 2 / 3 * 0.1 / 2 * 0.1 / 1) ** 0.25
    assert mean_bleu(spelled("abab"), spelled("abba")) == pytest.approx(exact)


def test_of_two_references_as_near_in_length_the_shorter_one_counts() -> None:
    assert mean_bleu(spelled("abcd"), spelled("abcde", "abc")) == pytest.approx(1)


def test_it_is_what_nltk_has_by_its_first_method() -> None:
    texts, references = some(40, 4), some(25, 5)
    smooth = bleu.SmoothingFunction().method1
    theirs = [bleu.sentence_bleu(references, text, smoothing_function=smooth) for text in texts]
    assert mean_bleu(texts, references) == pytest.approx(sum(theirs) / len(texts), abs=1e-9)
