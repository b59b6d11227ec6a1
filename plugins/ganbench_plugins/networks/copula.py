"""Tables by their columns' own laws, joined by a Gaussian copula or by nothing (Sklar 1959).

Each column becomes normal by its ranks, equal values sharing the middle one; what joins columns is
the correlation of these numbers. Drawn backwards: correlated normal numbers, their places in the
normal law, and of each column the quantile at that place; of categories it is exact, however rare
one is. Categories have the order that the data set gives them, and which it is matters: a copula
knows but more and less.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from ganbench import Categorical, DataInfo, Latent, Networks, Numeric, decode, encode

QUANTILES = 1001
"""Of a column of numbers; between them it is taken as even."""

BEYOND = 2.0
"""More than any place in the normal law."""

SMALLEST = 1e-7


class Copula(nn.Module):
    """Latents (B, columns) to rows (B, features), once it is fitted.

    Args:
        data: whose columns they are.
    """

    root: Tensor
    """(C, C): of the correlations; rows of length 1."""
    quantiles: Tensor
    """(C, QUANTILES): values that rows have; read of columns of numbers."""
    edges: Tensor
    """(C, most categories): up to which place in 0 to 1 a category goes, `BEYOND` from the last one
    that occurs; read of columns of categories."""
    whole: Tensor
    """(C,) which columns are of categories."""

    def __init__(self, data: DataInfo) -> None:
        super().__init__()
        assert data.schema is not None
        self.data = data
        columns = len(data.schema)
        whole = [isinstance(column, Categorical) for column in data.schema]
        self.register_buffer("whole", torch.tensor(whole))
        self.register_buffer("root", torch.eye(columns))
        # Until it is fitted, every column is even over its range.
        ranges = [torch.linspace(*_range(column), QUANTILES) for column in data.schema]
        self.register_buffer("quantiles", torch.stack(ranges))
        even = [torch.ones(_categories(column)) for column in data.schema]
        self.register_buffer("edges", _edges(even))

    def forward(self, latent: Tensor) -> Tensor:
        share = torch.special.ndtr(latent @ self.root.T)
        category = torch.searchsorted(self.edges, share.T.contiguous(), right=True).T
        place = share * (QUANTILES - 1)
        below = place.floor().clamp(max=QUANTILES - 2).long()
        columns = torch.arange(len(self.quantiles), device=latent.device)
        low, high = self.quantiles[columns, below], self.quantiles[columns, below + 1]
        number = torch.lerp(low, high, place - below)
        return encode(torch.where(self.whole, category.to(number), number), self.data)

    def fit_columns(self, real: Tensor, *, correlated: bool) -> None:
        """Laws of all columns of rows (N, features), and what joins them where that is wanted."""
        assert self.data.schema is not None
        rows = decode(real, self.data).double()
        grid = torch.linspace(0, len(rows) - 1, QUANTILES, dtype=torch.float64, device=rows.device)
        self.quantiles = rows.sort(dim=0).values[grid.round().long()].T.float().contiguous()
        counted = [
            torch.bincount(values.long(), minlength=_categories(column))
            if isinstance(column, Categorical)
            else torch.ones(1)
            for column, values in zip(self.data.schema, rows.T, strict=True)
        ]
        self.edges = _edges(counted).to(rows.device)
        if correlated:
            self.root = root_of(correlations(rows)).float()


def _range(column: Numeric | Categorical) -> tuple[float, float]:
    if isinstance(column, Categorical):
        return 0, len(column.categories) - 1
    return column.low, column.high


def _categories(column: Numeric | Categorical) -> int:
    return len(column.categories) if isinstance(column, Categorical) else 1


def _edges(counts: Sequence[Tensor]) -> Tensor:
    """(C, K) where each category's share of the places ends, of counts (at most K,) a column."""
    found = torch.full((len(counts), max(map(len, counts))), BEYOND)
    for row, each in zip(found, counts, strict=True):
        below = each.double().cumsum(dim=0) / each.sum()
        # A place may round to 1: it is of the last category that occurs, not of one behind it.
        row[: len(each)] = torch.where(below < 1, below, BEYOND)
    return found


def correlations(rows: Tensor) -> Tensor:
    """(C, C) correlations of the columns' normal scores, (N, C); a constant one has none."""
    scores = torch.stack([normal_scores(values) for values in rows.T], dim=1)
    scores = scores - scores.mean(dim=0)
    lengths = scores.norm(dim=0)
    unit = torch.where(lengths > SMALLEST, scores / lengths.clamp_min(SMALLEST), 0.0)
    found = unit.T @ unit
    return found.fill_diagonal_(1.0)


def normal_scores(values: Tensor) -> Tensor:
    """(N,) normal numbers at the middle of the ranks that each value's equals have."""
    values = values.contiguous()
    ordered = values.sort().values
    middle = (
        torch.searchsorted(ordered, values) + torch.searchsorted(ordered, values, right=True)
    ) / 2
    found: Tensor = torch.special.ndtri(middle.double() / len(values))
    return found


def root_of(correlation: Tensor) -> Tensor:
    """(C, C) R with R R' as the correlations, and rows of length 1, be they singular or not."""
    values, vectors = torch.linalg.eigh(correlation)
    root = vectors * values.clamp_min(0).sqrt()
    found: Tensor = root / root.norm(dim=1, keepdim=True)
    return found


def build(data: DataInfo) -> Networks:
    """A generator that is fitted at once."""
    assert data.schema is not None
    return Networks(generator=Copula(data), latent=Latent(size=len(data.schema)))
