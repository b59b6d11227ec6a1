"""ALI (Dumoulin et al. 2017, arXiv:1606.00704): a generator and an encoder, judged by pairs.

The discriminator tells (x, E(x)) from (G(z), z); generator and encoder are trained together to make
these alike. At the optimum G and E are each other's inverse: that is what the score measures.
"""

from typing import Annotated

from ganbench import (
    Latent,
    LossSpec,
    Measurement,
    ModelSpec,
    Networks,
    Optimiser,
    Parameter,
    ScoreSpec,
    Training,
    hookimpl,
)

PAPER = "Dumoulin et al. 2017, Adversarially Learned Inference, arXiv:1606.00704"


def build(
    data,
    *,
    width: Annotated[int, Parameter(minimum=1, help="hidden units")] = 64,
    latent: Annotated[int, Parameter(minimum=1, help="size of the latent")] = 2,
):
    import torch
    from torch import nn

    def perceptron(inputs, outputs):
        hidden = [nn.Linear(inputs, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU()]
        return nn.Sequential(nn.Flatten(), *hidden, nn.Linear(width, outputs))

    class Pairs(nn.Module):
        def __init__(self):
            super().__init__()
            self.body = perceptron(data.features + latent, 1)

        def forward(self, samples, latents):
            return self.body(torch.cat([samples.flatten(1), latents], dim=1))

    return Networks(
        generator=nn.Sequential(perceptron(latent, data.features), nn.Unflatten(1, data.shape)),
        discriminator=Pairs(),
        latent=Latent(size=latent),
        extra={"encoder": (perceptron(data.features, latent), "generator")},
    )


class AdversarialInference:
    def discriminator_loss(self, step):
        import torch

        with torch.no_grad():
            codes = step.extra["encoder"](step.real)
        return self.told_apart(step, codes, 1)

    def generator_loss(self, step):
        return self.told_apart(step, step.extra["encoder"](step.real), -1)

    def told_apart(self, step, codes, sign):
        from torch.nn.functional import softplus

        real = step.discriminator(step.real, codes)
        fake = step.discriminator(step.fake, step.latent)
        return softplus(-sign * real).mean() + softplus(sign * fake).mean()


def reconstruction(evaluation):
    import torch

    encoder, generator = evaluation.extra["encoder"], evaluation.generator
    samples = evaluation.real.float()
    modes = encoder.training, generator.training
    encoder.eval(), generator.eval()
    with torch.no_grad():
        error = (generator(encoder(samples)) - samples).square().flatten(1).sum(dim=1).mean()
    encoder.train(modes[0]), generator.train(modes[1])
    return [
        Measurement(
            key="ali/reconstruction",
            label="reconstruction",
            value=float(error),
            n_real=len(samples),
            null=0.0,
        )
    ]


@hookimpl
def ganbench_models():
    return [
        ModelSpec(
            name="ali-mlp",
            description="perceptrons: a generator, an encoder, and a judge of pairs",
            paper=PAPER,
            modalities=("points",),
            build=build,
            provides=("encoder", "joint"),
        )
    ]


@hookimpl
def ganbench_losses():
    adam = Optimiser(lr=1e-3, betas=(0.5, 0.999))
    return [
        LossSpec(
            name="ali",
            description="tells samples with their codes from fakes with their latents",
            paper=PAPER,
            build=AdversarialInference,
            training=Training(generator=adam, discriminator=adam),
            needs=("real", "encoder", "joint"),
        )
    ]


@hookimpl
def ganbench_scores():
    return [
        ScoreSpec(
            name="reconstruction",
            description="mean squared distance of G(E(x)) from x",
            paper=PAPER,
            modalities=("points",),
            compute=reconstruction,
        )
    ]
