"""One step of the discriminator or of the generator, as a loss sees it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import cached_property

from torch import Tensor, nn

from ganbench.api.checked import typed
from ganbench.api.errors import PluginNotUsable


class TrainingStep:
    """Implements `ganbench.api.networks.Step`.

    Args:
        generator, discriminator, extra: the model's modules.
        latent: (B, latent size).
        fake: (B, *shape).
        draw_real: gives as many (real, labels) as it is asked for; called at most once, and only
            if the loss asks for either.
    """

    def __init__(
        self,
        generator: nn.Module,
        discriminator: nn.Module,
        extra: Mapping[str, nn.Module],
        latent: Tensor,
        fake: Tensor,
        draw_real: Callable[[int], tuple[Tensor, Tensor | None]],
    ) -> None:
        self.generator = generator
        self.discriminator = discriminator
        self.extra = extra
        self.latent = latent
        self.fake = fake
        self._draw_real = draw_real

    @cached_property
    def _batch(self) -> tuple[Tensor, Tensor | None]:
        return self._draw_real(len(self.fake))

    @property
    def real(self) -> Tensor:
        """(B, *shape) real samples."""
        return self._batch[0]

    @property
    def labels(self) -> Tensor | None:
        """(B,) classes of the real samples."""
        return self._batch[1]

    @cached_property
    def real_logits(self) -> Tensor:
        """(B,) logits of the real samples."""
        return self._logits(self.real)

    @cached_property
    def fake_logits(self) -> Tensor:
        """(B,) logits of the fakes."""
        return self._logits(self.fake)

    def _logits(self, samples: Tensor) -> Tensor:
        """One logit for each sample: means over anything else would train, and mean nothing."""
        logits = self.discriminator(samples)
        if not isinstance(logits, Tensor) or logits.numel() != len(samples):
            raise PluginNotUsable(
                f"the discriminator must return logits ({len(samples)},) or ({len(samples)}, 1), "
                f"it returned {described(logits)}",
                kind="model",
            )
        return logits.view(-1)

    def mean_logits(self) -> tuple[Tensor, Tensor]:
        """Mean logits of real and fake, NaN where the loss did not need them.

        Telemetry must not run the discriminator once more: that would move its batch statistics.
        """
        unknown = self.fake.new_full((), math.nan)
        real, fake = (vars(self).get(name) for name in ("real_logits", "fake_logits"))
        return (
            unknown if real is None else real.mean(),
            unknown if fake is None else fake.mean(),
        )


def described(value: object) -> str:
    """What a plugin returned, for errors."""
    if isinstance(value, Tensor):
        return f"a tensor of shape {tuple(value.shape)}"
    return typed(value)
