"""The hinge loss (Lim & Ye 2017, arXiv:1705.02894; Tran et al. 2017, arXiv:1702.08896).

Discriminator: minimise max(0, 1 - D(x)) + max(0, 1 + D(G(z))): samples judged well enough are left
alone. Generator: minimise -D(G(z)), without a hinge of its own.

Training of a pair: SNGAN's, Adam 2e-4 (0, .9), batches of 64, 5 critic steps (Miyato et al. 2018).

Trap avoided: two hinges, each with a mean of its own, not one hinge of a difference.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ganbench import LossSpec, Optimiser, Step, Training, hookimpl

if TYPE_CHECKING:
    from torch import Tensor

GANBENCH_API_VERSION = 2


class Hinge:
    """max(0, 1 - D(x)) + max(0, 1 + D(G(z)))."""

    def discriminator_loss(self, step: Step) -> Tensor:
        """max(0, 1 - D(x)) + max(0, 1 + D(G(z)))."""
        from torch.nn.functional import relu

        return relu(1 - step.real_logits).mean() + relu(1 + step.fake_logits).mean()

    def generator_loss(self, step: Step) -> Tensor:
        """-D(G(z))."""
        return -step.fake_logits.mean()


@hookimpl
def ganbench_losses() -> list[LossSpec]:
    """The hinge loss."""
    adam = Optimiser(lr=2e-4, betas=(0.0, 0.9))
    return [
        LossSpec(
            name="hinge",
            description="the discriminator minimises hinges at -1 and 1, the generator -D(G(z))",
            paper="Lim & Ye 2017, Geometric GAN, arXiv:1705.02894",
            build=Hinge,
            training=Training(generator=adam, discriminator=adam, critic_steps=5),
            deviations=(
                "a pair is trained with the constants of Miyato et al. 2018 (arXiv:1802.05957)",
            ),
        )
    ]
