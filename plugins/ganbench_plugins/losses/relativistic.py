"""Relativistic GANs (Jolicoeur-Martineau 2018, arXiv:1807.00734): more real than the other.

* `rp`, relativistic pairs (RSGAN, §4.1): discriminator softplus(-(D(x) - D(G(z)))), generator
  softplus(-(D(G(z)) - D(x))), one real sample with one fake.
* `ra`, relativistic average (RaSGAN, §4.2): each sample against the mean logit of the other kind,
  both halves averaged.

With R1 and R2 in every step, `rp+r1:G+r2:G` is the loss of R3GAN (Huang et al. 2024,
arXiv:2501.05441), whose landscape has no local minima in which modes are lost.

Training of a pair: Adam 2e-4 (.5, .999), batches of 32, one critic step: the paper's stable
setting.

Traps avoided: the generator's step has real samples of its own, with a gradient through the fake
logits alone where they differ; nothing is averaged before the softplus in `rp`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ganbench import LossSpec, Optimiser, Step, Training, hookimpl

if TYPE_CHECKING:
    from torch import Tensor

GANBENCH_API_VERSION = 2


class RelativisticPair:
    """Which of a pair is the more real."""

    def discriminator_loss(self, step: Step) -> Tensor:
        """softplus(D(G(z)) - D(x))."""
        from torch.nn.functional import softplus

        return softplus(step.fake_logits - step.real_logits).mean()

    def generator_loss(self, step: Step) -> Tensor:
        """softplus(D(x) - D(G(z)))."""
        from torch.nn.functional import softplus

        return softplus(step.real_logits - step.fake_logits).mean()


class RelativisticAverage:
    """Which is more real than the others are on average."""

    def discriminator_loss(self, step: Step) -> Tensor:
        """-log s(D(x) - E D(G(z))) - log(1 - s(D(G(z)) - E D(x))), halved; s is the sigmoid."""
        return _average(better=step.real_logits, worse=step.fake_logits)

    def generator_loss(self, step: Step) -> Tensor:
        """-log s(D(G(z)) - E D(x)) - log(1 - s(D(x) - E D(G(z)))), halved; s is the sigmoid."""
        return _average(better=step.fake_logits, worse=step.real_logits)


def _average(better: Tensor, worse: Tensor) -> Tensor:
    """Scalar: how far `better` (J,) is from being above the mean of `worse` (K,), and back."""
    from torch.nn.functional import softplus

    above = softplus(worse.mean() - better).mean()
    below = softplus(worse - better.mean()).mean()
    return (above + below) / 2


@hookimpl
def ganbench_losses() -> list[LossSpec]:
    """Relativistic losses."""
    adam = Optimiser(lr=2e-4, betas=(0.5, 0.999))
    training = Training(generator=adam, discriminator=adam, batch_size=32)
    paper = "Jolicoeur-Martineau 2018, The relativistic discriminator, arXiv:1807.00734"
    return [
        LossSpec(
            name="rp",
            description="relativistic pairs: which of a real and a fake sample is the more real",
            paper=paper,
            build=RelativisticPair,
            training=training,
            needs=("real",),
        ),
        LossSpec(
            name="ra",
            description="relativistic average: more real than the other kind is on average",
            paper=paper,
            build=RelativisticAverage,
            training=training,
            needs=("real",),
            deviations=("both halves are averaged, as in the authors' code; the paper adds them",),
        ),
    ]
