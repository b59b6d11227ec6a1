"""Multilayer perceptrons for points, and for anything else as flat vectors."""

from __future__ import annotations

import itertools

from torch import nn

from ganbench import DataInfo, Latent, Networks, UsageError, output_layer
from ganbench_plugins.networks.layers import Reshape, init_normal, init_orthogonal, norm1d


def build(
    data: DataInfo,
    *,
    width: int,
    depth: int,
    generator_units: str | None,
    discriminator_units: str | None,
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

    Raises:
        UsageError: units are not numbers with hyphens between them.
    """
    layers: list[nn.Module] = []
    units = [latent, *(_units(generator_units) or [width] * depth)]
    for fan_in, fan_out in itertools.pairwise(units):
        norm = norm1d(generator_norm, fan_out)
        layers += [nn.Linear(fan_in, fan_out, bias=not norm), *norm, _activation(activation)]
    layers += [nn.Linear(units[-1], data.features), Reshape(*data.shape)]
    generator = nn.Sequential(*layers, output_layer(data))

    layers = [nn.Flatten()]
    units = [data.features, *(_units(discriminator_units) or [width] * depth)]
    for index, (fan_in, fan_out) in enumerate(itertools.pairwise(units)):
        norm = norm1d(discriminator_norm, fan_out) if index else []
        layers += [nn.Linear(fan_in, fan_out, bias=not norm), *norm, _activation(activation, leak)]
    discriminator = nn.Sequential(*layers, nn.Linear(units[-1], 1))

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


def _units(text: str | None) -> list[int]:
    """The hidden layers that ``256-128`` names; none where nothing is said."""
    if text is None:
        return []
    words = text.split("-")
    if not all(word.isdecimal() and int(word) for word in words):
        raise UsageError(f"{text!r} names no hidden layers", "write their units as 256-128")
    return [int(word) for word in words]
