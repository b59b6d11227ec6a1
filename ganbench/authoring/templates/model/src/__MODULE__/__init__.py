"""Residual multilayer perceptrons, after the identity mappings of He et al. 2016.

A block computes x + W2 relu(W1 relu(x)) (arXiv:1603.05027: activations come first, the shortcut is
left alone). W2 starts at zero, so that a network of any depth starts as a shallow one.
"""

from __future__ import annotations

from ganbench import ModelSpec, Parameter, hookimpl

GANBENCH_API_VERSION = 2


@hookimpl
def ganbench_models() -> list[ModelSpec]:
    """The networks; torch is imported when they are built, not when ganbench starts."""
    return [
        ModelSpec(
            name="__NAME__",
            description="residual multilayer perceptrons for any flat or flattened sample",
            paper="He et al. 2016, Identity Mappings in Deep Residual Networks, arXiv:1603.05027",
            build="__MODULE__.networks:build",
            parameters={
                "width": Parameter(default=128, minimum=1, help="units of each layer"),
                "blocks": Parameter(default=3, minimum=0, help="residual blocks of each network"),
                "latent": Parameter(default=16, minimum=1, help="size of the latent"),
            },
        )
    ]
