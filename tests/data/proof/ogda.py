"""Optimistic gradient descent (Daskalakis et al. 2018, arXiv:1711.00141).

w - 2 lr g_t + lr g_(t-1): the gradient plus its last change. Trap avoided: the last gradient is a
copy; kept by reference it would be the present one, and the rule plain descent.
"""

from ganbench import TechniqueSpec, hookimpl


class Optimistic:
    def __init__(self):
        self.last = {}

    def before_update(self, game, side):
        import torch

        gradients = [one.grad for one in game.parameters(side)]
        present = [one.clone() for one in gradients]
        if side in self.last:
            torch._foreach_mul_(gradients, 2)
            torch._foreach_sub_(gradients, self.last[side])
        self.last[side] = present


@hookimpl
def ganbench_techniques():
    return [
        TechniqueSpec(
            name="ogda",
            description="the gradient, and once more what it has changed by",
            paper="Daskalakis et al. 2018, Training GANs with Optimism, arXiv:1711.00141",
            build=Optimistic,
            exclusive="rules of play",
        )
    ]
