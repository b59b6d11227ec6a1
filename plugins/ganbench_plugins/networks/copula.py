"""Tables by their columns' own laws, joined by a Gaussian copula or by nothing (Sklar 1959).

Each column becomes normal by its ranks, equal values sharing the middle one; what joins columns is
the correlation of these numbers. Drawn backwards: correlated normal numbers, their places in the
normal law, and of each column the quantile at that place. Categories have the order that the data
set gives them, and which it is matters: a copula knows but more and less.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ganbench import Categorical, DataInfo, Latent, Networks, Numeric, decode, encode

QUANTILES = 1001
"""Of a column of numbers; between them it is taken as even."""

SMALLEST = 1e-7


class Copula(nn.Module):
    """Latents (B, columns) to rows (B, features), once it is fitted.

    Args:
        data: whose columns they are.
    """

    root: Tensor
    """(C, C): of the correlations; rows of length 1."""
    quantiles: Tensor
    """(C, QUANTILES): values that rows have; of categories, their places."""
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

    def forward(self, latent: Tensor) -> Tensor:
        normal = latent @ self.root.T
        place = torch.special.ndtr(normal) * (QUANTILES - 1)
        # Between two categories there is none: the nearer place counts, and nothing between.
        place = torch.where(self.whole, place.round(), place)
        below = place.floor().clamp(max=QUANTILES - 2).long()
        columns = torch.arange(len(self.quantiles), device=latent.device)
        low, high = self.quantiles[columns, below], self.quantiles[columns, below + 1]
        return encode(torch.lerp(low, high, place - below), self.data)

    def fit_columns(self, real: Tensor, *, correlated: bool) -> None:
        """Quantiles of all rows (N, features), and what joins them where that is wanted."""
        rows = decode(real, self.data).double()
        grid = torch.linspace(0, len(rows) - 1, QUANTILES, dtype=torch.float64, device=rows.device)
        self.quantiles = rows.sort(dim=0).values[grid.round().long()].T.float().contiguous()
        if correlated:
            self.root = root_of(correlations(rows)).float()


def _range(column: Numeric | Categorical) -> tuple[float, float]:
    if isinstance(column, Categorical):
        return 0, len(column.categories) - 1
    return column.low, column.high


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
