"""InfoGAN (Chen et al. 2016, arXiv:1606.03657): a latent of three parts, two of them to be found.

The generator gets noise, a class and continuous codes; from the discriminator's features of a fake
a further network finds class and codes. Its log-likelihood bounds their mutual information with the
fake from below (eq. 5), and the generator maximises it: a term beside any loss.
"""

from dataclasses import dataclass
from typing import Annotated

from ganbench import Latent, ModelSpec, Networks, Parameter, TechniqueSpec, hookimpl

PAPER = "Chen et al. 2016, InfoGAN, arXiv:1606.03657"
NOISE, CLASSES, CODES = 16, 10, 2


def build(data, *, width: Annotated[int, Parameter(minimum=1, help="hidden units")] = 64):
    from torch import nn

    def perceptron(inputs, outputs):
        hidden = [nn.Linear(inputs, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU()]
        return nn.Sequential(nn.Flatten(), *hidden, nn.Linear(width, outputs))

    generator = perceptron(NOISE + CLASSES + CODES, data.features)
    return Networks(
        generator=nn.Sequential(generator, nn.Tanh(), nn.Unflatten(1, data.shape)),
        discriminator=perceptron(data.features, 1),
        latent=(
            Latent(size=NOISE),
            Latent(size=CLASSES, law="categorical"),
            Latent(size=CODES, law="uniform"),
        ),
        extra={"finder": (nn.Linear(width, CLASSES + CODES), "generator")},
    )


@dataclass(frozen=True)
class MutualInformation:
    weight: Annotated[float, Parameter(minimum=0, help="lambda")] = 1.0

    def generator_loss(self, step):
        from torch.nn.functional import cross_entropy, mse_loss

        _, kind, codes = step.latent.split([NOISE, CLASSES, CODES], dim=1)
        found = step.extra["finder"](step.fake_features)
        found_kind, found_codes = found.split([CLASSES, CODES], dim=1)
        class_term = cross_entropy(found_kind, kind)
        step.log("info_class", class_term)
        return self.weight * (class_term + mse_loss(found_codes, codes) / 2)


@hookimpl
def ganbench_models():
    return [
        ModelSpec(
            name="infogan-mlp",
            description="perceptrons with noise, a class and codes in the latent, and their finder",
            paper=PAPER,
            modalities=("image",),
            build=build,
            provides=("finder",),
        )
    ]


@hookimpl
def ganbench_techniques():
    return [
        TechniqueSpec(
            name="info",
            description="class and codes of the latent can be found in the sample",
            paper=PAPER,
            modalities=("image",),
            build=MutualInformation,
            needs=("features", "finder"),
            argument="weight",
            neutral={"weight": 0.0},
        )
    ]
