"""Controls that somebody else might write: generators of points without a discriminator.

A linear map of Gaussian latents, by the gradient of its likelihood or at once by mean and
covariance, which is the same optimum; and a variational autoencoder, whose encoder is an extra.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from ganbench import (
    DataInfo,
    Latent,
    LossSpec,
    ModelSpec,
    Networks,
    Optimiser,
    Recipe,
    Step,
    Training,
    VariantSpec,
    hookimpl,
)

if TYPE_CHECKING:
    from torch import Tensor, nn

ADAM = Optimiser(lr=0.05)
STEPS = Training(generator=ADAM, discriminator=None, batch_size=256)
AT_ONCE = Training(generator=None, discriminator=None)


def linear(data: DataInfo) -> Networks:
    """x = L z + b with a lower triangle L, to be trained."""
    import torch
    from torch import nn

    class Linear(nn.Module):
        def __init__(self, size: int) -> None:
            super().__init__()
            self.map = nn.Parameter(torch.eye(size))
            self.offset = nn.Parameter(torch.zeros(size))

        def forward(self, z: Tensor) -> Tensor:
            return z @ self.map.tril().T + self.offset

        def log_density(self, x: Tensor) -> Tensor:
            lower = self.map.tril()
            z = torch.linalg.solve_triangular(lower, (x - self.offset).T, upper=False)
            spread = lower.diagonal().abs().log().sum() + 0.5 * math.log(2 * math.pi) * len(lower)
            return -0.5 * z.square().sum(dim=0) - spread

    return Networks(generator=Linear(data.features), latent=Latent(size=data.features))


def fitted(data: DataInfo) -> Networks:
    """The same map in buffers, to be fitted."""
    import torch
    from torch import nn

    class Fitted(nn.Module):
        map: Tensor
        offset: Tensor

        def __init__(self, size: int) -> None:
            super().__init__()
            self.register_buffer("map", torch.eye(size))
            self.register_buffer("offset", torch.zeros(size))

        def forward(self, z: Tensor) -> Tensor:
            return z @ self.map.T + self.offset

        def moments(self, real: Tensor) -> None:
            self.map = torch.linalg.cholesky(torch.cov(real.T, correction=0))
            self.offset = real.mean(dim=0)

    return Networks(generator=Fitted(data.features), latent=Latent(size=data.features))


def autoencoder(data: DataInfo) -> Networks:
    """A decoder, and an encoder that learns with it."""
    from torch import nn

    size = data.features
    return Networks(
        generator=nn.Sequential(nn.Linear(2, 16), nn.ReLU(), nn.Linear(16, size)),
        latent=Latent(size=2),
        extra={"encoder": (nn.Linear(size, 4), "generator")},
    )


class Likelihood:
    """The mean negative log-density."""

    def generator_loss(self, step: Step) -> Tensor:
        density: Tensor = step.generator.log_density(step.real)  # type: ignore[operator]
        step.log("nats", -density.mean())
        return -density.mean()


class Moments:
    """Mean and covariance, at once."""

    def fit(self, generator: nn.Module, real: Tensor) -> None:
        generator.moments(real)  # type: ignore[operator]


class MeanMatching:
    """Fakes have the mean of the real samples: it draws fakes, as maximum likelihood does not."""

    def generator_loss(self, step: Step) -> Tensor:
        return (step.fake.mean(dim=0) - step.real.mean(dim=0)).square().sum()


class Bound:
    """Kingma & Welling 2014: reconstruction and divergence, with a spread of 1."""

    def generator_loss(self, step: Step) -> Tensor:
        mean, log_sd = step.extra["encoder"](step.real).chunk(2, dim=1)
        code = mean + log_sd.exp() * step.latent
        divergence = 0.5 * (mean.square() + (2 * log_sd).exp() - 2 * log_sd - 1).sum(dim=1)
        error = 0.5 * (step.generator(code) - step.real).square().sum(dim=1)
        return (error + divergence).mean()


@hookimpl
def ganbench_models() -> list[ModelSpec]:
    return [
        ModelSpec(
            name="linear",
            description="a linear map of Gaussian latents",
            build=linear,
            modalities=("points",),
            provides=("log_density",),
            control=True,
        ),
        ModelSpec(
            name="fitted",
            description="a linear map that is fitted at once",
            build=fitted,
            modalities=("points",),
            provides=("moments",),
            control=True,
        ),
        ModelSpec(
            name="autoencoder",
            description="decoder and encoder",
            build=autoencoder,
            modalities=("points",),
            provides=("encoder",),
            control=True,
        ),
    ]


@hookimpl
def ganbench_losses() -> list[LossSpec]:
    return [
        LossSpec(
            name="likelihood",
            description="negative log-density",
            build=Likelihood,
            training=STEPS,
            needs=("log_density",),
        ),
        LossSpec(
            name="moments",
            description="mean and covariance",
            build=Moments,
            training=AT_ONCE,
            needs=("moments",),
        ),
        LossSpec(
            name="mean-matching",
            description="the mean of fakes is that of real samples",
            build=MeanMatching,
            training=STEPS,
            needs=("fake",),
        ),
        LossSpec(
            name="bound",
            description="evidence lower bound",
            build=Bound,
            training=STEPS,
            needs=("encoder",),
        ),
    ]


def gaussian(data: DataInfo) -> Recipe:
    """By gradient steps."""
    return Recipe(model="linear", loss="likelihood", training=STEPS)


def at_once(data: DataInfo) -> Recipe:
    """By one fit."""
    return Recipe(model="fitted", loss="moments", training=AT_ONCE)


@hookimpl
def ganbench_variants() -> list[VariantSpec]:
    return [
        VariantSpec(
            name="gaussian",
            description="maximum likelihood of a Gaussian, step by step",
            recipe=gaussian,
            modalities=("points",),
            control=True,
        ),
        VariantSpec(
            name="gaussian-at-once",
            description="maximum likelihood of a Gaussian, at once",
            recipe=at_once,
            modalities=("points",),
            control=True,
        ),
    ]
