"""CTGAN (Xu et al. 2019, arXiv:1907.00503): tables, a category at a time.

Every row is generated for a condition: one category of one column. Critic: minimise
D(G(z, c), c) - D(x, c') + lambda (|grad D| - 1)^2, rows in packs of ten, with one mix and one norm
for each pack. Generator: minimise -D(G(z, c), c) + the cross-entropy of the column that c names.
Real rows are drawn for conditions of the same law (training by sampling): a category has a
probability proportional to the logarithm of its frequency.

Numbers are seen as a mode and the place in it, which is the data set's preparation and the same for
all models. Adam 2e-4 (.5, .9), weight decay 1e-6, batches of 500, one critic step.

Traps avoided, three of them in the authors' code: rows that are evaluated are asked for categories
by their true frequencies, not by those of training; batch norm then has its running statistics, so
that no row depends on those beside it; each category of each column has a place of its own in the
condition. Fakes of the critic's step carry no graph.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, cast

from ganbench import (
    Categorical,
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

    from ganbench import Data
    from ganbench_plugins.networks.ctgan import Conditions

GANBENCH_API_VERSION = 2

PAPER = "Xu et al. 2019, Modeling Tabular Data using Conditional GAN, arXiv:1907.00503"


class ConditionalWasserstein:
    """The Wasserstein loss of rows and what they were asked for, with a penalty per pack.

    Args:
        penalty: lambda, the weight of the penalty.
    """

    def __init__(
        self,
        penalty: Annotated[
            float, Parameter(minimum=0, help="lambda, weight of the penalty")
        ] = 10.0,
    ) -> None:
        self.penalty = penalty

    def weights(self, data: Data) -> Tensor:
        """(N,) training by sampling: rows of rare categories more often."""
        from ganbench_plugins.networks.ctgan import row_weights

        return row_weights(data.train, data.info.schema or ())

    def discriminator_loss(self, step: Step) -> Tensor:
        """D(G(z, c), c) - D(x, c') + lambda (|grad D| - 1)^2."""
        conditions = _conditions(step)
        asked, given = conditions.asked(step.latent), conditions.given(step.real)
        real, fake = step.discriminator(step.real, given), step.discriminator(step.fake, asked)
        slope = self._slopes(step, asked, given, judgements=len(real)).norm(dim=1)
        loss: Tensor = fake.mean() - real.mean() + self.penalty * (slope - 1).square().mean()
        return loss

    def generator_loss(self, step: Step) -> Tensor:
        """-D(G(z, c), c) - log p(c | G(z, c)), p the share that a row gives what c asks for."""
        conditions = _conditions(step)
        asked = conditions.asked(step.latent)
        loss: Tensor = -step.discriminator(step.fake, asked).mean()
        if not len(conditions):
            return loss
        from ganbench_plugins.networks.rows import SMALLEST

        obeyed = (conditions.shares(step.fake) * asked).sum(dim=1)
        return loss - obeyed.clamp_min(SMALLEST).log().mean()

    def _slopes(self, step: Step, asked: Tensor, given: Tensor, judgements: int) -> Tensor:
        """(J, D) gradients between real and fake packs, of rows and of conditions alike."""
        import torch

        mix = torch.rand(judgements, 1, device=asked.device)
        mix = mix.repeat_interleave(len(asked) // judgements, dim=0)
        rows = torch.lerp(step.fake, step.real, mix)
        rows = rows if rows.requires_grad else rows.requires_grad_()
        marks = torch.lerp(asked, given, mix).requires_grad_()
        logits = step.discriminator(rows, marks)
        parts = torch.autograd.grad(logits.sum(), (rows, marks), create_graph=True)
        return torch.cat(parts, dim=1).reshape(judgements, -1)


def _conditions(step: Step) -> Conditions:
    return cast("Conditions", step.extra["conditions"])


def on_tables(
    data: DataInfo,
    *,
    lr: Annotated[float, Parameter(minimum=0, help="learning rate of both networks")] = 2e-4,
    penalty: Annotated[float, Parameter(minimum=0, help="lambda, weight of the penalty")] = 10.0,
    pack: Annotated[int, Parameter(minimum=1, maximum=64, help="rows in a judgement")] = 10,
    batch: Annotated[int, Parameter(minimum=1, help="rows in a batch")] = 500,
    width: Annotated[int, Parameter(minimum=1, help="units of each hidden layer")] = 256,
) -> Recipe:
    """The paper's networks and constants."""
    adam = Optimiser(lr=lr, betas=(0.5, 0.9), weight_decay=1e-6)
    return Recipe(
        model="ctgan",
        model_parameters={"width": width},
        techniques={"pac": {"m": pack}},
        loss="ctgan-loss",
        loss_parameters={"penalty": penalty},
        training=Training(generator=adam, discriminator=adam, batch_size=batch),
    )


def _is_counted(data: DataInfo) -> bool:
    return all(column.counts for column in data.schema or () if isinstance(column, Categorical))


@hookimpl
def ganbench_models() -> list[ModelSpec]:
    """CTGAN's networks."""
    return [
        ModelSpec(
            name="ctgan",
            description="generator of rows that are asked for a category, and a critic of packs",
            paper=PAPER,
            build="ganbench_plugins.networks.ctgan:build",
            modalities=("tabular",),
            supports=_is_counted,
            provides=("conditions",),
            parameters={
                "width": Parameter(default=256, minimum=1, help="units of each hidden layer"),
                "latent": Parameter(default=128, minimum=1, help="size of the normal latent"),
            },
        )
    ]


@hookimpl
def ganbench_losses() -> list[LossSpec]:
    """CTGAN's loss."""
    adam = Optimiser(lr=2e-4, betas=(0.5, 0.9), weight_decay=1e-6)
    return [
        LossSpec(
            name="ctgan-loss",
            description="Wasserstein with a penalty per pack, of rows and what they are asked for",
            paper=PAPER,
            build=ConditionalWasserstein,
            training=Training(generator=adam, discriminator=adam, batch_size=500),
            needs=("conditions", "slopes"),
            modalities=("tabular",),
            deviations=(
                "a training row is drawn first, and then which of its categories it was asked for",
                "what techniques add judges rows without what they were asked for",
            ),
        )
    ]


@hookimpl
def ganbench_variants() -> list[VariantSpec]:
    """CTGAN."""
    return [
        VariantSpec(
            name="ctgan",
            description="tables: rows for a category each, in packs, under a Wasserstein critic",
            paper=PAPER,
            recipes={"tabular": on_tables},
            deviations=(
                "rows are sampled for categories by their true frequencies, by running statistics",
                "a number's mode is its likeliest, not drawn by how likely each is",
                "a training row is drawn first, and then which of its categories it was asked for",
            ),
        )
    ]
