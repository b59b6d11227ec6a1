"""Spectral normalisation (Miyato et al. 2018, arXiv:1802.05957) of any discriminator.

Every weight matrix of the discriminator is divided by its largest singular value, estimated by one
power iteration at each training step (algorithm 1): each layer is then 1-Lipschitz. A convolution's
weight is taken as a matrix (out, in h w), as in the paper.

Traps avoided: the iteration's vectors are buffers, so a resumed run goes on with them; embeddings
of conditional discriminators are normalised as well; evaluation leaves them as they are; a
discriminator of which some weights would be left out, and whose slope nothing would then bound, is
refused.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, NoReturn

from ganbench import Networks, Parameter, PluginNotUsable, TechniqueSpec, hookimpl

if TYPE_CHECKING:
    from collections.abc import Sequence

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


def normalise(network: nn.Module, iterations: int = 1, spared: Sequence[nn.Module] = ()) -> None:
    """Put a spectral norm on every linear, convolutional and embedding layer, in place.

    Args:
        network: whose layers have it afterwards.
        iterations: power iterations at each forward pass in train mode.
        spared: layers that stay as they are.

    Raises:
        PluginNotUsable: it has no such layer, or has weights elsewhere too, which would stay as
            they are.
    """
    from torch import nn
    from torch.nn.utils import parametrizations, parametrize

    kinds = (
        nn.Linear, nn.Conv1d, nn.Conv2d, nn.Conv3d, nn.Embedding,
        nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d,
    )  # fmt: skip
    layers = [one for one in network.modules() if isinstance(one, kinds) and one not in spared]
    what = type(network).__name__
    if not layers:
        _refuse(f"sn finds no layer in {what} whose weight it could normalise")
    if others := _weights_beside([*layers, *spared], network):
        _refuse(
            f"sn would normalise {len(layers)} layers of {what} and leave out weights in layers "
            f"that it does not know: {', '.join(others)}"
        )
    for layer in layers:
        if not parametrize.is_parametrized(layer, "weight"):
            parametrizations.spectral_norm(layer, n_power_iterations=iterations)


def _weights_beside(layers: Sequence[nn.Module], network: nn.Module) -> list[str]:
    """Names of the network's weights that are in none of these layers.

    What multiplies or adds number by number (norms, gains, biases) is no weight of a layer: it has
    one side longer than one, in whatever shape it is broadcast.
    """
    from torch import nn

    norms = (nn.LayerNorm, nn.GroupNorm, nn.modules.batchnorm._NormBase)
    known = {part for layer in layers for part in layer.modules()}
    return [
        f"{name}.{own}".lstrip(".")
        for name, part in network.named_modules()
        if part not in known and not isinstance(part, norms)
        for own, one in part.named_parameters(recurse=False)
        if one.dim() == 2 or sum(side > 1 for side in one.shape) > 1
    ]


def _refuse(message: str) -> NoReturn:
    raise PluginNotUsable(
        message,
        "build it of torch's linear, convolutional and embedding layers, name techniques that add "
        "weights behind sn, or leave sn out",
        kind="technique",
    )


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
