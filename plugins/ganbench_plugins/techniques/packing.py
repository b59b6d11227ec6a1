"""PacGAN (Lin et al. 2018, arXiv:1712.04086): the discriminator judges several samples at once.

Where a generator drops modes, two of its samples are more alike than two real ones; a discriminator
of packs of m sees that. Samples are stacked along their first axis (channels of an image), and the
discriminator is built for such samples, with all else as it is: the paper's "augmented" networks.

Traps avoided: packs are made of the batch as it was drawn, so the discriminator sees as many
samples as without packing, and gives m times fewer logits; a pack is one judgement, so that
penalties of its slope are taken over all of its samples together.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated

from ganbench import DataInfo, Networks, Parameter, Recipe, TechniqueSpec, hookimpl

if TYPE_CHECKING:
    from torch import Tensor

GANBENCH_API_VERSION = 2


@dataclass(frozen=True)
class Packing:
    """D(x_1, ..., x_m), one logit for m samples, joined along their first axis."""

    m: Annotated[int, Parameter(minimum=1, maximum=64, help="samples in a pack")] = 2

    def sees(self, data: DataInfo) -> DataInfo:
        """Samples m times as deep."""
        return replace(data, shape=(self.m * data.shape[0], *data.shape[1:]))

    def networks(self, networks: Networks) -> Networks:
        """A discriminator that takes single samples and packs them."""
        from ganbench import Wrapped

        class Packed(Wrapped):
            """(B, C, ...) samples, shown as (B / m, m C, ...)."""

            pure = True

            def shown(self, samples: Tensor) -> Tensor:
                depth = self.samples * samples.shape[1]
                return samples.reshape(-1, depth, *samples.shape[2:])

        return replace(networks, discriminator=Packed(networks.discriminator, self.m))


def misfit(recipe: Recipe, data: DataInfo, *, m: int, **_: object) -> str | None:
    """Batches must divide into packs."""
    training = recipe.training
    for what, size in (
        ("batch", training.batch_size),
        ("generator batch", training.generator_batch),
    ):
        if size % m:
            return f"a {what} of {size} does not divide into packs of {m}"
    return None


@hookimpl
def ganbench_techniques() -> list[TechniqueSpec]:
    """Packing."""
    return [
        TechniqueSpec(
            name="pac",
            description="the discriminator judges packs of m samples, which shows missing modes",
            paper="Lin et al. 2018, PacGAN: The power of two samples in GANs, arXiv:1712.04086",
            build=Packing,
            argument="m",
            conditional=False,
            neutral={"m": 1},
            misfit=misfit,
            exclusive="packing",
        )
    ]
