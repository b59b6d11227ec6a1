"""Negative momentum (Gidel et al. 2019, arXiv:1807.04740): v = b v + g with b < 0, w - lr v.

No optimiser of torch's takes it: the technique keeps the velocity, and the optimiser (plain SGD)
applies it.
"""

from dataclasses import dataclass
from typing import Annotated

from ganbench import Parameter, TechniqueSpec, hookimpl


@dataclass
class NegativeMomentum:
    beta: Annotated[float, Parameter(minimum=-0.99, maximum=0.99, help="b")] = -0.5

    def __post_init__(self):
        self.velocity = {}

    def before_update(self, game, side):
        import torch

        gradients = [one.grad for one in game.parameters(side)]
        if side in self.velocity:
            torch._foreach_add_(gradients, self.velocity[side], alpha=self.beta)
        self.velocity[side] = [one.clone() for one in gradients]


@hookimpl
def ganbench_techniques():
    return [
        TechniqueSpec(
            name="momentum",
            description="momentum of any sign, the same for both players",
            paper="Gidel et al. 2019, Negative Momentum for Improved Game Dynamics, "
            "arXiv:1807.04740",
            build=NegativeMomentum,
            argument="beta",
            neutral={"beta": 0.0},
            exclusive="rules of play",
        )
    ]
