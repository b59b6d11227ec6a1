"""Feature matching (Salimans et al. 2016, arXiv:1606.03498, §3.1) instead of a generator loss.

Generator: minimise |E f(x) - E f(G(z))|_2^2, f being what the discriminator's last layer sees, and
nothing else. Discriminator: minimise -log D(x) - log(1 - D(G(z))), as it would without.

The paper writes squared Euclidean distances; the authors' code takes the mean of absolute
differences (`distance=absolute`). Training of a pair: the code's Adam, 3e-4 (.5, .999), batches of
100. As a term beside another generator loss it is the technique `fm`.

On the Dirac-GAN f is the sample itself: the generator walks to the data by 1 - 2h a step whatever
the discriminator says, which then stops where it is, so that the spectral radius is 1.

Traps avoided: it replaces the generator's loss and is not added to it; the expectation is taken
before the norm; no gradient into f of real samples.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from ganbench import LossSpec, Optimiser, Parameter, Step, Training, hookimpl
from ganbench_plugins.variants.vanilla import NonSaturating

if TYPE_CHECKING:
    from torch import Tensor

GANBENCH_API_VERSION = 2


class FeatureMatching(NonSaturating):
    """|E f(x) - E f(G(z))|^2 for the generator.

    Args:
        distance: `squared`: the squared Euclidean one; `absolute`: mean of absolute differences.
    """

    def __init__(
        self,
        distance: Annotated[
            str, Parameter(choices=("squared", "absolute"), help="of the mean features")
        ] = "squared",
    ) -> None:
        self.distance = distance

    def generator_loss(self, step: Step) -> Tensor:
        """|E f(x) - E f(G(z))|_2^2, f what the discriminator's last layer sees.

        With `distance=absolute` the mean of |E f_i(x) - E f_i(G(z))| over features i.
        """
        apart = step.fake_features.mean(dim=0) - step.real_features.mean(dim=0)
        return apart.square().sum() if self.distance == "squared" else apart.abs().mean()


@hookimpl
def ganbench_losses() -> list[LossSpec]:
    """Feature matching."""
    adam = Optimiser(lr=3e-4, betas=(0.5, 0.999))
    return [
        LossSpec(
            name="feature-matching",
            description="the generator matches the mean of the discriminator's features alone",
            paper="Salimans et al. 2016, Improved Techniques for Training GANs, arXiv:1606.03498",
            build=FeatureMatching,
            training=Training(generator=adam, discriminator=adam, batch_size=100),
            needs=("real", "features"),
            deviations=("neither the code's noise on the discriminator's layers nor its dropout",),
        )
    ]
