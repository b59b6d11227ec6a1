"""TVAE (Xu et al. 2019, arXiv:1907.00503, section 4.4): a variational autoencoder of tables.

Minimise twice the surprise of rows given their codes and the divergence of codes from N(0, I), as
the authors' code weighs them. Adam 1e-3, weight decay 1e-5, batches of 500. In the paper it is
ahead of CTGAN where learners are trained on its rows: whoever shows a GAN of tables shows it too.

Traps avoided: a row is drawn from the laws that the decoder tells, categories by their shares and
numbers with their deviation; the likeliest category alone would lose the rare ones.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from ganbench import (
    DataInfo,
    LossSpec,
    ModelSpec,
    Optimiser,
    Parameter,
    Recipe,
    Step,
    Training,
    VariantSpec,
    hookimpl,
)

if TYPE_CHECKING:
    from torch import Tensor

GANBENCH_API_VERSION = 2

PAPER = "Xu et al. 2019, Modeling Tabular Data using Conditional GAN, arXiv:1907.00503"


class TabularBound:
    """The evidence lower bound, its first term counted so many times.

    Args:
        reconstruction: weight of the surprise.
    """

    def __init__(
        self,
        reconstruction: Annotated[
            float, Parameter(minimum=0, help="weight of the reconstruction")
        ] = 2.0,
    ) -> None:
        self.reconstruction = reconstruction

    def generator_loss(self, step: Step) -> Tensor:
        """-w log p(x | c) + KL(q(c | x) | N(0, I)), c ~ q(c | x)."""
        mean, log_variance = step.extra["encoder"](step.real).chunk(2, dim=1)
        noise = step.latent[:, : mean.shape[1]]
        code = mean + (0.5 * log_variance).exp() * noise
        surprise: Tensor = step.generator.surprise(step.real, code)  # type: ignore[operator]
        divergence = 0.5 * (mean.square() + log_variance.exp() - log_variance - 1).sum(dim=1)
        step.log("surprise", surprise.mean())
        step.log("divergence", divergence.mean())
        bound: Tensor = (self.reconstruction * surprise + divergence).mean()
        return bound


def _training(lr: float = 1e-3, batch: int = 500) -> Training:
    adam = Optimiser(lr=lr, weight_decay=1e-5)
    return Training(generator=adam, discriminator=None, batch_size=batch)


def on_tables(
    data: DataInfo,
    *,
    lr: Annotated[float, Parameter(minimum=0, help="learning rate")] = 1e-3,
    batch: Annotated[int, Parameter(minimum=1, help="rows in a batch")] = 500,
    width: Annotated[int, Parameter(minimum=1, help="units of each hidden layer")] = 128,
    latent: Annotated[int, Parameter(minimum=1, help="size of a code")] = 128,
) -> Recipe:
    """The paper's networks and constants."""
    return Recipe(
        model="tvae",
        model_parameters={"width": width, "latent": latent},
        loss="tabular-bound",
        training=_training(lr, batch),
    )


@hookimpl
def ganbench_models() -> list[ModelSpec]:
    """TVAE's networks."""
    return [
        ModelSpec(
            name="tvae",
            description="decoder of rows, which tells the law of each column, and an encoder",
            paper=PAPER,
            build="ganbench_plugins.networks.tvae:build",
            modalities=("tabular",),
            provides=("encoder", "surprise"),
            control=True,
            parameters={
                "width": Parameter(default=128, minimum=1, help="units of each hidden layer"),
                "latent": Parameter(default=128, minimum=1, help="size of a code"),
            },
        )
    ]


@hookimpl
def ganbench_losses() -> list[LossSpec]:
    """TVAE's loss."""
    return [
        LossSpec(
            name="tabular-bound",
            description="evidence lower bound of rows, reconstruction counted twice",
            paper=PAPER,
            build=TabularBound,
            training=_training(),
            needs=("encoder", "surprise"),
            modalities=("tabular",),
        )
    ]


@hookimpl
def ganbench_variants() -> list[VariantSpec]:
    """TVAE."""
    return [
        VariantSpec(
            name="tvae",
            description="control for tables: a variational autoencoder, no discriminator",
            paper=PAPER,
            recipes={"tabular": on_tables},
            control=True,
            deviations=(
                "categories and modes are drawn by their shares, as in the paper; in the authors' "
                "code the likeliest is taken",
            ),
        )
    ]
