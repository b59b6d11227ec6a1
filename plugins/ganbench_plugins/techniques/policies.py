"""Ways of training that go with any loss: averages, rates and their policies, batches, sampling."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from ganbench import Optimiser, Parameter, TechniqueSpec, Training, hookimpl, schedules

GANBENCH_API_VERSION = 2


def ema(
    training: Training,
    *,
    decay: Annotated[
        float, Parameter(minimum=0, maximum=0.999999, help="share kept at each generator step")
    ] = 0.999,
    half_life: Annotated[
        float | None,
        Parameter(minimum=1, help="instead: generated samples after which a weight counts half"),
    ] = None,
) -> Training:
    """w' <- d w' + (1 - d) w after each generator step; G with w' is what gets evaluated.

    With a half-life of h samples and batches of B, d = 2^(-B/h) (Karras et al. 2020).
    """
    decay = decay if half_life is None else 0.0
    return replace(training, ema=decay, ema_half_life=half_life)


def ttur(
    training: Training,
    *,
    ratio: Annotated[
        float, Parameter(minimum=1e-3, help="the discriminator's rate over the generator's")
    ] = 4.0,
) -> Training:
    """lr_D = ratio lr_G; the generator's rate stays as it is."""
    assert training.generator is not None  # it goes with no control
    assert training.discriminator is not None
    rate = training.generator.lr * ratio
    return replace(training, discriminator=replace(training.discriminator, lr=rate))


def adam(
    training: Training,
    *,
    beta1: Annotated[
        float, Parameter(minimum=0, maximum=0.999999, help="decay of the gradient's mean")
    ] = 0.9,
    beta2: Annotated[
        float, Parameter(minimum=0, maximum=0.999999, help="decay of the squared gradient's mean")
    ] = 0.999,
) -> Training:
    """w <- w - lr m / (sqrt(v) + 1e-8), m and v the means of g and g^2, corrected for their start.

    For both networks, at the rates of the recipe's optimisers, of which nothing else stays.
    """
    assert training.generator is not None  # it goes with no control
    assert training.discriminator is not None
    one, other = (
        Optimiser(lr=lr, betas=(beta1, beta2))
        for lr in (training.generator.lr, training.discriminator.lr)
    )
    return replace(training, generator=one, discriminator=other)


def policy(
    training: Training,
    *,
    shape: Annotated[
        str,
        Parameter(choices=("constant", "linear", "cosine"), help="of the rates over the budget"),
    ] = "cosine",
    warmup: Annotated[
        float, Parameter(minimum=0, maximum=0.5, help="share of the budget to rise from 0 in")
    ] = 0.0,
) -> Training:
    """lr(t) = lr c(t), c = 1, 1 - t or (1 + cos(pi t)) / 2, t the share of the budget spent.

    With a warm-up the rate rises from 0 before that.
    """
    then = schedules.NAMED[shape]
    return replace(training, schedule=schedules.warmup(warmup, then) if warmup else then)


def batch(
    training: Training,
    *,
    size: Annotated[int, Parameter(minimum=1, help="samples of a step of either player")] = 16,
) -> Training:
    """B_D = B_G = size, whatever batches the recipe has for each player."""
    return replace(training, batch_size=size, generator_batch_size=None)


def balanced(training: Training) -> Training:
    """p(x) = 1 / (K N_y), N_y the training samples of the class y of x, K the classes."""
    return replace(training, sampling="balanced")


@hookimpl
def ganbench_techniques() -> list[TechniqueSpec]:
    """Averages, rates, policies and sampling."""
    return [
        TechniqueSpec(
            name="ema",
            description="what is evaluated is a moving average of the generator's weights",
            paper="Yazici et al. 2019, The Unusual Effectiveness of Averaging in GAN Training, "
            "arXiv:1806.04498",
            training=ema,
            argument="decay",
            neutral={"decay": 0.0},
            exclusive="averages",
            controls=True,
        ),
        TechniqueSpec(
            name="ttur",
            description="two time scales: the discriminator's learning rate is a multiple",
            paper="Heusel et al. 2017, GANs Trained by a Two Time-Scale Update Rule, "
            "arXiv:1706.08500",
            training=ttur,
            argument="ratio",
            exclusive="rates",
            deviations=(
                "one ratio of 4 for all data; the paper chooses both rates for each data set",
            ),
        ),
        TechniqueSpec(
            name="adam",
            description="both networks are trained by Adam, with betas of your own",
            paper="Kingma & Ba 2015, Adam: A Method for Stochastic Optimization, arXiv:1412.6980",
            training=adam,
            exclusive="optimisers",
        ),
        TechniqueSpec(
            name="policy",
            description="a learning-rate policy over the budget: linear or cosine, with a warm-up",
            training=policy,
            argument="shape",
            exclusive="policies",
            controls=True,
        ),
        TechniqueSpec(
            name="batch",
            description="samples of a step: small ones buy more steps with the same budget",
            training=batch,
            argument="size",
            exclusive="batches",
            controls=True,
        ),
        TechniqueSpec(
            name="balanced",
            description="real samples of all classes are drawn equally often, rare ones repeated",
            paper="Shen et al. 2016, Relay Backpropagation for Effective Learning of Deep "
            "Convolutional Neural Networks, arXiv:1512.05830 (class-aware sampling)",
            training=balanced,
            needs=("labels",),
            exclusive="samplings",
        ),
    ]
