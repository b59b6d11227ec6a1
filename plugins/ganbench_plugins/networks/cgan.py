"""The networks of the first conditional GAN (Mirza & Osindero 2014, arXiv:1411.1784).

Perceptrons that are told the class as a one-hot vector beside what they map: the generator beside
the latent, the discriminator beside the flattened sample.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import one_hot

from ganbench import DataInfo, Latent, Networks, output_layer
from ganbench_plugins.networks.layers import Reshape


class Told(nn.Module):
    """body([x, one-hot class]), x (B, ...) flattened, then its last layers."""

    def __init__(self, classes: int, body: nn.Sequential, head: nn.Sequential | nn.Linear) -> None:
        super().__init__()
        self.classes, self.body, self.head = classes, body, head

    def first_weight(self) -> Tensor:
        """(outputs, size of x): of the first layer, without the columns of the class."""
        first = self.body[0]
        assert isinstance(first, nn.Linear)
        return first.weight[:, : -self.classes]

    def forward(self, x: Tensor, classes: Tensor) -> Tensor:
        told = one_hot(classes, self.classes).to(x.dtype)
        result: Tensor = self.head(self.body(torch.cat([x.flatten(1), told], dim=1)))
        return result


def build(data: DataInfo, *, width: int, depth: int, leak: float, latent: int) -> Networks:
    """Generator (latent, class) -> depth x width (ReLU) -> sample; discriminator likewise back."""
    classes = data.classes or 0  # who plans for data without classes is refused before

    def hidden(fan_in: int, activation: nn.Module) -> nn.Sequential:
        layers: list[nn.Module] = []
        for size in (fan_in + classes, *[width] * (depth - 1)):
            layers += [nn.Linear(size, width), activation]
        return nn.Sequential(*layers)

    ending = nn.Sequential(
        nn.Linear(width, data.features), Reshape(*data.shape), output_layer(data)
    )
    judge = hidden(data.features, nn.LeakyReLU(leak) if leak else nn.ReLU())
    return Networks(
        generator=Told(classes, hidden(latent, nn.ReLU()), ending),
        discriminator=Told(classes, judge, nn.Linear(width, 1)),
        latent=Latent(size=latent),
        conditional=True,
    )
