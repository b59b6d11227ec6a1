"""Negative momentum (Gidel et al. 2019, arXiv:1807.04740): v = b v + g with b < 0, w - lr v.

In a game momentum of the usual sign makes steps circle wider, and a negative one draws them in. No
optimiser of torch's takes it: the technique keeps the velocity, and the optimiser applies it, plain
SGD as the paper has it. Adam takes the velocity for a gradient, and averages it with a beta1 of its
own: set that to 0 for a momentum that is negative altogether.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated

from ganbench import Game, Parameter, Side, TechniqueSpec, hookimpl

if TYPE_CHECKING:
    from torch import Tensor

GANBENCH_API_VERSION = 2


@dataclass
class Momentum:
    """v <- b v + g, w <- w - h v, for each player."""

    beta: Annotated[float, Parameter(minimum=-0.99, maximum=0.99, help="b")] = -0.5
    velocity: dict[str, list[Tensor]] = field(init=False, default_factory=dict)

    def before_update(self, game: Game, side: Side) -> None:
        """Change the gradients."""
        import torch

        gradients = [weight.grad for weight in game.parameters(side) if weight.grad is not None]
        if side in self.velocity:
            torch._foreach_add_(gradients, self.velocity[side], alpha=self.beta)
        self.velocity[side] = [gradient.clone() for gradient in gradients]


@hookimpl
def ganbench_techniques() -> list[TechniqueSpec]:
    """Momentum."""
    return [
        TechniqueSpec(
            name="momentum",
            description="momentum of any sign, negative by default, the same for both players",
            paper="Gidel et al. 2019, Negative Momentum for Improved Game Dynamics, "
            "arXiv:1807.04740",
            build=Momentum,
            argument="beta",
            neutral={"beta": 0.0},
            exclusive="rules of play",
            deviations=(
                "with any optimiser; Adam's beta1 averages the velocity once more, unless it is 0",
            ),
        )
    ]
