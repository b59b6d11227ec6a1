"""Rows of tables as generators draw them: places of numbers, modes and categories by lot.

A Gumbel softmax (Jang et al. 2017, arXiv:1611.01144) of temperature .2 draws a category by the
shares that its logits say, and can be differentiated. Its noise is a part of the latent.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from ganbench import Categorical, Numeric

TEMPERATURE = 0.2
SMALLEST = torch.finfo(torch.float32).tiny

Schema = Sequence[Numeric | Categorical]
Block = tuple[int, bool]
"""How many features, and whether they are the place of a number; shares of one otherwise."""


def blocks_of(schema: Schema) -> list[Block]:
    """The blocks of a row's features, in order."""
    blocks: list[Block] = []
    for column in schema:
        if isinstance(column, Numeric):
            blocks += [(1, True), (len(column.modes), False)]
        else:
            blocks.append((column.width, False))
    return [(size, is_place) for size, is_place in blocks if size]


def drawn_rows(logits: Tensor, places: Tensor, uniform: Tensor, blocks: Sequence[Block]) -> Tensor:
    """(B, features): the places as they are, and categories drawn by their logits.

    Args:
        logits, places: (B, features), of which each block takes one.
        uniform: (B, features) from U(-1, 1), what the draws depend on.
        blocks: of a row.
    """
    noisy = (logits + gumbel(uniform)) / TEMPERATURE
    sizes = [size for size, _ in blocks]
    split = torch.split(places, sizes, dim=1), torch.split(noisy, sizes, dim=1)
    parts = zip(*split, blocks, strict=True)
    return torch.cat(
        [place if is_place else own.softmax(dim=1) for place, own, (_, is_place) in parts], dim=1
    )


def gumbel(uniform: Tensor) -> Tensor:
    """Gumbel noise of numbers drawn from U(-1, 1)."""
    drawn = ((uniform + 1) / 2).clamp(SMALLEST, 1 - 2**-24)
    return -(-drawn.log()).log()
