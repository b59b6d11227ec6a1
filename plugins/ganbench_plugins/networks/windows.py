"""How long windows of tokens may be. Never imports torch: plans ask."""

from __future__ import annotations

LARGEST_TABLE = 2**24
"""Probabilities of all windows: 64 MiB."""

LARGEST_CODE = 2**63 - 1
"""The number of a window, to the base of the vocabulary's size."""


def longest_window(size: int, most: int) -> int:
    """The longest windows of which there are no more than `most`.

    Args:
        size: of the vocabulary, two or more.
        most: `LARGEST_TABLE` where all are in a table, `LARGEST_CODE` where they are numbered.
    """
    n = 0
    while size ** (n + 1) <= most:
        n += 1
    return n
