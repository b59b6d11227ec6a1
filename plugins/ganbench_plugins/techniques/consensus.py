"""Consensus optimisation (Mescheder et al. 2017, arXiv:1705.10461): both players calm both.

v is the gradient of each player's loss in its own weights; both descend v and gamma/2 |v|^2, which
has its least value where neither wants to move (algorithm 2). Both gradients are taken of one
batch, and second derivatives of both losses.

Traps avoided: |v|^2 is that of both players' gradients together, and both players descend it; the
step is simultaneous.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from ganbench import SIDES, DataInfo, Game, Parameter, Recipe, TechniqueSpec, hookimpl

if TYPE_CHECKING:
    from torch import Tensor

GANBENCH_API_VERSION = 2


@dataclass(frozen=True)
class Consensus:
    """w <- w - h (v + grad gamma/2 |v|^2), v the gradients of both players."""

    gamma: Annotated[float, Parameter(minimum=0, help="weight of gamma/2 |v|^2")] = 10.0

    def play(self, game: Game) -> None:
        """Both players' steps of one batch."""
        import torch

        step = game.draw("discriminator", graph=True)
        field: list[Tensor] = []
        for side in SIDES:
            loss, own = game.loss(side, step), game.parameters(side)
            field += torch.autograd.grad(loss, own, create_graph=True, materialize_grads=True)
        parameters = [weight for side in SIDES for weight in game.parameters(side)]
        calm = self.gamma / 2 * torch.stack([push.square().sum() for push in field]).sum()
        pulls = torch.autograd.grad(calm, parameters, materialize_grads=True)
        for parameter, pull, push in zip(parameters, pulls, field, strict=True):
            parameter.grad = push.detach() + pull
        for side in SIDES:
            game.update(side)


def misfit(recipe: Recipe, data: DataInfo, **_: object) -> str | None:
    """Both gradients are of one batch."""
    own, other = recipe.training.batch_size, recipe.training.generator_batch
    if own == other:
        return None
    return f"both players step on one batch, and the recipe has {own} samples and {other}"


@hookimpl
def ganbench_techniques() -> list[TechniqueSpec]:
    """Consensus optimisation."""
    return [
        TechniqueSpec(
            name="consensus",
            description="both players also minimise the norm of both gradients",
            paper="Mescheder et al. 2017, The Numerics of GANs, arXiv:1705.10461",
            build=Consensus,
            argument="gamma",
            misfit=misfit,
            exclusive="rules of play",
            deviations=(
                "the recipe's optimiser takes the sum, mostly Adam; the authors' is RMSprop",
            ),
        )
    ]
