"""Consistency: what means the same is to be judged alike.

* `cr` (Zhang et al. 2020, arXiv:1910.12027): discriminator + w |D(x) - D(T(x))|^2 at real images,
  with T a shift by up to an eighth of height and width. w = 10.
* `bcr` (Zhao et al. 2021, arXiv:2002.04724, §2.1): the same at fakes as well, else the generator
  learns to make shifted images. 10 and 10.
* `zcr` (ibid., §2.2): discriminator + 20 |D(G(z)) - D(G(z + d))|^2, generator - .5 |G(z) -
  G(z + d)|^2 with d ~ N(0, .07^2): samples of neighbours differ, and are judged alike. `bcr+zcr`
  is ICR.

Squares are averaged over judgements, those of samples over their coordinates.

Deviation: the papers flip images as well, which turns digits and letters into others.

Traps avoided: shifted images are made of the very samples that the loss has judged; d is fresh in
each step; the discriminator's terms move the discriminator alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from ganbench import Parameter, Step, TechniqueSpec, hookimpl
from ganbench_plugins.techniques.diffaugment import augment

if TYPE_CHECKING:
    from torch import Tensor

GANBENCH_API_VERSION = 2

SHIFT = ("translation",)


@dataclass(frozen=True)
class Consistency:
    """Shifted images are judged as those that they come from."""

    weight: Annotated[float, Parameter(minimum=0, help="of real images")] = 10.0

    def discriminator_loss(self, step: Step) -> Tensor:
        """w |D(x) - D(T(x))|^2, averaged."""
        return self.weight * _moved(step, step.real, step.real_logits)


@dataclass(frozen=True)
class BalancedConsistency:
    """Shifted images are judged as those that they come from, real or fake."""

    weight: Annotated[float, Parameter(minimum=0, help="of real images")] = 10.0
    fake_weight: Annotated[float, Parameter(minimum=0, help="of fakes")] = 10.0

    def discriminator_loss(self, step: Step) -> Tensor:
        """w |D(x) - D(T(x))|^2 + w' |D(G(z)) - D(T(G(z)))|^2, averaged."""
        real = _moved(step, step.real, step.real_logits)
        fake = _moved(step, step.fake, step.fake_logits)
        return self.weight * real + self.fake_weight * fake


@dataclass(frozen=True)
class LatentConsistency:
    """Neighbouring latents give samples that differ, and that are judged alike."""

    weight: Annotated[float, Parameter(minimum=0, help="of the discriminator's term")] = 20.0
    generator_weight: Annotated[float, Parameter(minimum=0, help="of the generator's")] = 0.5
    std: Annotated[float, Parameter(minimum=0, help="of the step between neighbours")] = 0.07

    def discriminator_loss(self, step: Step) -> Tensor:
        """w |D(G(z)) - D(G(z + d))|^2, averaged."""
        import torch

        # Whoever differentiates this term in the generator (unrolled, consensus) finds all of it.
        with torch.set_grad_enabled(step.fake.grad_fn is not None):
            near = step.generator(self._neighbours(step.latent))
        judged = step.discriminator(near).view(-1)
        term: Tensor = self.weight * (step.fake_logits - judged).square().mean()
        return term

    def generator_loss(self, step: Step) -> Tensor:
        """-w |G(z) - G(z + d)|^2, averaged."""
        near = step.generator(self._neighbours(step.latent))
        term: Tensor = -self.generator_weight * (step.fake - near).square().mean()
        return term

    def _neighbours(self, latent: Tensor) -> Tensor:
        import torch

        return latent + self.std * torch.randn_like(latent)


def _moved(step: Step, images: Tensor, logits: Tensor) -> Tensor:
    """Scalar: by how much shifting changes the logits (J,) of images (B, C, H, W), squared."""
    shifted = step.discriminator(augment(images, SHIFT)).view(-1)
    squares: Tensor = (logits - shifted).square().mean()
    return squares


@hookimpl
def ganbench_techniques() -> list[TechniqueSpec]:
    """Consistency of images, and of latents."""
    improved = "Zhao et al. 2021, Improved Consistency Regularization for GANs, arXiv:2002.04724"
    return [
        TechniqueSpec(
            name="cr",
            description="shifted real images are judged as those that they come from",
            paper="Zhang et al. 2020, Consistency Regularization for GANs, arXiv:1910.12027",
            modalities=("image",),
            build=Consistency,
            argument="weight",
            neutral={"weight": 0.0},
            deviations=(
                "images are shifted and not flipped, which turns digits and letters into others",
            ),
        ),
        TechniqueSpec(
            name="bcr",
            description="shifted images, real or fake, are judged as those that they come from",
            paper=improved,
            modalities=("image",),
            build=BalancedConsistency,
            argument="weight",
            neutral={"weight": 0.0, "fake_weight": 0.0},
            deviations=(
                "images are shifted and not flipped, which turns digits and letters into others",
            ),
        ),
        TechniqueSpec(
            name="zcr",
            description="neighbouring latents give samples that differ and are judged alike",
            paper=improved,
            build=LatentConsistency,
            argument="weight",
            conditional=False,
            neutral={"weight": 0.0, "generator_weight": 0.0},
        ),
    ]
