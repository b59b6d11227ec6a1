"""A loss whose module imports torch at its top."""

from __future__ import annotations

from typing import Any

from torch.nn.functional import softplus

from ganbench import LossSpec, Optimiser, Training, hookimpl

GANBENCH_API_VERSION = 2


class NonSaturating:
    def discriminator_loss(self, step: Any) -> Any:
        return softplus(-step.real_logits).mean() + softplus(step.fake_logits).mean()

    def generator_loss(self, step: Any) -> Any:
        return softplus(-step.fake_logits).mean()


@hookimpl
def ganbench_losses() -> list[LossSpec]:
    adam = Optimiser(lr=1e-3)
    return [
        LossSpec(
            name="breaks-light-import",
            description="imports torch",
            modalities=("points",),
            build=NonSaturating,
            training=Training(generator=adam, discriminator=adam),
        )
    ]
