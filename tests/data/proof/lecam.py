"""LeCam (Tseng et al. 2021, arXiv:2104.03310): each side's logits drawn to the other's mean.

Discriminator: minimise its loss + w (E[(D(x) - a_F)^2] + E[(D(G(z)) - a_R)^2]), a_R and a_F running
means of its logits of real samples and of fakes (eq. 3 and 4).
"""

from typing import Annotated

from ganbench import Parameter, TechniqueSpec, hookimpl


def build(
    *,
    weight: Annotated[float, Parameter(minimum=0, help="lambda")] = 0.3,
    decay: Annotated[float, Parameter(minimum=0, maximum=1, help="of the running means")] = 0.9,
):
    import torch

    class LeCam(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.register_buffer("real_mean", torch.zeros(()))
            self.register_buffer("fake_mean", torch.zeros(()))

        def discriminator_loss(self, step):
            real, fake = step.real_logits, step.fake_logits
            with torch.no_grad():
                self.real_mean.lerp_(real.mean(), 1 - decay)
                self.fake_mean.lerp_(fake.mean(), 1 - decay)
            step.log("lecam_real", self.real_mean)
            step.log("lecam_fake", self.fake_mean)
            pull = (real - self.fake_mean).square().mean() + (fake - self.real_mean).square().mean()
            return weight * pull

    return LeCam()


@hookimpl
def ganbench_techniques():
    return [
        TechniqueSpec(
            name="lecam",
            description="draws logits to running means of the other side's",
            paper="Tseng et al. 2021, Regularizing GANs under Limited Data, arXiv:2104.03310",
            build=build,
            argument="weight",
            neutral={"weight": 0.0},
        )
    ]
