"""Losses of controls: what trains a generator without a discriminator.

`max-likelihood` asks the generator for `log_likelihood(real)`, (B,) of what networks see, log p(x)
of whole samples: a mean over each one's own tokens would weigh short texts more than long ones;
`closed-form` lets it fit itself, `fit(real)`, to all training samples at once. Any model that has
the method takes part, whatever its data are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ganbench import LossSpec, Optimiser, Step, Training, hookimpl

if TYPE_CHECKING:
    from torch import Tensor, nn

GANBENCH_API_VERSION = 2


class MaxLikelihood:
    """The mean negative log-likelihood of real samples, for each place of a sample."""

    def generator_loss(self, step: Step) -> Tensor:
        """-E log p(x) / L, L places of a text or columns of a row: the same for all samples."""
        generator: Any = step.generator
        loss: Tensor = -generator.log_likelihood(step.real).mean() / step.real.shape[1]
        step.log("nats", loss)
        return loss


class ClosedForm:
    """G = fit(x_1, ..., x_N), all training samples at once."""

    def fit(self, generator: nn.Module, real: Tensor) -> None:
        """Let it."""
        fitted: Any = generator
        fitted.fit(real)


@hookimpl
def ganbench_losses() -> list[LossSpec]:
    """Maximum likelihood by steps, and whatever is fitted at once."""
    return [
        LossSpec(
            name="max-likelihood",
            description="negative log-likelihood of a generator that can tell it; no discriminator",
            build=MaxLikelihood,
            training=Training(generator=Optimiser(lr=1e-3), discriminator=None),
            needs=("log_likelihood",),
        ),
        LossSpec(
            name="closed-form",
            description="a generator that fits itself to the training samples; no discriminator",
            build=ClosedForm,
            training=Training(generator=None, discriminator=None),
            needs=("fit",),
        ),
    ]
