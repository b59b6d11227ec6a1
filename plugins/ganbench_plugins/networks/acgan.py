"""AC-GAN's networks (Odena et al. 2017, arXiv:1610.09585): a discriminator that finds the class.

DCGAN's networks on images and perceptrons on anything else. The generator is told the class as a
one-hot vector beside the latent. The discriminator is not: a second linear layer on its features,
the extra module `classifier`, has to find it.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import one_hot

from ganbench import DataInfo, Latent, Networks
from ganbench_plugins.networks import dcgan, mlp


class Told(nn.Module):
    """body([z, one-hot class])."""

    def __init__(self, body: nn.Module, classes: int) -> None:
        super().__init__()
        self.body, self.classes = body, classes

    def first_weight(self) -> Tensor:
        """(outputs, latent): of the first layer, without the columns of the class."""
        first = next(one for one in self.body.modules() if isinstance(one, nn.Linear))
        return first.weight[:, : -self.classes]

    def forward(self, z: Tensor, classes: Tensor) -> Tensor:
        told = one_hot(classes, self.classes).to(z.dtype)
        result: Tensor = self.body(torch.cat([z, told], dim=1))
        return result


class Untold(nn.Module):
    """head(body(x)), whatever the class."""

    def __init__(self, body: nn.Module, head: nn.Linear) -> None:
        super().__init__()
        self.body, self.head = body, head

    def forward(self, x: Tensor, classes: Tensor) -> Tensor:
        result: Tensor = self.head(self.body(x))
        return result


def build(data: DataInfo, *, width: int | None, discriminator_norm: str, latent: int) -> Networks:
    """Plain networks, one told and one not, and a classifier on the features of the second."""
    classes = data.classes or 0  # who plans for data without classes is refused before
    make = _convolutions if data.modality == "image" else _perceptrons
    plain = make(data, width, discriminator_norm, latent + classes)
    assert isinstance(plain.discriminator, nn.Sequential)
    head = plain.discriminator[-1]
    assert isinstance(head, nn.Linear)
    return Networks(
        generator=Told(plain.generator, classes),
        discriminator=Untold(plain.discriminator[:-1], head),
        latent=Latent(size=latent),
        extra={"classifier": (nn.Linear(head.in_features, classes), "discriminator")},
        conditional=True,
    )


def _convolutions(data: DataInfo, width: int | None, norm: str, latent: int) -> Networks:
    return dcgan.build(
        data,
        width=width,
        generator_norm="batch",
        discriminator_norm=norm,
        latent=latent,
        latent_law="normal",
    )


def _perceptrons(data: DataInfo, width: int | None, norm: str, latent: int) -> Networks:
    return mlp.build(
        data,
        width=width or 128,
        depth=3,
        generator_units=None,
        discriminator_units=None,
        generator_norm="batch",
        discriminator_norm=norm,
        leak=0.2,
        init_std=None,
        activation="relu",
        orthogonal_gain=None,
        latent=latent,
        latent_law="normal",
    )
