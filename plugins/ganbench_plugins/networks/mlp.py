"""Multilayer perceptrons for points, and for anything else as flat vectors."""

from __future__ import annotations

from torch import nn

from ganbench import DataInfo, Latent, Networks, output_layer
from ganbench_plugins.networks.layers import Reshape, init_normal, init_orthogonal, norm1d


def build(
    data: DataInfo,
    *,
    width: int,
    depth: int,
    generator_norm: str,
    discriminator_norm: str,
    leak: float,
    init_std: float | None,
    activation: str,
    orthogonal_gain: float | None,
    latent: int,
    latent_law: str,
) -> Networks:
    """Generator latent -> depth x width -> sample; discriminator the other way round.

    Samples end in the range of their kind: images in a tanh, points without bound. A normalisation
    brings its own biases: the layer before it has none.
    """
    layers: list[nn.Module] = []
    for fan_in in [latent, *[width] * (depth - 1)]:
        norm = norm1d(generator_norm, width)
        layers += [nn.Linear(fan_in, width, bias=not norm), *norm, _activation(activation)]
    layers += [nn.Linear(width, data.features), Reshape(*data.shape)]
    generator = nn.Sequential(*layers, output_layer(data))

    layers = [nn.Flatten()]
    for index, fan_in in enumerate([data.features, *[width] * (depth - 1)]):
        norm = norm1d(discriminator_norm, width) if index else []
        layers += [nn.Linear(fan_in, width, bias=not norm), *norm, _activation(activation, leak)]
    discriminator = nn.Sequential(*layers, nn.Linear(width, 1))

    if init_std is not None:
        init_normal(generator, init_std)
        init_normal(discriminator, init_std)
    if orthogonal_gain is not None:
        init_orthogonal(generator, orthogonal_gain)
        init_orthogonal(discriminator, orthogonal_gain)
    law = Latent(size=latent, law="uniform" if latent_law == "uniform" else "normal")
    return Networks(generator=generator, discriminator=discriminator, latent=law)


def _activation(kind: str, leak: float = 0.0) -> nn.Module:
    if kind == "tanh":
        return nn.Tanh()
    return nn.LeakyReLU(leak) if leak else nn.ReLU()
