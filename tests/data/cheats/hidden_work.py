"""Work that the first steps do not show: three ways to train for longer than a budget allows, and
an honest penalty that does not say when it acts."""

import copy
from dataclasses import dataclass

import torch
from torch.nn.functional import softplus

from ganbench import TechniqueSpec, hookimpl

INNOCENT = 12
"""Calls before it begins."""

HIDDEN = 10
"""Critic steps, or draws of the generator, beside every step that is seen."""


@dataclass
class Hidden:
    """Beside each discriminator step after the first ones: work that no budget was told of."""

    calls: int = 0

    def discriminator_loss(self, step):
        self.calls += 1
        if self.calls > INNOCENT:
            self.work(step)
        return 0 * step.fake_logits.sum()

    def train(self, discriminator, step):
        for _ in range(HIDDEN):
            real, fake = discriminator(step.real), discriminator(step.fake.detach())
            loss = softplus(-real).mean() + softplus(fake).mean()
            weights = list(discriminator.parameters())
            for weight, slope in zip(weights, torch.autograd.grad(loss, weights), strict=True):
                weight.data.sub_(1e-3 * slope)  # behind the back of whoever looks for changes


class HiddenCritic(Hidden):
    """Trains the discriminator itself."""

    def work(self, step):
        self.train(step.discriminator, step)


class HiddenCopy(Hidden):
    """Trains a copy."""

    def work(self, step):
        self.train(copy.deepcopy(step.discriminator), step)


class HiddenDraws(Hidden):
    """Draws from the generator, and leaves no trace for autograd to record."""

    @torch.no_grad()
    def work(self, step):
        for _ in range(HIDDEN):
            step.generator(step.latent)


class LazyPenalty:
    """Honest: a penalty at every 16th step, as if it were one at every step."""

    def discriminator_loss(self, step):
        if step.number % 16:
            return 0 * step.fake_logits.sum()
        return step.real_slopes.square().sum(dim=1).mean()


def technique(name, build, needs=()):
    return TechniqueSpec(name=name, description="hides work", build=build, needs=needs)


@hookimpl
def ganbench_techniques():
    return [
        technique("hidden-critic", HiddenCritic),
        technique("hidden-copy", HiddenCopy),
        technique("hidden-draws", HiddenDraws),
        technique("lazy-penalty", LazyPenalty, needs=("real_slopes",)),
    ]
