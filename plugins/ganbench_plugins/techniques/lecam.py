"""LeCam (Tseng et al. 2021, arXiv:2104.03310): each side's logits drawn to the other's mean.

Discriminator: minimise its loss + w (E[(D(x) - a_F)^2] + E[(D(G(z)) - a_R)^2]), a_R and a_F running
means of its logits of real samples and of fakes (eq. 3 and 4): with little data a discriminator may
not be sure of what it has seen. The weight of .3 is that of the authors' CIFAR scripts.

Traps avoided: the means cross, real logits go to the mean of the fake ones; the means begin at the
first batch's, not at a constant.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from ganbench import Parameter, Step, TechniqueSpec, hookimpl

if TYPE_CHECKING:
    from torch import Tensor, nn

GANBENCH_API_VERSION = 2


def build(
    *,
    weight: Annotated[float, Parameter(minimum=0, help="lambda")] = 0.3,
    decay: Annotated[float, Parameter(minimum=0, maximum=1, help="of the running means")] = 0.9,
) -> nn.Module:
    """w (E[(D(x) - a_F)^2] + E[(D(G(z)) - a_R)^2]), a_F and a_R running means of fakes' and of real
    samples' logits, which are buffers."""
    import torch

    class LeCam(torch.nn.Module):
        """w (E[(D(x) - a_F)^2] + E[(D(G(z)) - a_R)^2])."""

        real_mean: Tensor
        fake_mean: Tensor
        begun: Tensor

        def __init__(self) -> None:
            super().__init__()
            for name in ("real_mean", "fake_mean", "begun"):
                self.register_buffer(name, torch.zeros(()))

        def discriminator_loss(self, step: Step) -> Tensor:
            """The term, and one more step of the means."""
            real, fake = step.real_logits, step.fake_logits
            with torch.no_grad():
                share = 1 - decay * self.begun
                self.real_mean.lerp_(real.mean(), share)
                self.fake_mean.lerp_(fake.mean(), share)
                self.begun.fill_(1)
            step.log("lecam_real", self.real_mean)
            step.log("lecam_fake", self.fake_mean)
            pull = (real - self.fake_mean).square().mean() + (fake - self.real_mean).square().mean()
            return weight * pull

    return LeCam()


@hookimpl
def ganbench_techniques() -> list[TechniqueSpec]:
    """LeCam."""
    return [
        TechniqueSpec(
            name="lecam",
            description="pulls logits to running means of the other side's",
            paper="Tseng et al. 2021, Regularizing GANs under Limited Data, arXiv:2104.03310",
            build=build,
            argument="weight",
            neutral={"weight": 0.0},
            deviations=(
                "the authors' code leaves out what lies beyond the other's mean, and the whole "
                "term in the first 1,000 steps; here all squares count from the start, as in eq. 3",
            ),
        )
    ]
