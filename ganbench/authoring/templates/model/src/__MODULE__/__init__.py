"""Residual multilayer perceptrons, after the identity mappings of He et al. 2016.

A block computes x + W2 relu(W1 relu(x)) (arXiv:1603.05027: activations come first, the shortcut is
left alone). W2 starts at zero, so that a network of any depth starts as a shallow one.
"""

from __future__ import annotations

from typing import Annotated

from ganbench import DataInfo, ModelSpec, Networks, Parameter, hookimpl

GANBENCH_API_VERSION = 2


def build(
    data: DataInfo,
    *,
    width: Annotated[int, Parameter(minimum=1, help="units of each layer")] = 128,
    blocks: Annotated[int, Parameter(minimum=0, help="residual blocks of each network")] = 3,
    latent: Annotated[int, Parameter(minimum=1, help="size of the latent")] = 16,
) -> Networks:
    """The networks; torch is imported when they are built, not when ganbench starts."""
    from __MODULE__ import networks

    return networks.build(data, width=width, blocks=blocks, latent=latent)


@hookimpl
def ganbench_models() -> list[ModelSpec]:
    """The networks, for pairs of them with any loss."""
    return [
        ModelSpec(
            name="__NAME__",
            description="residual multilayer perceptrons for any sample, flattened",
            paper="He et al. 2016, Identity Mappings in Deep Residual Networks, arXiv:1603.05027",
            build=build,
            modalities=__MODALITIES__,
        )
    ]
