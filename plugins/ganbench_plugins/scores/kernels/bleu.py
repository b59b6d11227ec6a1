"""BLEU of texts, and of each against the others of its own set (Zhu et al. 2018, Texygen).

Sentence BLEU of up to four tokens in a row, uniform weights, a count of 0 replaced by 0.1 (method 1
of Chen & Cherry 2014), the reference of the nearest length for brevity, the shorter of two; a text
without any 4-gram is judged by what n-grams it can have none of: their precision is 0.1 as well.

Traps avoided: no text is among its own references (that would make every self-BLEU 1); both sides
have the same number of references, with which BLEU grows.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

MOST, SMOOTHED = 4, 0.1

Text = Sequence[int]


def _grams(text: Text, n: int) -> Counter[tuple[int, ...]]:
    return Counter(tuple(text[place : place + n]) for place in range(len(text) - n + 1))


class References:
    """What many texts are compared with: of each n-gram the two largest counts in one of them.

    Args:
        texts: the references.
    """

    def __init__(self, texts: Sequence[Text]) -> None:
        self._lengths = Counter(map(len, texts))
        self._largest: list[dict[tuple[int, ...], tuple[int, int, int]]] = []
        for n in range(1, MOST + 1):
            largest: dict[tuple[int, ...], tuple[int, int, int]] = {}
            for index, text in enumerate(texts):
                for gram, count in _grams(text, n).items():
                    first, owner, second = largest.get(gram, (0, -1, 0))
                    if count > first:
                        largest[gram] = (count, index, first)
                    elif count > second:
                        largest[gram] = (first, owner, count)
            self._largest.append(largest)

    def bleu(self, text: Text, without: int | None = None) -> float:
        """Sentence BLEU-4 of a text; without the reference of that index, which is the text."""
        precisions = []
        for n, largest in enumerate(self._largest, start=1):
            hits = total = 0
            for gram, count in _grams(text, n).items():
                first, owner, second = largest.get(gram, (0, -1, 0))
                hits += min(count, second if owner == without else first)
                total += count
            precisions.append((hits or SMOOTHED) / max(1, total))
            if n == 1 and not hits:
                return 0.0  # no word in common: smoothing would make a score of nothing
        mean = math.fsum(map(math.log, precisions)) / MOST
        return math.exp(mean + min(0.0, 1 - self._nearest(len(text), without) / len(text)))

    def _nearest(self, length: int, without: int | None) -> int:
        others = self._lengths - Counter([length]) if without is not None else self._lengths
        return min(others, key=lambda other: (abs(other - length), other))


def mean_bleu(texts: Sequence[Text], references: Sequence[Text]) -> float:
    """The mean sentence BLEU of texts against references; empty texts have 0."""
    known = References(references)
    return math.fsum(known.bleu(text) for text in texts if text) / len(texts)


def self_bleu(texts: Sequence[Text]) -> float:
    """The mean sentence BLEU of each text against all the others: 1 where all are alike."""
    known = References(texts)
    found = (known.bleu(text, without) for without, text in enumerate(texts) if text)
    return math.fsum(found) / len(texts)
