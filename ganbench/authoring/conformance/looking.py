"""Networks, with something to put into them."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from ganbench.api.data import DataInfo
from ganbench.api.networks import Networks
from ganbench.training.feed import LatentFeed, RealFeed
from ganbench.training.wrapped import samples_per_judgement

SEED = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """Some latents and real samples, with classes where the networks take them.

    Args:
        networks: in any mode.
        latent: (B, size of the latent).
        real: (B, *shape), as networks see them.
        labels: (B,) int64, or None.
        judgements: J: how many logits there are of them.
        info: what the networks see.
    """

    networks: Networks
    latent: Tensor
    real: Tensor
    labels: Tensor | None
    judgements: int
    info: DataInfo

    @classmethod
    def of(cls, networks: Networks, feed: RealFeed, judgements: int) -> Look:
        """Enough samples for that many judgements; the feed stays where it is."""
        count = judgements * samples_per_judgement(networks.discriminator)
        real, labels = feed.beside("looking").draw(count)
        latent = LatentFeed(networks.latents, real.device, SEED).draw(count)
        return cls(
            networks=networks,
            latent=latent,
            real=real,
            labels=labels if networks.conditional else None,
            judgements=judgements,
            info=feed.info,
        )

    def fakes(self) -> Tensor:
        """What the generator makes of the latents."""
        made: Tensor = self.networks.generator(self.latent, *self._classes)
        return made

    def logits(self, samples: Tensor) -> Tensor:
        """What the discriminator returns of (B, *shape) samples."""
        logits: Tensor = self.networks.discriminator(samples, *self._classes)
        return logits

    @property
    def _classes(self) -> tuple[Tensor, ...]:
        return () if self.labels is None else (self.labels,)


@torch.no_grad()
def evaluated(look: Look, joint: bool) -> dict[str, Tensor]:
    """Samples, and logits where the discriminator has an opinion of samples alone, in eval mode."""
    for module in (look.networks.generator, look.networks.discriminator):
        module.eval()
    found = {"samples": look.fakes()}
    if not joint:
        found |= {"logits": look.logits(look.real), "logits of fakes": look.logits(look.fakes())}
    return found
