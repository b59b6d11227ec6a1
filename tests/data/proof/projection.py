"""A projection cGAN (Miyato & Koyama 2018, arXiv:1802.05637): conditional on both sides.

Discriminator: D(x, y) = psi(phi(x)) + <v_y, phi(x)>, v an embedding of classes. Generator:
conditional batch norm, a gain and a bias for each class. It goes with any loss: the harness gives
classes to both networks, and losses need not know of them.
"""

from typing import Annotated

from ganbench import (
    Latent,
    Measurement,
    ModelSpec,
    Networks,
    Parameter,
    ScoreSpec,
    UsageError,
    hookimpl,
)

PAPER = "Miyato & Koyama 2018, cGANs with Projection Discriminator, arXiv:1802.05637"


def build(
    data,
    *,
    width: Annotated[int, Parameter(minimum=1, help="hidden units")] = 64,
    latent: Annotated[int, Parameter(minimum=1, help="size of the latent")] = 32,
):
    import torch
    from torch import nn

    class ClassNorm(nn.Module):
        def __init__(self):
            super().__init__()
            self.norm = nn.BatchNorm1d(width, affine=False)
            self.gain = nn.Embedding(data.classes, width)
            self.bias = nn.Embedding(data.classes, width)
            nn.init.ones_(self.gain.weight)
            nn.init.zeros_(self.bias.weight)

        def forward(self, hidden, classes):
            return self.gain(classes) * self.norm(hidden) + self.bias(classes)

    class Generator(nn.Module):
        def __init__(self):
            super().__init__()
            self.layers = nn.ModuleList([nn.Linear(latent, width), nn.Linear(width, width)])
            self.norms = nn.ModuleList([ClassNorm(), ClassNorm()])
            self.last = nn.Sequential(nn.Linear(width, data.features), nn.Tanh())

        def forward(self, latents, classes):
            for layer, norm in zip(self.layers, self.norms, strict=True):
                latents = torch.relu(norm(layer(latents), classes))
            return self.last(latents).view(-1, *data.shape)

    class Discriminator(nn.Module):
        def __init__(self):
            super().__init__()
            self.body = nn.Sequential(
                nn.Flatten(), nn.Linear(data.features, width), nn.ReLU(),
                nn.Linear(width, width), nn.ReLU(),
            )  # fmt: skip
            self.head = nn.Linear(width, 1)
            self.classes = nn.Embedding(data.classes, width)

        def forward(self, samples, classes):
            features = self.body(samples)
            return self.head(features).view(-1) + (self.classes(classes) * features).sum(dim=1)

    networks = Generator(), Discriminator()
    return Networks(
        generator=networks[0],
        discriminator=networks[1],
        latent=Latent(size=latent),
        conditional=True,
    )


def intended(evaluation):
    """The share of fakes in which a classifier finds the class that they were made for."""
    if evaluation.fake_labels is None:
        raise UsageError("intended needs a conditional generator: its fakes have no classes")
    classifier = evaluation.extractor("classifier")
    found = classifier.classify(evaluation.fake_features("classifier"))
    share = (found.cpu() == evaluation.fake_labels.cpu()).float().mean()
    return [
        Measurement(
            key=f"intended/{classifier.id}",
            label="intended class",
            value=float(share),
            direction="higher",
            n_fake=len(evaluation.fakes),
            lowest=0.0,
            highest=1.0,
        )
    ]


@hookimpl
def ganbench_models():
    return [
        ModelSpec(
            name="projection-mlp",
            description="perceptrons with classes: conditional batch norm, projection",
            paper=PAPER,
            modalities=("image",),
            build=build,
            conditional=True,
        )
    ]


@hookimpl
def ganbench_scores():
    return [
        ScoreSpec(
            name="intended",
            description="how often a classifier finds the class that was asked for",
            paper=PAPER,
            modalities=("image",),
            compute=intended,
        )
    ]
