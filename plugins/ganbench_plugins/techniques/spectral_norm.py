"""Spectral normalisation (Miyato et al. 2018, arXiv:1802.05957) of any discriminator.

Every weight matrix of the discriminator is divided by its largest singular value, estimated by one
power iteration at each training step (algorithm 1): each layer is then 1-Lipschitz. A convolution's
weight is taken as a matrix (out, in h w), as in the paper.

Traps avoided: the iteration's vectors are buffers, so a resumed run goes on with them; embeddings
of conditional discriminators are normalised as well; evaluation leaves them as they are.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated

from ganbench import Networks, Parameter, PluginNotUsable, TechniqueSpec, hookimpl

if TYPE_CHECKING:
    from torch import nn

GANBENCH_API_VERSION = 2


@dataclass(frozen=True)
class SpectralNorm:
    """W / sigma(W), sigma(W) = u^T W v by power iterations, W each weight of the discriminator."""

    iterations: Annotated[int, Parameter(minimum=1, help="power iterations a training step")] = 1

    def networks(self, networks: Networks) -> Networks:
        """The same networks; the discriminator's layers are re-parametrised in place."""
        normalise(networks.discriminator, self.iterations)
        return replace(networks)


def normalise(network: nn.Module, iterations: int = 1) -> None:
    """Put a spectral norm on every linear, convolutional and embedding layer, in place.

    Args:
        network: whose layers have it afterwards.
        iterations: power iterations at each forward pass in train mode.

    Raises:
        PluginNotUsable: it has no such layer, and would stay as it is.
    """
    from torch import nn
    from torch.nn.utils import parametrizations, parametrize

    kinds = (
        nn.Linear, nn.Conv1d, nn.Conv2d, nn.Conv3d, nn.Embedding,
        nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d,
    )  # fmt: skip
    layers = [layer for layer in network.modules() if isinstance(layer, kinds)]
    if not layers:
        raise PluginNotUsable(
            f"sn finds no layer in {type(network).__name__} whose weight it could normalise",
            "build it of torch's linear, convolutional and embedding layers, or leave sn out",
            kind="technique",
        )
    for layer in layers:
        if not parametrize.is_parametrized(layer, "weight"):
            parametrizations.spectral_norm(layer, n_power_iterations=iterations)


@hookimpl
def ganbench_techniques() -> list[TechniqueSpec]:
    """Spectral normalisation."""
    return [
        TechniqueSpec(
            name="sn",
            description="spectral normalisation of the discriminator's weights",
            paper="Miyato et al. 2018, Spectral Normalization for Generative Adversarial Networks, "
            "arXiv:1802.05957",
            build=SpectralNorm,
            deviations=(
                "an iteration at each pass in train mode, the generator's steps included",
                "fifteen iterations when the network is built",
            ),
        )
    ]
