"""Squared Euclidean distances in tiles: no matrix of all pairs is ever in memory.

Every tile is one matrix product, |x|² + |y|² - 2 x·y in float64. That form loses |x|² · 1e-16 to
rounding, so callers centre the data first and compare with `slack` where ties matter.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import torch

from ganbench_plugins.scores.kernels.products import product

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import Tensor

TILE: Final = 2048
"""Rows and columns of one tile: 32 MiB in float64."""

ROUNDING: Final = 64 * torch.finfo(torch.float64).eps
"""Relative rounding error of a squared distance, against the squared norms of its two points."""


@dataclass(frozen=True, slots=True, eq=False)
class Points:
    """Points with their squared norms: what a tile of distances is made from.

    Args:
        rows: (n, d) float64, centred where the distances between them are small.
        norms: (n,) squared norms of the rows.
    """

    rows: Tensor
    norms: Tensor

    @classmethod
    def of(cls, rows: Tensor) -> Points:
        """The points of a float64 matrix (n, d)."""
        return cls(rows, rows.square().sum(dim=1))

    def __len__(self) -> int:
        return len(self.rows)

    def first(self, n: int) -> Points:
        """The first n points."""
        return Points(self.rows[:n], self.norms[:n])

    def blocks(self) -> Iterator[tuple[slice, Points]]:
        """The points in tiles, each with its place."""
        for start in range(0, len(self), TILE):
            place = slice(start, min(start + TILE, len(self)))
            yield place, Points(self.rows[place], self.norms[place])


def squared_distances(rows: Points, columns: Points) -> Tensor:
    """(n, m) squared distances, rounding below zero not yet removed."""
    tile = product(rows.rows, columns.rows.T)
    return tile.mul_(-2.0).add_(rows.norms[:, None]).add_(columns.norms)


def slack(norms: Tensor, squared_radii: Tensor) -> Tensor:
    """How far rounding can move a squared distance that lies at a squared radius.

    A point on the sphere of radius r about x has a norm of at most |x| + r, so the bound needs
    nothing but x and r. Adding it to a radius makes every tie count, subtracting it makes none.

    Args:
        norms: (n,) squared norms of the centres.
        squared_radii: (n,) squared radii about them.
    """
    return ROUNDING * (norms + squared_radii)


def nearest_others(points: Points, k: int) -> Tensor:
    """(n, k) squared distances from each point to its 1st ... k-th nearest *other* point.

    A point is excluded from its own neighbours by its index: an exact duplicate of it stays a
    neighbour at distance 0. Each tile above the diagonal serves its rows and its columns.

    Raises:
        ValueError: k or fewer points.
    """
    n = len(points)
    if n <= k:
        raise ValueError(f"{n} samples have no {k}-th nearest other sample: {k + 1} are needed")
    best = points.norms.new_full((n, k), torch.inf)
    blocks = list(points.blocks())
    for i, (place, rows) in enumerate(blocks):
        tile = squared_distances(rows, rows)
        tile.fill_diagonal_(torch.inf)
        _keep_smallest(best, place, tile)
        for other, columns in blocks[i + 1 :]:
            tile = squared_distances(rows, columns)
            _keep_smallest(best, place, tile)
            _keep_smallest(best, other, tile.T)
    return best.clamp_(min=0)


def nearest_in(points: Points, others: Points) -> Tensor:
    """(n,) squared distance from each point to the nearest of the (m >= 1) others."""
    best = points.norms.new_full((len(points),), torch.inf)
    for place, rows in points.blocks():
        for _, columns in others.blocks():
            nearest = squared_distances(rows, columns).amin(dim=1)
            torch.minimum(best[place], nearest, out=best[place])
    return best.clamp_(min=0)


def _keep_smallest(best: Tensor, place: slice, tile: Tensor) -> None:
    """Merge a tile's k smallest values per row into best[place], ascending."""
    k = best.shape[1]
    found = tile.topk(min(k, tile.shape[1]), dim=1, largest=False).values
    best[place] = torch.cat([best[place], found], dim=1).topk(k, dim=1, largest=False).values
