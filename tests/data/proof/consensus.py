"""Consensus optimisation (Mescheder et al. 2017, arXiv:1705.10461): both players calm both.

v is the gradient of each player's loss in its own weights; both descend v and gamma/2 |v|^2, which
has its least value where neither wants to move (algorithm 2).
"""

from dataclasses import dataclass
from typing import Annotated

from ganbench import Parameter, TechniqueSpec, hookimpl

SIDES = ("discriminator", "generator")


@dataclass(frozen=True)
class Consensus:
    gamma: Annotated[float, Parameter(minimum=0, help="weight of gamma/2 |v|^2")] = 10.0

    def play(self, game):
        import torch

        step = game.draw("discriminator", graph=True)
        fields = []
        for side in SIDES:
            loss, own = game.loss(side, step), game.parameters(side)
            fields.append(torch.autograd.grad(loss, own, create_graph=True))
        parameters = [one for side in SIDES for one in game.parameters(side)]
        field = [one for each in fields for one in each]
        calm = self.gamma / 2 * sum(one.square().sum() for one in field)
        pulls = torch.autograd.grad(calm, parameters, materialize_grads=True)
        for parameter, pull, push in zip(parameters, pulls, field, strict=True):
            parameter.grad = push.detach() + pull
        for side in SIDES:
            game.update(side)


@hookimpl
def ganbench_techniques():
    return [
        TechniqueSpec(
            name="consensus",
            description="both players descend the size of both players' gradients as well",
            paper="Mescheder et al. 2017, The Numerics of GANs, arXiv:1705.10461",
            build=Consensus,
            argument="gamma",
            exclusive="rules of play",
        )
    ]
