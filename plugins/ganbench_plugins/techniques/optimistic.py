"""Optimistic gradient descent (Daskalakis et al. 2018, arXiv:1711.00141).

w - 2 lr g_t + lr g_(t-1): the gradient, and once more what it has changed by. One gradient for each
step, and on the Dirac-GAN nearly what extragradient reaches with two.

That is the rule where the optimiser is SGD. Others get 2 g_t - g_(t-1) for a gradient: Adam then
scales and averages it, which is not the paper's optimistic Adam, whose extrapolation is of Adam's
own update.

Trap avoided: the last gradient is a copy. Kept by reference, as in a published implementation, it
is the present one, and the rule is plain descent.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ganbench import Game, Side, TechniqueSpec, hookimpl

if TYPE_CHECKING:
    from torch import Tensor

GANBENCH_API_VERSION = 2


class Optimistic:
    """w <- w - h (2 g_t - g_(t-1)), for both players.

    With another optimiser than SGD it gets what stands in brackets for a gradient.
    """

    def __init__(self) -> None:
        self.last: dict[str, list[Tensor]] = {}

    def before_update(self, game: Game, side: Side) -> None:
        """Change the gradients."""
        import torch

        gradients = [weight.grad for weight in game.parameters(side) if weight.grad is not None]
        present = [gradient.clone() for gradient in gradients]
        if side in self.last:
            torch._foreach_mul_(gradients, 2)
            torch._foreach_sub_(gradients, self.last[side])
        self.last[side] = present


@hookimpl
def ganbench_techniques() -> list[TechniqueSpec]:
    """Optimistic gradient descent."""
    return [
        TechniqueSpec(
            name="ogda",
            description="optimistic gradient: add its last change once more",
            paper="Daskalakis et al. 2018, Training GANs with Optimism, arXiv:1711.00141",
            build=Optimistic,
            exclusive="rules of play",
            deviations=(
                "Adam takes 2 g_t - g_(t-1) for a gradient; the paper's extrapolates its update",
            ),
        )
    ]
