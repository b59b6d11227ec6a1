"""The Dirac-GAN (Mescheder et al. 2018, arXiv:1801.04406): the smallest game there is.

All data lie at 0, the generator puts all mass at theta, the discriminator is D(x) = psi x. Whether
a loss leads to the equilibrium theta = psi = 0 is decided by two numbers, for many losses in closed
form (`closed_form`), and so is what a rule of play changes (`rules`). Data set, model and score
make it a task that any loss can be put to, as `dirac+LOSS`; whatever a loss recommends, all train
alike: with plain gradient steps of one size.

Whatever the seed, theta starts at `START`, near the equilibrium, where the linear theory holds, and
psi at 0: the discriminator knows nothing yet. Floats have relative precision, so that a radius may
shrink by 27 orders of magnitude and still be measured.

Trap avoided: the published simulations update both networks at once, training loops one after the
other, and that alone decides whether the game without a penalty spirals out or stays on its orbit;
`updates` says which of the two it is.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated, Literal

from ganbench import (
    Data,
    DataInfo,
    DatasetSpec,
    Evaluation,
    Latent,
    Measurement,
    ModelSpec,
    Networks,
    Optimiser,
    Parameter,
    ScoreSpec,
    Training,
    UsageError,
    hookimpl,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from ganbench_plugins.dirac.closed_form import Matrix

GANBENCH_API_VERSION = 2

PAPER = (
    "Mescheder et al. 2018, Which Training Methods for GANs do actually Converge?, arXiv:1801.04406"
)
INFO = DataInfo(name="dirac", modality="points", shape=(1,))
SAMPLES = 256
START = 1e-3
"""Theta at the start, and so the distance from the equilibrium."""

FAINTEST = 1e-30
"""Distance below which single precision, whose numbers end at 1e-45, no longer plays the game."""

BATCH = 2
"""All samples are the same; two of them, since a loss may compare the samples of a batch."""

SMOOTH = 1e-3
"""Relative difference of slopes over two distances from 0 above which there is no derivative."""


def load() -> Data:
    """Zeros."""
    import torch

    zeros = torch.zeros(SAMPLES, 1)
    return Data(info=INFO, train=zeros, heldout=zeros.clone())


def build(
    data: DataInfo,
    *,
    step: Annotated[
        float, Parameter(minimum=0, help="step size of both players, whatever the loss")
    ] = 0.05,
    updates: Annotated[
        str,
        Parameter(
            choices=("simultaneous", "alternating"),
            help="both players step at once, or the generator after the discriminator",
        ),
    ] = "simultaneous",
) -> Networks:
    """The two networks at the start; how they are trained is no matter of theirs."""
    return game(START, 0.0)


def game(theta: float, psi: float) -> Networks:
    """A generator whose samples are theta whatever the latent, and the discriminator psi x."""
    from torch import nn

    generator, discriminator = nn.Linear(1, 1), nn.Linear(1, 1, bias=False)
    nn.init.zeros_(generator.weight.requires_grad_(False))
    nn.init.constant_(generator.bias, theta)
    nn.init.constant_(discriminator.weight, psi)
    # In a Sequential, so that features are known: what its only layer sees, which is x.
    judge = nn.Sequential(discriminator)
    return Networks(generator=generator, discriminator=judge, latent=Latent(size=1))


def training(*, step: float, updates: Literal["alternating", "simultaneous"]) -> Training:
    """Plain gradient steps of one size for both players."""
    sgd = Optimiser(name="sgd", lr=step)
    return Training(generator=sgd, discriminator=sgd, batch_size=BATCH, updates=updates)


def convergence(evaluation: Evaluation) -> list[Measurement]:
    """How far theta and psi are from the equilibrium, and how fast they leave it.

    The radius is |(theta, psi)| over that of the start. Its growth is ln(radius) per generator
    step: negative if the loss converges, 0 if it circles, and left out where the radius has shrunk
    below what single precision can tell (`FAINTEST`). Beside it stands what the growth would be
    in the long run if the loss were linear: the logarithm of the spectral radius of one step of the
    training loop, with this very loss, linearised at the equilibrium.

    Raises:
        UsageError: what has been trained is not the Dirac-GAN.
    """
    radius = math.hypot(*_state(evaluation)) / START
    values = {"radius": radius}
    if radius * START >= FAINTEST and evaluation.steps:
        values["growth"] = math.log(radius) / evaluation.steps
    linear = _linear_growth(evaluation)
    if linear is not None:
        values["linear growth"] = linear
    return [
        Measurement(
            key=f"dirac/{label.replace(' ', '_')}",
            label=label,
            value=value,
            null=0.0 if label == "radius" else None,
            n_fake=len(evaluation.fakes),
            unit="" if label == "radius" else "1/step",
            lowest=0.0 if label == "radius" else None,
        )
        for label, value in values.items()
    ]


class _Memory(Exception):
    """A step of the training depends on more than the two players."""


def _state(evaluation: Evaluation) -> tuple[float, float]:
    import torch

    fakes = evaluation.fakes
    if fakes.shape[1:] == INFO.shape and bool((fakes == fakes[:1]).all()):
        zero, psi, twice = evaluation.logits(torch.tensor([[0.0], [1.0], [2.0]])).tolist()
        if zero == 0 and twice == 2 * psi:
            return fakes[0].item(), psi
    raise UsageError(
        "score dirac is about one game alone: a generator of one point, a discriminator psi x",
        "use it with dirac+LOSS",
    )


def _linear_growth(evaluation: Evaluation) -> float | None:
    from ganbench_plugins.dirac.closed_form import largest_modulus

    if evaluation.training is None:
        return None
    matrix = linearise(lambda networks: evaluation.rehearse(networks, load(), evaluation.steps))
    factor = 0.0 if matrix is None else largest_modulus(matrix)
    return math.log(factor) if factor > 0 else None


def linearise(rehearse: Callable[[Networks], bool]) -> Matrix | None:
    """The derivative of one step of a training at the equilibrium, from the training itself.

    Args:
        rehearse: takes one step of it on other networks; tells whether it has a memory
            beside them.

    Returns:
        The matrix that a step applies to a small (theta, psi); None where there is no derivative,
        where the equilibrium is no fixed point, where the training cannot be copied, or where it
        has a memory: then theta and psi are not all that a step depends on.
    """

    def play(theta: float, psi: float) -> tuple[float, float]:
        networks = game(theta, psi)
        if rehearse(networks):
            raise _Memory
        (slope,) = networks.discriminator.parameters()  # whatever a technique has made of its name
        bias = networks.generator.get_parameter("bias")
        return bias.detach().item(), slope.detach().item()

    def slopes(size: float) -> Matrix:
        quotients = []
        for theta, psi in ((size, 0.0), (0.0, size)):
            pairs = zip(play(theta, psi), play(-theta, -psi), strict=True)
            quotients.append([(ahead - back) / (2 * size) for ahead, back in pairs])
        (a, c), (b, d) = quotients
        return (a, b), (c, d)

    try:
        far, near = slopes(START), slopes(START / 2)
    except (_Memory, RuntimeError):  # or a loss keeps tensors with the graph that they came from
        return None
    entries = list(zip((*far[0], *far[1]), (*near[0], *near[1]), strict=True))
    largest = max(1.0, *(abs(one) for one, _ in entries))
    smooth = all(abs(one - other) <= SMOOTH * largest for one, other in entries)
    fixed = math.hypot(*play(0.0, 0.0)) <= SMOOTH * START
    return near if smooth and fixed else None


@hookimpl
def ganbench_datasets() -> list[DatasetSpec]:
    """Zeros."""
    return [
        DatasetSpec(
            name="dirac",
            description=f"1-D: all data at 0, for the Dirac-GAN; {SAMPLES} train points",
            paper=PAPER,
            modalities=("points",),
            describe=lambda: INFO,
            load=load,
            licence="none needed",
        )
    ]


@hookimpl
def ganbench_models() -> list[ModelSpec]:
    """One number against one number."""
    return [
        ModelSpec(
            name="dirac",
            description="the Dirac-GAN: all samples at theta, D(x) = psi x; trained by plain SGD",
            paper=PAPER,
            modalities=("points",),
            build=build,
            training=training,
            supports=lambda data: data.shape == INFO.shape,
        )
    ]


@hookimpl
def ganbench_scores() -> list[ScoreSpec]:
    """Convergence of the Dirac-GAN."""
    return [
        ScoreSpec(
            name="dirac",
            description="how far the Dirac-GAN is from its equilibrium, and how fast it leaves it",
            paper=PAPER,
            compute=convergence,
            modalities=("points",),
        )
    ]
