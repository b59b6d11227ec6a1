"""AC-GAN (Odena et al. 2017, arXiv:1610.09585): the discriminator tells the class as well.

L_S is the log-likelihood of the right source, L_C that of the right class. Discriminator: maximise
L_S + L_C; generator: maximise L_C - L_S, here with the non-saturating L_S. The discriminator
is not told the class: a classifier on its features has to find it.
"""

from typing import Annotated

from ganbench import (
    Latent,
    LossSpec,
    ModelSpec,
    Networks,
    Optimiser,
    Parameter,
    Training,
    hookimpl,
)

PAPER = (
    "Odena et al. 2017, Conditional Image Synthesis with Auxiliary Classifiers, arXiv:1610.09585"
)


def build(
    data,
    *,
    width: Annotated[int, Parameter(minimum=1, help="hidden units")] = 64,
    latent: Annotated[int, Parameter(minimum=1, help="size of the latent")] = 32,
):
    import torch
    from torch import nn
    from torch.nn.functional import one_hot

    class Generator(nn.Module):
        def __init__(self):
            super().__init__()
            self.body = nn.Sequential(
                nn.Linear(latent + data.classes, width), nn.ReLU(), nn.Linear(width, width),
                nn.ReLU(), nn.Linear(width, data.features), nn.Tanh(),
            )  # fmt: skip

        def forward(self, latents, classes):
            told = one_hot(classes, data.classes).to(latents.dtype)
            return self.body(torch.cat([latents, told], dim=1)).view(-1, *data.shape)

    class Untold(nn.Module):
        def __init__(self):
            super().__init__()
            self.body = nn.Sequential(
                nn.Flatten(), nn.Linear(data.features, width), nn.LeakyReLU(0.2),
                nn.Linear(width, width), nn.LeakyReLU(0.2),
            )  # fmt: skip
            self.head = nn.Linear(width, 1)

        def forward(self, samples, classes):
            return self.head(self.body(samples))

    return Networks(
        generator=Generator(),
        discriminator=Untold(),
        latent=Latent(size=latent),
        extra={"classifier": (nn.Linear(width, data.classes), "discriminator")},
        conditional=True,
    )


class AuxiliaryClassifier:
    def discriminator_loss(self, step):
        from torch.nn.functional import cross_entropy, softplus

        classify = step.extra["classifier"]
        source = softplus(-step.real_logits).mean() + softplus(step.fake_logits).mean()
        real = cross_entropy(classify(step.real_features), step.labels)
        return source + real + cross_entropy(classify(step.fake_features), step.fake_labels)

    def generator_loss(self, step):
        from torch.nn.functional import cross_entropy, softplus

        found = step.extra["classifier"](step.fake_features)
        return softplus(-step.fake_logits).mean() + cross_entropy(found, step.fake_labels)


@hookimpl
def ganbench_models():
    return [
        ModelSpec(
            name="acgan-mlp",
            description="a generator that is told the class, a discriminator that finds it",
            paper=PAPER,
            modalities=("image",),
            build=build,
            provides=("classifier",),
            conditional=True,
        )
    ]


@hookimpl
def ganbench_losses():
    adam = Optimiser(lr=2e-4, betas=(0.5, 0.999))
    return [
        LossSpec(
            name="acgan",
            description="the original loss, and the class of real and fake found by both players",
            paper=PAPER,
            build=AuxiliaryClassifier,
            training=Training(generator=adam, discriminator=adam),
            needs=("labels", "features", "classifier"),
        )
    ]
