"""AC-GAN (Odena et al. 2017, arXiv:1610.09585): the discriminator tells the class as well.

L_S is the log-likelihood of the right source, L_C that of the right class. Discriminator: maximise
L_S + L_C, over real samples and fakes; generator: maximise L_C - L_S, here with the non-saturating
L_S. Adam 2e-4 (.5, .999), batches of 100. It needs classes, and is told more than variants without:
compare it to conditional ones.

Traps avoided: the discriminator is not told the class that it has to find; fakes are classified by
the class that they were made for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from ganbench import (
    DataInfo,
    LossSpec,
    Optimiser,
    Parameter,
    Recipe,
    Step,
    Training,
    VariantSpec,
    hookimpl,
)
from ganbench_plugins.variants.vanilla import NonSaturating

if TYPE_CHECKING:
    from torch import Tensor

GANBENCH_API_VERSION = 2

PAPER = (
    "Odena et al. 2017, Conditional Image Synthesis with Auxiliary Classifier GANs, "
    "arXiv:1610.09585"
)


class AuxiliaryClassifier(NonSaturating):
    """The original loss, and the cross-entropy of a class found in the discriminator's features."""

    def discriminator_loss(self, step: Step) -> Tensor:
        """-log D(x) - log(1 - D(G(z, y))) - log p(y | x) - log p(y | G(z, y))."""
        from torch.nn.functional import cross_entropy

        classify = step.extra["classifier"]
        real = cross_entropy(classify(step.real_features), step.labels)
        fake = cross_entropy(classify(step.fake_features), step.fake_labels)
        return super().discriminator_loss(step) + real + fake

    def generator_loss(self, step: Step) -> Tensor:
        """-log D(G(z, y)) - log p(y | G(z, y))."""
        from torch.nn.functional import cross_entropy

        found = step.extra["classifier"](step.fake_features)
        return super().generator_loss(step) + cross_entropy(found, step.fake_labels)


def _training(lr: float) -> Training:
    adam = Optimiser(lr=lr, betas=(0.5, 0.999))
    return Training(generator=adam, discriminator=adam, batch_size=100)


def on_images(
    data: DataInfo,
    *,
    lr: Annotated[float, Parameter(minimum=0, help="learning rate of both networks")] = 2e-4,
    width: Annotated[
        int | None, Parameter(minimum=1, help="channels next to the image, by size if auto")
    ] = None,
) -> Recipe:
    """DCGAN's convolutions."""
    return Recipe(
        model="acgan",
        model_parameters={"width": width},
        loss="auxiliary-classifier",
        training=_training(lr),
    )


def on_points(
    data: DataInfo,
    *,
    lr: Annotated[float, Parameter(minimum=0, help="learning rate of both networks")] = 2e-4,
    width: Annotated[int | None, Parameter(minimum=1, help="hidden units, 128 if auto")] = None,
) -> Recipe:
    """Multilayer perceptrons."""
    return Recipe(
        model="acgan",
        model_parameters={"width": width, "latent": 2},
        loss="auxiliary-classifier",
        training=_training(lr),
    )


@hookimpl
def ganbench_losses() -> list[LossSpec]:
    """AC-GAN's loss."""
    return [
        LossSpec(
            name="auxiliary-classifier",
            description="the original loss, and the class of real and fake found by both players",
            paper=PAPER,
            build=AuxiliaryClassifier,
            training=_training(2e-4),
            needs=("labels", "features", "classifier"),
            deviations=("the generator's term of the source is non-saturating",),
        )
    ]


@hookimpl
def ganbench_variants() -> list[VariantSpec]:
    """AC-GAN."""
    return [
        VariantSpec(
            name="acgan",
            description="conditional: the discriminator has to find the class of real and fake",
            paper=PAPER,
            recipes={"points": on_points, "image": on_images},
            deviations=(
                "DCGAN's networks without the paper's dropout and noise, narrower below 64 px",
                "on points perceptrons of three layers of 128 units and a latent N(0, I_2)",
            ),
        )
    ]
