"""The networks of CTGAN (Xu et al. 2019, arXiv:1907.00503): a row is asked to have one category.

Generator: latent and condition through two layers of 256 with batch norm and ReLU, each followed by
what went into it, then a tanh for the place of each number and a Gumbel softmax (temperature .2)
for modes and for categories. Discriminator: packs of rows (technique `pac`) with their conditions,
two layers of 256 with leaky ReLU (.2) and dropout (.5).

What is drawn in a row besides the latent, which category it is asked for and the Gumbel noise, is
drawn from parts of the latent of their own: a generator is a function of its latent.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ganbench import Categorical, DataInfo, Latent, Networks
from ganbench_plugins.networks.rows import SMALLEST, Schema, blocks_of, drawn_rows


class Conditions(nn.Module):
    """Which category of which column a row is asked to have: one of all C categories of the table.

    The column is any with the same probability. In training, a category has a probability
    proportional to ln(1 + rows), so that rare ones are seen; in eval mode, its share of the rows.

    Args:
        schema: of the table, categories with their counts.
        place: of the latent's coordinate, U(-1, 1), that chooses.
    """

    features: Tensor
    """(C,) which of a row's features, as networks see it, is each category."""
    in_training: Tensor
    """(C,) probability of each in training."""
    in_truth: Tensor
    """(C,) probability of each where rows are to be as the data's."""
    likelier: Tensor
    """(C,) how much likelier a training row of it is to be drawn for it than in truth."""

    def __init__(self, schema: Schema, place: int) -> None:
        super().__init__()
        self.place = place
        categorical = [column for column in schema if isinstance(column, Categorical)]
        counts = [torch.tensor(column.counts, dtype=torch.float64) for column in categorical]
        shares = [share(one.log1p()) for one in counts]
        truth = [share(one) for one in counts]
        empty = torch.zeros(0, dtype=torch.float64)
        columns = max(1, len(counts))
        self._buffer("in_training", torch.cat([empty, *shares]) / columns)
        self._buffer("in_truth", torch.cat([empty, *truth]) / columns)
        self._buffer("likelier", torch.cat([empty, *map(likelier, counts)]))
        self.register_buffer("features", torch.tensor(category_features(schema), dtype=torch.int64))

    def _buffer(self, name: str, values: Tensor) -> None:
        self.register_buffer(name, values.float())

    def __len__(self) -> int:
        return len(self.features)

    def asked(self, latent: Tensor) -> Tensor:
        """(B, C) one-hot: what the rows of these latents are asked for."""
        if not len(self):
            return latent.new_zeros(len(latent), 0)
        law = self.in_training if self.training else self.in_truth
        drawn = (latent[:, self.place] + 1) / 2
        chosen = torch.searchsorted(law.cumsum(0)[:-1], drawn, right=True)
        return self._one_hot(chosen)

    def given(self, rows: Tensor) -> Tensor:
        """(B, C) one-hot: what these real rows (B, features), drawn as `row_weights` says, may have
        been drawn for: one of their own categories, by Bayes' rule."""
        if not len(self):
            return rows.new_zeros(len(rows), 0)
        likely = rows[:, self.features] * self.likelier + SMALLEST
        return self._one_hot(torch.multinomial(likely, 1)[:, 0])

    def shares(self, rows: Tensor) -> Tensor:
        """(B, C) how much of each category the rows (B, features) have."""
        return rows[:, self.features]

    def _one_hot(self, chosen: Tensor) -> Tensor:
        return (chosen[:, None] == torch.arange(len(self), device=chosen.device)).float()


def share(weights: Tensor) -> Tensor:
    """Weights as shares of one."""
    return weights / weights.sum()


def likelier(counts: Tensor) -> Tensor:
    """(K,) of each category: its probability in training over its rows, 0 where there are none."""
    return torch.where(counts > 0, share(counts.log1p()) / counts.clamp_min(1), 0.0)


def category_features(schema: Schema) -> list[int]:
    """Places of all categories in a row as networks see it."""
    places: list[int] = []
    start = 0
    for column in schema:
        if isinstance(column, Categorical):
            places += range(start, start + column.width)
        start += column.width
    return places


def row_weights(rows: Tensor, schema: Schema) -> Tensor:
    """(N,) how often each stored row (N, columns) is drawn in training by sampling.

    There a column is drawn, a category of it, and a row that has it: a row's probability is the sum
    over its own categories.
    """
    total = torch.zeros(len(rows), dtype=torch.float64)
    for column, values in zip(schema, rows.T, strict=True):
        if isinstance(column, Categorical):
            total += likelier(torch.tensor(column.counts, dtype=torch.float64))[values.long()]
    return total if bool(total.any()) else torch.ones_like(total)


class Layer(nn.Module):
    """(B, I) to (B, O + I): a normalised layer, followed by what went into it."""

    def __init__(self, fan_in: int, fan_out: int) -> None:
        super().__init__()
        self.layer = nn.Sequential(nn.Linear(fan_in, fan_out), nn.BatchNorm1d(fan_out), nn.ReLU())

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([self.layer(x), x], dim=1)


class Generator(nn.Module):
    """Latents (B, latent + 1 + features) to rows (B, features).

    Args:
        schema: of the table.
        conditions: what rows are asked for.
        latent: size of the normal part of the latent, which comes first.
        width: units of each hidden layer.
    """

    def __init__(self, schema: Schema, conditions: Conditions, latent: int, width: int) -> None:
        super().__init__()
        self.conditions = conditions
        self.blocks = blocks_of(schema)
        self.latent = latent
        start = latent + len(conditions)
        features = sum(size for size, _ in self.blocks)
        self.features = features
        self.layers = nn.Sequential(
            Layer(start, width), Layer(start + width, width), nn.Linear(start + 2 * width, features)
        )

    def forward(self, latent: Tensor) -> Tensor:
        seen = torch.cat([latent[:, : self.latent], self.conditions.asked(latent)], dim=1)
        raw = self.layers(seen)
        return drawn_rows(raw, raw.tanh(), latent[:, -self.features :], self.blocks)


class Judge(nn.Module):
    """Packs of m rows (J, m features), and what these were asked for (m J, C), to logits (J, 1).

    Rows without anything that they were asked for are shown with no category marked.

    Args:
        features: of a pack.
        marks: conditions of a pack, m C.
        width: units of each hidden layer.
    """

    def __init__(self, features: int, marks: int, width: int) -> None:
        super().__init__()
        self.marks = marks
        layers: list[nn.Module] = []
        for fan_in in (features + marks, width):
            layers += [nn.Linear(fan_in, width), nn.LeakyReLU(0.2), nn.Dropout(0.5)]
        self.layers = nn.Sequential(*layers)
        self.head = nn.Linear(width, 1)

    def forward(self, packs: Tensor, *asked: Tensor) -> Tensor:
        (marks,) = asked or (packs.new_zeros(len(packs), self.marks),)
        logits: Tensor = self.head(
            self.layers(torch.cat([packs, marks.reshape(len(packs), self.marks)], dim=1))
        )
        return logits


def build(data: DataInfo, *, width: int, latent: int) -> Networks:
    """The networks for a table; the discriminator for as many rows as the shape has."""
    assert data.schema is not None
    conditions = Conditions(data.schema, place=latent)
    generator = Generator(data.schema, conditions, latent, width)
    rows = data.features // generator.features
    return Networks(
        generator=generator,
        discriminator=Judge(data.features, rows * len(conditions), width),
        latent=(
            Latent(size=latent),
            Latent(size=1, law="uniform"),
            Latent(size=generator.features, law="uniform"),
        ),
        extra={"conditions": (conditions, "generator")},
    )
