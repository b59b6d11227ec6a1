"""Lookahead for games (Chavdarova et al. 2021, arXiv:2006.14567): slow weights of both players.

After every k generator steps both players' weights become slow + a (fast - slow), and these are the
next slow ones: a way back along the circle that plain steps describe. More is not better: on the
Dirac-GAN of slope 1, k = 5 converges faster than k = 50.

Trap avoided: both players together; one alone would leave the other at another time.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated

from ganbench import SIDES, Game, Parameter, TechniqueSpec, hookimpl

if TYPE_CHECKING:
    from torch import Tensor

GANBENCH_API_VERSION = 2


@dataclass
class Lookahead:
    """s <- s + a (w - s), w <- s after every k generator steps, w the weights of both players."""

    k: Annotated[int, Parameter(minimum=1, help="steps from one of slow weights to the next")] = 5
    share: Annotated[float, Parameter(minimum=0, maximum=1, help="a, of the way")] = 0.5
    slow: list[Tensor] = field(init=False, default_factory=list)

    def before_step(self, game: Game) -> None:
        """Keep the first weights."""
        if not self.slow:
            self.slow = [weight.detach().clone() for weight in _fast(game)]

    def after_step(self, game: Game) -> None:
        """Go back, every k steps."""
        import torch

        if (game.number + 1) % self.k:
            return
        fast = _fast(game)
        with torch.no_grad():
            torch._foreach_lerp_(self.slow, fast, self.share)
            torch._foreach_copy_(fast, self.slow)


def _fast(game: Game) -> list[Tensor]:
    """Both players' weights."""
    return [weight for side in SIDES for weight in game.parameters(side)]


@hookimpl
def ganbench_techniques() -> list[TechniqueSpec]:
    """Lookahead."""
    return [
        TechniqueSpec(
            name="lookahead",
            description="every k steps both players go back some of the way that they came",
            paper="Chavdarova et al. 2021, Taming GANs with Lookahead-Minmax, arXiv:2006.14567",
            build=Lookahead,
            argument="k",
            neutral={"share": 1.0},
            deviations=("one k; the paper's nested variant has another one of many steps",),
        )
    ]
