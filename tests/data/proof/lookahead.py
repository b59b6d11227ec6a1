"""Lookahead for games (Chavdarova et al. 2021, arXiv:2006.14567): slow weights of both players.

After every k steps both players' weights become slow + a (fast - slow), and these are the next slow
ones. Trap avoided: both players together; one alone would leave the other at another time.
"""

from dataclasses import dataclass
from typing import Annotated

from ganbench import Parameter, TechniqueSpec, hookimpl


@dataclass
class Lookahead:
    k: Annotated[int, Parameter(minimum=1, help="steps from one of slow weights to the next")] = 5
    share: Annotated[float, Parameter(minimum=0, maximum=1, help="a, of the way")] = 0.5

    def __post_init__(self):
        self.slow = []

    def before_step(self, game):
        if not self.slow:
            self.slow = [one.detach().clone() for one in self.fast(game)]

    def after_step(self, game):
        import torch

        if (game.number + 1) % self.k:
            return
        with torch.no_grad():
            torch._foreach_lerp_(self.slow, self.fast(game), self.share)
            torch._foreach_copy_(self.fast(game), self.slow)

    def fast(self, game):
        both = (game.parameters(side) for side in ("discriminator", "generator"))
        return [one for side in both for one in side]


@hookimpl
def ganbench_techniques():
    return [
        TechniqueSpec(
            name="lookahead",
            description="every k steps both players go back to half of the way that they came",
            paper="Chavdarova et al. 2021, Taming GANs with Lookahead-Minmax, arXiv:2006.14567",
            build=Lookahead,
            argument="k",
            neutral={"share": 1.0},
        )
    ]
