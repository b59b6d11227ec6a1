"""Scores of tables, on rows as they are stored: numbers, and places of categories."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from ganbench import (
    Direction,
    Evaluation,
    EvaluationInfo,
    Measurement,
    NonFiniteSamples,
    Panel,
    SelfComparison,
)
from ganbench_plugins.scores import requirements
from ganbench_plugins.scores.kernels.columns import (
    Schema,
    category_coverage,
    constant_rows,
    pair_distances,
    rows_of,
    shape_distances,
)
from ganbench_plugins.scores.kernels.gower import nearer_train as nearer
from ganbench_plugins.scores.kernels.learners import Efficacy, efficacy, two_sample_auc

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

    Distances = Callable[[NDArray[np.float64], NDArray[np.float64], Schema], NDArray[np.float64]]


@dataclass(frozen=True)
class Tables:
    """The real and the generated table of an evaluation, and what their measurements share."""

    evaluation: Evaluation

    @functools.cached_property
    def real(self) -> NDArray[np.float64]:
        """(N, C) reference rows."""
        return rows_of(self.evaluation.real)

    @functools.cached_property
    def train(self) -> NDArray[np.float64]:
        """(T, C) training rows."""
        return rows_of(self.evaluation.data.train)

    @functools.cached_property
    def fake(self) -> NDArray[np.float64]:
        """(M, C) fakes."""
        if not bool(self.evaluation.fakes.isfinite().all()):
            raise NonFiniteSamples("fakes hold NaN or infinite values")
        return rows_of(self.evaluation.fakes)

    @property
    def schema(self) -> Schema:
        """Of the columns."""
        assert self.evaluation.data.info.schema is not None
        return self.evaluation.data.info.schema

    def measurement(
        self,
        name: str,
        value: float,
        panel: Panel = "quality",
        direction: Direction = "higher",
        *,
        label: str = "",
        null: float | None = None,
        null_error: float | None = None,
        floor: SelfComparison | None = None,
        cap: float | None = None,
        lowest: float | None = 0.0,
        highest: float | None = 1.0,
    ) -> Measurement:
        """A measurement under ``name/split/NxM``; the arguments are those of `Measurement`."""
        sizes = len(self.real), len(self.fake)
        return Measurement(
            key=f"{name}/{self.evaluation.split}/{sizes[0]}x{sizes[1]}",
            label=label or name.replace("_", " "),
            value=value,
            panel=panel,
            direction=direction,
            null=null,
            null_error=null_error,
            floor=None if floor is None else floor.mean,
            measured_floor=None if floor is None else floor.mean,
            floor_error=None if floor is None else floor.error,
            floor_spread=None if floor is None else floor.spread,
            cap=cap,
            n_real=sizes[0],
            n_fake=sizes[1],
            lowest=lowest,
            highest=highest,
        )

    def floor(self, name: str, distances: Distances) -> SelfComparison:
        """What the mean distance is between two real tables of these sizes.

        Measured between halves of the reference. Distances of shares, of distribution functions
        and of correlations go down with the root of 1/n + 1/m.
        """
        real, schema = self.evaluation.real, self.schema
        half = len(real) // 2

        @functools.wraps(distances)  # it is kept under the source of the code that compares
        def compute() -> tuple[Tensor]:
            def compare(one: Tensor, other: Tensor) -> float:
                return float(distances(rows_of(one), rows_of(other), schema).mean())

            return SelfComparison.of(real, half, compare, most=100).kept()

        def shared() -> SelfComparison:
            kinds = repr(schema)
            (found,) = self.evaluation.cached(f"{name}/halves/{kinds}", [real], compute)
            return SelfComparison.read(found)

        own = self.evaluation.once(f"{name}/halves", shared)
        sizes = 1 / len(self.real) + 1 / len(self.fake)
        return own.scaled(math.sqrt(sizes * half / 2))


def column_shapes(evaluation: Evaluation) -> list[Measurement]:
    """One minus the mean over columns of the Kolmogorov-Smirnov or total variation distance.

    Raises:
        UsageError: fewer than four real rows.
    """
    requirements.halves(EvaluationInfo.of(evaluation), score="column-shapes")
    tables = Tables(evaluation)
    distance = float(shape_distances(tables.real, tables.fake, tables.schema).mean())
    floor = tables.floor("column-shapes", shape_distances)
    return [
        tables.measurement(
            "column_shapes", 1 - distance, null=1 - floor.mean, null_error=floor.spread
        )
    ]


def pair_trends(evaluation: Evaluation) -> list[Measurement]:
    """The mean distance over all pairs of columns, and one minus it.

    Raises:
        UsageError: one column, or fewer than four real rows.
    """
    requirements.pair_trends(EvaluationInfo.of(evaluation))
    tables = Tables(evaluation)
    distance = float(pair_distances(tables.real, tables.fake, tables.schema).mean())
    floor = tables.floor("pair-trends", pair_distances)
    constant = constant_rows(tables.real, len(tables.fake), tables.schema)
    cap = float(pair_distances(tables.real, constant, tables.schema).mean())
    return [
        tables.measurement("pair_distance", distance, "distance", "lower", floor=floor, cap=cap),
        tables.measurement(
            "pair_trends", 1 - distance, null=1 - floor.mean, null_error=floor.spread
        ),
    ]


def coverage(evaluation: Evaluation) -> list[Measurement]:
    """The share of the real rows' categories that fakes have, mean over columns.

    The null is told by the rows of the other split; without one, none is.

    Raises:
        UsageError: no column is of categories.
    """
    requirements.category_coverage(EvaluationInfo.of(evaluation))
    tables = Tables(evaluation)
    data = evaluation.data
    others = rows_of(data.heldout if evaluation.split == "train" else data.train)
    found = category_coverage(tables.real, tables.fake, others, tables.schema)
    return [tables.measurement("category_coverage", found.share, "collapse", null=found.null)]


def train_on_synthetic(evaluation: Evaluation, *, target: str, draws: int) -> list[Measurement]:
    """What learners that have seen fakes alone foretell of real rows; the null is as many
    training rows.

    Each draw is a random half of the fakes, or of as many training rows: the spread over halves is
    the standard error of what all of them give.

    Raises:
        UsageError: the reference is not the held-out split; there is no such column; too few rows.
    """
    info = EvaluationInfo.of(evaluation)
    place = requirements.train_on_synthetic(info, target=target, draws=draws)
    tables = Tables(evaluation)
    rows = min(len(tables.train), len(tables.fake)) // 2

    def worth(learnt: NDArray[np.float64]) -> Efficacy:
        return efficacy(learnt, tables.real, tables.schema, place, rows=rows, draws=draws)

    @functools.wraps(efficacy)
    def compute() -> tuple[Tensor]:
        known = worth(tables.train)
        return (torch.tensor([known.mean, known.spread], dtype=torch.float64),)

    def shared() -> Efficacy:
        name = f"tstr/{place}/{rows}/{draws}/{tables.schema!r}"
        (kept,) = evaluation.cached(name, [evaluation.data.train, evaluation.real], compute)
        return Efficacy(*kept.tolist())

    real = evaluation.once(f"tstr/{place}/{rows}/{draws}", shared)
    found, column = worth(tables.fake), tables.schema[place].name
    return [
        tables.measurement(
            f"tstr/{column}/{draws}",
            found.mean,
            label="TSTR",
            null=real.mean,
            null_error=real.spread,
            lowest=None,
        ),
        tables.measurement(
            f"tstr_error/{column}/{draws}",
            found.spread,
            direction="lower",
            label="TSTR ±",
            null=real.spread,
            highest=None,
        ),
    ]


def two_sample(evaluation: Evaluation) -> list[Measurement]:
    """The cross-validated AUC of trees that tell fakes from as many real rows.

    Raises:
        UsageError: fewer than ten rows on a side.
    """
    requirements.two_sample(EvaluationInfo.of(evaluation))
    tables = Tables(evaluation)
    n = min(len(tables.real), len(tables.fake))
    real = rows_of(evaluation.data.some(evaluation.real, n))
    area, error = two_sample_auc(real, tables.fake[:n], tables.schema)
    return [
        tables.measurement(
            "c2st", area, "collapse", "target", label="C2ST AUC", null=0.5, null_error=error
        )
    ]


def nearer_train(evaluation: Evaluation) -> list[Measurement]:
    """The share of fakes whose nearest real row, in Gower's distance, is a training row.

    Raises:
        UsageError: the reference is not the held-out split.
    """
    requirements.nearer_train(EvaluationInfo.of(evaluation))
    tables = Tables(evaluation)
    found = nearer(tables.train, tables.real, tables.fake, tables.schema)
    return [
        tables.measurement(
            "nearer_train",
            found.share,
            "collapse",
            "target",
            null=found.null,
            null_error=found.error,
        )
    ]
