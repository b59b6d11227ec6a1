"""Extragradient (Korpelevich 1976; Gidel et al. 2019, arXiv:1802.10551): look ahead, then step.

From w both players step to w' at once; then, from w again, they take the step of the gradients at
w'. With Adam both steps advance its moments, as in the authors' code. Two gradients for a step.
"""

from ganbench import TechniqueSpec, hookimpl

SIDES = ("discriminator", "generator")


class Extragradient:
    def play(self, game):
        import torch

        parameters = [one for side in SIDES for one in game.parameters(side)]
        before = [one.detach().clone() for one in parameters]
        self.step(game)
        for side in SIDES:
            game.differentiate(side)
        with torch.no_grad():
            torch._foreach_copy_(parameters, before)
        for side in SIDES:
            game.update(side)

    def step(self, game):
        for side in SIDES:
            game.differentiate(side)
        for side in SIDES:
            game.update(side)


@hookimpl
def ganbench_techniques():
    return [
        TechniqueSpec(
            name="extragradient",
            description="a step of the gradients that a first step would find",
            paper="Gidel et al. 2019, A Variational Inequality Perspective on GANs, "
            "arXiv:1802.10551",
            build=Extragradient,
            exclusive="rules of play",
        )
    ]
