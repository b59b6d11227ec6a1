from __future__ import annotations

import math

import pytest
import torch

from ganbench import DataInfo, UsageError, Vocabulary
from ganbench_plugins.networks.ngram import NGram, bits, build, one_hot, table

END = 2
TEXTS = torch.tensor([[0, 1, 0, END], [0, 0, END, END], [1, END, END, END]])


def info(tokens: int, length: int = 8) -> DataInfo:
    names = ("", *(chr(97 + n) for n in range(tokens - 1)))
    return DataInfo(
        name="t", modality="text", shape=(length, tokens), vocabulary=Vocabulary(tokens=names)
    )


def test_unigrams_by_hand() -> None:
    """4 a, 2 b and 3 ends: 9 tokens of 3 kinds, over the uniform law."""
    found = table(TEXTS, END, 3, 1)
    expected = [(count + 3 / 3) / 12 for count in (4, 2, 3)]
    assert found[0].tolist() == pytest.approx(expected)


def test_bigrams_by_hand() -> None:
    """Behind a: a, b, and two ends; behind the beginning two a, one b."""
    below, found = table(TEXTS, END, 3, 1)[0], table(TEXTS, END, 3, 2)
    behind_a = [(count + 3 * share) / 7 for count, share in zip((1, 1, 2), below, strict=True)]
    assert found[0].tolist() == pytest.approx([float(one) for one in behind_a])
    begin = [(count + 2 * share) / 5 for count, share in zip((2, 1, 0), below, strict=True)]
    assert found[END].tolist() == pytest.approx([float(one) for one in begin])


@pytest.mark.parametrize("n", [1, 2, 3, 4])
def test_every_context_has_a_law(n: int) -> None:
    found = table(TEXTS, END, 3, n)
    assert found.shape == (3 ** (n - 1), 3)
    assert torch.allclose(found.sum(dim=1), torch.ones(len(found)))


def test_bits_of_a_uniform_law_are_the_logarithm_of_the_vocabulary() -> None:
    uniform = torch.full((9, 3), 1 / 3)
    assert bits(uniform, TEXTS, END, 3) == pytest.approx(math.log2(3))


def test_samples_have_the_law_that_was_counted() -> None:
    model = NGram(4, 3, END, 2)
    model.fit(one_hot(TEXTS, 3))
    latent = torch.rand(20_000, 4, generator=torch.Generator().manual_seed(0)) * 2 - 1
    drawn = model(latent).argmax(dim=-1)
    first = torch.bincount(drawn[:, 0], minlength=3) / len(drawn)
    assert torch.allclose(first, model.probabilities[END], atol=0.015)
    behind = drawn[drawn[:, 0] == 0, 1]
    second = torch.bincount(behind, minlength=3) / len(behind)
    assert torch.allclose(second, model.probabilities[0], atol=0.015)
    ended = (drawn == END).cumsum(dim=1) > 0
    assert bool((drawn[ended] == END).all())


def test_an_inverse_temperature_makes_it_play_safe() -> None:
    model = NGram(6, 3, END, 2)
    model.fit(one_hot(torch.cat([TEXTS, torch.full((3, 2), END)], dim=1), 3))
    latent = torch.rand(4_000, 6, generator=torch.Generator().manual_seed(0)) * 2 - 1
    known = model.probabilities
    safe, plain, wild = (
        bits(known, model.tempered(latent, one).argmax(dim=-1), END, 2) for one in (2.0, 1.0, 0.5)
    )
    assert safe < plain < wild


def test_tables_that_are_too_large_are_refused() -> None:
    with pytest.raises(UsageError, match="6-grams of 39 tokens"):
        build(info(39), n=6)
    assert build(info(39), n=2).control
