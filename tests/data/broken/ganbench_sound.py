"""Losses that keep every rule in unusual ways: no check may fail them."""

from __future__ import annotations

import copy
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import relu, softplus

from ganbench import Step, WithParameters
from ganbench.api.techniques import Game


class Hinge:
    """Lim & Ye 2017."""

    def discriminator_loss(self, step: Any) -> Any:
        return relu(1 - step.real_logits).mean() + relu(1 + step.fake_logits).mean()

    def generator_loss(self, step: Any) -> Any:
        return -step.fake_logits.mean()


class LeastSquares:
    """Mao et al. 2017."""

    def discriminator_loss(self, step: Any) -> Any:
        return (step.real_logits - 1).square().mean() + step.fake_logits.square().mean()

    def generator_loss(self, step: Any) -> Any:
        return (step.fake_logits - 1).square().mean()


class Clipped(Hinge):
    """Arjovsky et al. 2017: clipped weights, many critic steps at first."""

    def critic_steps(self, generator_step: int) -> int:
        return 9 if generator_step == 0 else 3

    def discriminator_loss(self, step: Any) -> Any:
        return step.fake_logits.mean() - step.real_logits.mean()

    @torch.no_grad()
    def after_discriminator_step(self, discriminator: nn.Module) -> None:
        for weight in discriminator.parameters():
            weight.clamp_(-0.01, 0.01)


class Relativistic:
    """Huang et al. 2024: pairs, penalties on both sides; the generator sees real samples."""

    def discriminator_loss(self, step: Any) -> Any:
        penalty = sum(
            one.square().sum(dim=1).mean() for one in (step.real_slopes, step.fake_slopes)
        )
        return softplus(step.fake_logits - step.real_logits).mean() + penalty / 2

    def generator_loss(self, step: Any) -> Any:
        return softplus(step.real_logits - step.fake_logits).mean()


class FeatureMatching(Hinge):
    """Salimans et al. 2016: the generator matches the means of features of real samples."""

    def discriminator_loss(self, step: Any) -> Any:
        return softplus(-step.real_logits).mean() + softplus(step.fake_logits).mean()

    def generator_loss(self, step: Any) -> Any:
        wanted = step.real_features.detach().mean(dim=0)
        return (step.fake_features.mean(dim=0) - wanted).abs().mean()


class Buffered(nn.Module):
    """A module with a running mean of logits, and a parameter that nobody trains."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(()))
        self.scale = nn.Parameter(torch.ones(()), requires_grad=False)

    def discriminator_loss(self, step: Any) -> Any:
        logits = step.real_logits
        with torch.no_grad():
            self.mean.lerp_(logits.mean(), 0.1)
        centred = logits - 0.1 * self.mean
        return self.scale * (softplus(-centred).mean() + softplus(step.fake_logits).mean())

    def generator_loss(self, step: Any) -> Any:
        return self.scale * softplus(-step.fake_logits).mean()


class Temperate(Hinge):
    """A temperature that the discriminator learns, and that cannot run away."""

    trained_with = "discriminator"

    def __init__(self) -> None:
        self.heat = nn.Parameter(torch.zeros(()))

    def discriminator_loss(self, step: Any) -> Any:
        return self.heat.exp() * super().discriminator_loss(step) + self.heat.square()


class Dragan(LeastSquares):
    """Kodali et al. 2017: a penalty around real samples."""

    def discriminator_loss(self, step: Any) -> Any:
        real = step.real
        around = real + 0.5 * real.std(correction=0) * torch.rand_like(real)
        return super().discriminator_loss(step) + step.slopes(around).square().sum(dim=1).mean()


class Unrolled(LeastSquares):
    """In the manner of Metz et al. 2017: the discriminator looks ahead, and is put back."""

    def generator_loss(self, step: Any) -> Any:
        weights = list(step.discriminator.parameters())
        kept = [one.detach().clone() for one in weights]
        buffers = copy.deepcopy(list(step.discriminator.buffers()))
        ahead = step.discriminator(step.fake.detach()).mean()
        slopes = torch.autograd.grad(ahead, weights)
        with torch.no_grad():
            for weight, gradient in zip(weights, slopes, strict=True):
                weight.sub_(gradient, alpha=1e-3)
            for weight, before in zip(weights, kept, strict=True):
                weight.copy_(before)
            for buffer, before in zip(step.discriminator.buffers(), buffers, strict=True):
                buffer.copy_(before)
        return super().generator_loss(step)


class LookingAhead(Hinge):
    """Extragradient within a loss: the generator plays against a discriminator of one step more."""

    def discriminator_loss(self, step: Any) -> Any:
        return softplus(-step.real_logits).mean() + softplus(step.fake_logits).mean()

    def generator_loss(self, step: Any) -> Any:
        from ganbench import WithParameters

        judge = step.discriminator
        named = dict(judge.named_parameters())
        loss = softplus(judge(step.fake.detach())).mean()
        slopes = torch.autograd.grad(loss, list(named.values()), allow_unused=True)
        ahead = {
            name: one if slope is None else (one - 0.05 * slope).detach()
            for (name, one), slope in zip(named.items(), slopes, strict=True)
        }
        return softplus(-WithParameters(judge, ahead)(step.fake)).mean()


class Lazy:
    """R1 at every third step, three times as strong."""

    every = 3

    def discriminator_loss(self, step: Any) -> Any:
        return 3 * step.real_slopes.square().sum(dim=1).mean()


class Multiplier(nn.Module):
    """The weight of a drift term, which rises while logits are large (Karras et al. 2018)."""

    trained_with = "discriminator"

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.tensor(0.01))

    def discriminator_loss(self, step: Any) -> Any:
        drift = step.real_logits.square().mean()
        return self.weight.square() * drift - 1e-3 * self.weight


def batch_norm(data: Any) -> Any:
    """Perceptrons with batch norm, and a head that reads the discriminator's trunk."""
    from ganbench import Latent, Networks

    trunk = nn.Sequential(nn.Linear(data.features, 16), nn.BatchNorm1d(16), nn.LeakyReLU(0.2))

    class Discriminator(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.trunk, self.head = trunk, nn.Linear(16, 1)

        def forward(self, samples: Any) -> Any:
            return self.head(self.trunk(samples))

    body = nn.Sequential(nn.Linear(4, 16), nn.BatchNorm1d(16), nn.ReLU())
    return Networks(
        generator=nn.Sequential(body, nn.Linear(16, data.features)),
        discriminator=Discriminator(),
        latent=Latent(size=4),
        extra={"head": (nn.Sequential(trunk, nn.Linear(16, 3)), "discriminator")},
    )


class Slow:
    """Plays against an average of the discriminator, which begins with its first weights."""

    def __init__(self) -> None:
        self.slow: dict[str, Tensor] = {}

    def before_step(self, game: Game) -> None:
        named = game.networks.discriminator.named_parameters()
        self.slow = self.slow or {name: one.detach().clone() for name, one in named}

    def opponent(self, game: Game, step: Step) -> nn.Module:
        return WithParameters(step.discriminator, self.slow)

    def after_step(self, game: Game) -> None:
        for name, one in game.networks.discriminator.named_parameters():
            self.slow[name].lerp_(one.detach(), 0.1)
