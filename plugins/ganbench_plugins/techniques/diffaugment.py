"""DiffAugment (Zhao et al. 2020, arXiv:2006.10738): the discriminator sees augmented samples only.

The same random, differentiable transformations T are put on real samples and on fakes, in both
players' steps (eq. 2 and 3): D(T(x)), D(T(G(z))). So the discriminator cannot learn the data by
heart, and the generator is not taught to make augmented samples. For images, in this order:

* color: brightness + U(-1/2, 1/2); saturation around the channels' mean times U(0, 2); contrast
  around the image's mean times U(1/2, 3/2);
* translation: by up to 1/8 of height and width, with zeros where there was nothing;
* cutout: a square of half the height and width set to zero.

Traps avoided: the same policy in both steps (augmenting real samples alone teaches the generator to
augment); random numbers of their own for each sample; in eval mode nothing is augmented.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated

from ganbench import DataInfo, Networks, Parameter, Recipe, TechniqueSpec, hookimpl

if TYPE_CHECKING:
    from torch import Tensor

GANBENCH_API_VERSION = 2

POLICIES = ("color", "translation", "cutout")


@dataclass(frozen=True)
class DiffAugment:
    """D(T(x)), D(T(G(z))) in both players' steps, T = cutout(translation(color)) of each sample."""

    policy: Annotated[
        str, Parameter(help="any of color, translation, cutout, joined by +; none: nothing")
    ] = "color+translation+cutout"

    def networks(self, networks: Networks) -> Networks:
        """A discriminator that sees augmented samples in train mode."""
        from ganbench import Wrapped

        policies = _policies(self.policy)

        class Augmented(Wrapped):
            """Shows (B, C, H, W) images after random transformations of each."""

            def shown(self, samples: Tensor) -> Tensor:
                return augment(samples, policies) if self.training else samples

        return replace(networks, discriminator=Augmented(networks.discriminator))


def augment(images: Tensor, policies: tuple[str, ...]) -> Tensor:
    """(B, C, H, W) images in [-1, 1], transformed at random, each in its own way."""
    for policy in policies:
        images = _TRANSFORMATIONS[policy](images)
    return images


def _color(images: Tensor) -> Tensor:
    import torch

    brightness, saturation, contrast = torch.rand(
        3, len(images), 1, 1, 1, dtype=images.dtype, device=images.device
    )
    images = images + (brightness - 0.5)
    grey = images.mean(dim=1, keepdim=True)
    images = (images - grey) * (saturation * 2) + grey
    mean = images.mean(dim=(1, 2, 3), keepdim=True)
    changed: Tensor = (images - mean) * (contrast + 0.5) + mean
    return changed


def _translation(images: Tensor) -> Tensor:
    import torch
    from torch.nn.functional import pad

    count, _, height, width = images.shape
    most = [int(size / 8 + 0.5) for size in (height, width)]
    shifts = [
        torch.randint(-limit, limit + 1, (count, 1, 1), device=images.device) for limit in most
    ]
    rows = torch.arange(height, device=images.device).view(1, height, 1) + shifts[0] + 1
    columns = torch.arange(width, device=images.device).view(1, 1, width) + shifts[1] + 1
    framed = pad(images, (1, 1, 1, 1)).permute(0, 2, 3, 1)  # zeros wherever there was nothing
    which = torch.arange(count, device=images.device).view(count, 1, 1)
    moved = framed[which, rows.clamp(0, height + 1), columns.clamp(0, width + 1)]
    return moved.permute(0, 3, 1, 2)


def _cutout(images: Tensor) -> Tensor:
    import torch

    count, _, height, width = images.shape
    inside = torch.ones((), dtype=torch.bool, device=images.device)
    for axis, size in ((1, height), (2, width)):
        hole = int(size / 2 + 0.5)
        centre = torch.randint(0, size + (1 - hole % 2), (count, 1, 1), device=images.device)
        shape = [1, 1, 1]
        shape[axis] = size
        at = torch.arange(size, device=images.device).view(shape)
        inside = inside & (at >= centre - hole // 2) & (at < centre - hole // 2 + hole)
    return images * (~inside).unsqueeze(1).to(images.dtype)


_TRANSFORMATIONS = {"color": _color, "translation": _translation, "cutout": _cutout}


def _policies(text: str) -> tuple[str, ...]:
    return tuple(one for one in POLICIES if one in text.split("+"))


def misfit(recipe: Recipe, data: DataInfo, *, policy: str, **_: object) -> str | None:
    """Every word of the policy must be one; colours are those of an image, not of a pack."""
    unknown = [one for one in policy.split("+") if one not in (*POLICIES, "none")]
    if unknown:
        return f"there is no policy {unknown[0]!r}; there are {', '.join(POLICIES)} and none"
    names = list(recipe.techniques)
    if "color" in _policies(policy) and "pac" in names[names.index("diffaug") :]:
        return (
            "named before pac it sees packs, whose images its colours would mix: name pac first, "
            "or leave color out of the policy"
        )
    return None


@hookimpl
def ganbench_techniques() -> list[TechniqueSpec]:
    """DiffAugment."""
    return [
        TechniqueSpec(
            name="diffaug",
            description="differentiable augmentation of all that the discriminator sees",
            paper="Zhao et al. 2020, Differentiable Augmentation for Data-Efficient GAN Training, "
            "arXiv:2006.10738",
            modalities=("image",),
            build=DiffAugment,
            neutral={"policy": "none"},
            misfit=misfit,
        )
    ]
