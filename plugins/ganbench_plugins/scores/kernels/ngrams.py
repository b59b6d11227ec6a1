"""Counts of n characters in a row, and what is computed from them. Padding is never counted.

A set of texts is (N, L) tokens with nothing but END behind the first END; n-grams are those of real
characters alone, so that texts shorter than n have none.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True, slots=True)
class Grams:
    """The different n-grams of a set of texts.

    Args:
        codes: (K,) int64, ascending: an n-gram as a number to the base of the vocabulary's size.
        counts: (K,) int64: how often each occurs.
    """

    codes: Tensor
    counts: Tensor

    @classmethod
    def of(cls, texts: Tensor, n: int, size: int, end: int | None) -> Grams:
        """Those of texts.

        Args:
            texts: (N, L) int64.
            n: characters in a row.
            size: of the vocabulary; size^n must be less than 2^63.
            end: its END token, or None.
        """
        codes = gram_codes(texts, n, size, end)
        return cls(*torch.unique(codes[codes >= 0], return_counts=True))

    @property
    def total(self) -> int:
        """How many there are."""
        return int(self.counts.sum())


def gram_codes(texts: Tensor, n: int, size: int, end: int | None) -> Tensor:
    """(N, L - n + 1) codes of the n-grams at each place, -1 where one would reach behind the end.

    Raises:
        ValueError: a code would be no 64-bit number.
    """
    if n * math.log2(size) >= 63:
        raise ValueError(f"{n}-grams of {size} tokens have no 64-bit code")
    if texts.shape[1] < n:
        return texts.new_full((len(texts), 0), -1)
    places = texts.unfold(1, n, 1)
    powers = size ** torch.arange(n - 1, -1, -1, device=texts.device)
    codes = (places * powers).sum(dim=2)
    return codes if end is None else codes.masked_fill(places[..., -1] == end, -1)


def divergence(one: Grams, other: Grams) -> float:
    """Jensen-Shannon divergence of two laws of n-grams, in bits: 0 of equal, 1 of disjoint ones.

    1 where one of both has no n-gram at all; 0 where neither has.
    """
    if not one.total or not other.total:
        return float(one.total != other.total)
    codes = torch.cat([one.codes, other.codes])
    known, places = torch.unique(codes, return_inverse=True)
    laws = torch.zeros(2, len(known), dtype=torch.float64, device=codes.device)
    sets = places.split([len(one.codes), len(other.codes)])
    for law, grams, own in zip(laws, (one, other), sets, strict=True):
        law[own] = grams.counts.double() / grams.total
    mean = laws.mean(dim=0)
    # x log2(x / mean), 0 where x is 0.
    found = float((torch.special.xlogy(laws, laws / mean)).sum()) / 2 / math.log(2)
    return min(1.0, max(0.0, found))


def distinct(texts: Tensor, n: int, size: int, end: int | None) -> float:
    """Different n-grams over all n-grams (Li et al. 2016); 0 where there are none."""
    grams = Grams.of(texts, n, size, end)
    return len(grams.codes) / max(1, grams.total)


def shuffled(texts: Tensor, end: int | None, seed: int) -> Tensor:
    """The same texts, the characters of each in an order of no meaning."""
    random = torch.Generator().manual_seed(seed)
    order = torch.rand(texts.shape, generator=random).to(texts.device)
    if end is not None:  # what ends a text stays behind its characters
        order = order + (texts == end)
    return texts.gather(1, order.argsort(dim=1))


def known_lines(texts: Tensor, among: Tensor) -> Tensor:
    """(N,) whether each of the texts (N, L) is exactly one of `among` (M, L)."""
    both = torch.cat([among, texts])
    _, kind = torch.unique(both, dim=0, return_inverse=True)
    there = torch.zeros(int(kind.max()) + 1, dtype=torch.bool, device=texts.device)
    there[kind[: len(among)]] = True
    return there[kind[len(among) :]]
