"""Extragradient (Korpelevich 1976; Gidel et al. 2019, arXiv:1802.10551): look ahead, then step.

From w both players step to w' at once; then, from w again, they take the step of the gradients at
w', on a fresh batch. On the Dirac-GAN plain simultaneous steps leave the equilibrium, and these
reach it. A round takes two gradients of each player, and is charged for them.

Trap avoided: with Adam both steps advance its moments, as in the authors' code; only weights are
put back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ganbench import SIDES, Game, TechniqueSpec, hookimpl

if TYPE_CHECKING:
    from torch import Tensor

GANBENCH_API_VERSION = 2


class Extragradient:
    """w' = w - h v(w), then w <- w - h v(w'), v the gradients of both players.

    With another optimiser than SGD its steps stand in the place of h v.
    """

    def play(self, game: Game) -> None:
        """Both players' rounds at once."""
        import torch

        parameters: list[Tensor] = [weight for side in SIDES for weight in game.parameters(side)]
        before = [weight.detach().clone() for weight in parameters]
        for side in SIDES:
            game.differentiate(side)
        for side in SIDES:
            game.update(side)
        for side in SIDES:
            game.differentiate(side)
        with torch.no_grad():
            torch._foreach_copy_(parameters, before)
        for side in SIDES:
            game.update(side)


@hookimpl
def ganbench_techniques() -> list[TechniqueSpec]:
    """Extragradient."""
    return [
        TechniqueSpec(
            name="extragradient",
            description="step by the gradients found after a first, trial step",
            paper="Gidel et al. 2019, A Variational Inequality Perspective on GANs, "
            "arXiv:1802.10551",
            build=Extragradient,
            exclusive="rules of play",
            deviations=(
                "no average of weights, which the paper evaluates as well: add ema",
                "each of the four gradients is of a batch of its own",
            ),
        )
    ]
