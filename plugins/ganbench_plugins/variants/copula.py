"""Controls that a page of statistics tells: a Gaussian copula, and columns that know of no other.

`marginals` draws every column by itself: all that it scores is what single columns are worth.
`copula` joins them by the correlations of their normal scores. Both are fitted at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from ganbench import (
    DataInfo,
    LossSpec,
    ModelSpec,
    Parameter,
    Recipe,
    Training,
    VariantSpec,
    hookimpl,
)

if TYPE_CHECKING:
    from torch import Tensor, nn

GANBENCH_API_VERSION = 2

PAPER = "Sklar 1959, Fonctions de répartition à n dimensions et leurs marges"
AT_ONCE = Training(generator=None, discriminator=None)


class ColumnFit:
    """G(z) = Q(Phi(L z)), Q the columns' quantiles, L L^T the correlations of their normal scores.

    Args:
        correlated: whether columns are joined.
    """

    def __init__(
        self, correlated: Annotated[bool, Parameter(help="join columns by correlations")] = True
    ) -> None:
        self.correlated = correlated

    def fit(self, generator: nn.Module, real: Tensor) -> None:
        """From all rows, at once."""
        generator.fit_columns(real, correlated=self.correlated)  # type: ignore[operator]


def joined(data: DataInfo) -> Recipe:
    """With correlations."""
    return Recipe(model="copula", loss="column-fit", training=AT_ONCE)


def apart(data: DataInfo) -> Recipe:
    """Without."""
    return Recipe(
        model="copula", loss="column-fit", loss_parameters={"correlated": False}, training=AT_ONCE
    )


@hookimpl
def ganbench_models() -> list[ModelSpec]:
    """Quantiles and correlations."""
    return [
        ModelSpec(
            name="copula",
            description="quantiles of columns, joined by correlated normal numbers",
            paper=PAPER,
            build="ganbench_plugins.networks.copula:build",
            modalities=("tabular",),
            provides=("fit_columns",),
            control=True,
        )
    ]


@hookimpl
def ganbench_losses() -> list[LossSpec]:
    """The fit."""
    return [
        LossSpec(
            name="column-fit",
            description="quantiles of all columns and the correlations of their normal scores",
            paper=PAPER,
            build=ColumnFit,
            training=AT_ONCE,
            needs=("fit_columns",),
            modalities=("tabular",),
        )
    ]


@hookimpl
def ganbench_variants() -> list[VariantSpec]:
    """The copula, and independent columns."""
    return [
        VariantSpec(
            name="copula",
            description="control for tables: a Gaussian copula, fitted at once",
            paper=PAPER,
            recipes={"tabular": joined},
            control=True,
        ),
        VariantSpec(
            name="marginals",
            description="control for tables: each column by itself",
            recipes={"tabular": apart},
            control=True,
        ),
    ]
