"""Texts, character by character: two GANs, and the controls that no table of theirs lacks.

`char-wgan-gp` (Gulrajani et al. 2017, appendix: character-level language modelling): residual
convolutions on both sides, softmax rows against one-hot real ones, WGAN-GP with lambda 10, Adam
1e-4 (.5, .9), batches of 64, ten critic steps.

`gumbel-softmax` (Kusner & Hernández-Lobato 2016; RelGAN, Nie et al. 2019): the same networks, whose
output is drawn by Gumbel noise at a temperature that falls; RelGAN's loss, rates and five critic
steps. Without pre-training it collapses onto a single letter, and a zero-centred penalty at real
samples keeps it from that.

`mle-lstm`: an LSTM by maximum likelihood, Adam 1e-3, gradients clipped to 5. `ngram`: counts.

Traps avoided: the shortcut of a block is not changed by a ReLU in place; no temperature in the
softmax of char-wgan-gp; noise is added to logits, never to a hidden state (as in a published
GSGAN); an END token is one that generators learn, where padding would be counted as text.
"""

from __future__ import annotations

from typing import Annotated

from ganbench import (
    DataInfo,
    ModelSpec,
    Optimiser,
    Parameter,
    Recipe,
    Training,
    VariantSpec,
    hookimpl,
)

GANBENCH_API_VERSION = 2

_NETWORKS = "ganbench_plugins.networks"

Rate = Annotated[float, Parameter(minimum=0, help="learning rate")]
Width = Annotated[int, Parameter(minimum=4, help="channels of every layer of both networks")]
CriticSteps = Annotated[int, Parameter(minimum=1, help="critic steps before each generator step")]
Batch = Annotated[int, Parameter(minimum=1, help="samples in a step")]


def char_wgan_gp(
    data: DataInfo,
    *,
    width: Width = 128,
    lr: Rate = 1e-4,
    critic_steps: CriticSteps = 10,
    batch: Batch = 64,
) -> Recipe:
    """Convolutions and WGAN-GP."""
    adam = Optimiser(lr=lr, betas=(0.5, 0.9))
    return Recipe(
        model="char-conv",
        model_parameters={"width": width},
        loss="wgan-gp",
        loss_parameters={"penalty": 10.0},
        training=Training(
            generator=adam, discriminator=adam, batch_size=batch, critic_steps=critic_steps
        ),
    )


def gumbel_softmax(
    data: DataInfo,
    *,
    width: Width = 128,
    lr: Rate = 1e-4,
    critic_steps: CriticSteps = 5,
    batch: Batch = 64,
    end: Annotated[float, Parameter(minimum=1e-3, help="temperature at the budget's end")] = 0.2,
    penalty: Annotated[float, Parameter(minimum=0, help="gamma of R1 at real samples")] = 1.0,
) -> Recipe:
    """Convolutions, Gumbel noise and a relativistic loss."""
    adam = Optimiser(lr=lr, betas=(0.5, 0.999), clip_norm=5.0)
    return Recipe(
        model="gumbel-conv",
        model_parameters={"width": width},
        loss="rp",
        techniques={
            "gumbel-temperature": {"start": 1.0, "end": end},
            "r1": {"gamma": penalty},
        },
        training=Training(
            generator=adam, discriminator=adam, batch_size=batch, critic_steps=critic_steps
        ),
    )


def mle_lstm(
    data: DataInfo,
    *,
    hidden: Annotated[int, Parameter(minimum=4, help="units of the layer")] = 128,
    lr: Rate = 1e-3,
    batch: Batch = 64,
) -> Recipe:
    """Maximum likelihood of the next token."""
    return Recipe(
        model="char-lstm",
        model_parameters={"hidden": hidden},
        loss="max-likelihood",
        training=Training(
            generator=Optimiser(lr=lr, clip_norm=5.0), discriminator=None, batch_size=batch
        ),
    )


def ngram(
    data: DataInfo,
    *,
    n: Annotated[int, Parameter(minimum=1, maximum=6, help="characters of a window")] = 4,
) -> Recipe:
    """Counts of windows."""
    return Recipe(
        model="ngram",
        model_parameters={"n": n},
        loss="closed-form",
        training=Training(generator=None, discriminator=None),
    )


@hookimpl
def ganbench_models() -> list[ModelSpec]:
    """Convolutions, an LSTM and counts, over characters."""
    return [
        ModelSpec(
            name="char-conv",
            description="residual convolutions over characters; a softmax of each",
            paper="Gulrajani et al. 2017, arXiv:1704.00028",
            build=f"{_NETWORKS}.char_conv:build",
            parameters={
                "width": Parameter(default=32, minimum=4, help="channels of every layer"),
                "blocks": Parameter(default=5, minimum=1, help="residual blocks of each network"),
            },
            modalities=("text",),
        ),
        ModelSpec(
            name="gumbel-conv",
            description="the same, its output drawn by Gumbel noise",
            paper="Jang et al. 2017, arXiv:1611.01144",
            build=f"{_NETWORKS}.char_conv:build_gumbel",
            parameters={
                "width": Parameter(default=32, minimum=4, help="channels of every layer"),
                "blocks": Parameter(default=5, minimum=1, help="residual blocks of each network"),
            },
            modalities=("text",),
            provides=("anneal", "tempered"),
        ),
        ModelSpec(
            name="char-lstm",
            description="an LSTM over characters, which tells the likelihood of texts",
            paper="Graves 2013, Generating Sequences With Recurrent Neural Networks, "
            "arXiv:1308.0850",
            build=f"{_NETWORKS}.char_lstm:build",
            parameters={"hidden": Parameter(default=128, minimum=4, help="units of the layer")},
            modalities=("text",),
            provides=("log_likelihood", "tempered"),
            control=True,
        ),
        ModelSpec(
            name="ngram",
            description="counts of n characters in a row, smoothed; fitted at once",
            paper="Witten & Bell 1991, https://doi.org/10.1109/18.87000",
            build=f"{_NETWORKS}.ngram:build",
            parameters={
                "n": Parameter(default=4, minimum=1, maximum=6, help="characters of a window")
            },
            modalities=("text",),
            provides=("fit", "tempered"),
            control=True,
        ),
    ]


@hookimpl
def ganbench_variants() -> list[VariantSpec]:
    """Two GANs and two controls."""
    return [
        VariantSpec(
            name="char-wgan-gp",
            description="WGAN-GP over characters: residual convolutions, softmax rows",
            paper="Gulrajani et al. 2017, Improved Training of Wasserstein GANs, arXiv:1704.00028",
            recipe=char_wgan_gp,
            modalities=("text",),
            deviations=(
                "128 channels instead of 512, which overfit a billion words, as the authors say",
                "an END token instead of padding that is counted as text",
            ),
        ),
        VariantSpec(
            name="gumbel-softmax",
            description="a Gumbel-softmax generator under a relativistic loss, its noise annealed",
            paper="Kusner & Hernández-Lobato 2016, arXiv:1611.04051; Nie et al. 2019, RelGAN",
            recipe=gumbel_softmax,
            modalities=("text",),
            deviations=(
                "convolutions instead of an LSTM or a relational memory",
                "no pre-training by maximum likelihood: what it gives is the control's",
                "one view of the critic instead of 64",
                "a zero-centred penalty at real samples (R1) against collapse",
                "the temperature falls from 1 to 0.2, by the fraction of the budget, not by steps",
            ),
        ),
        VariantSpec(
            name="mle-lstm",
            description="an LSTM by maximum likelihood: what a GAN of texts has to be better than",
            paper="Graves 2013, arXiv:1308.0850",
            recipe=mle_lstm,
            modalities=("text",),
            control=True,
        ),
        VariantSpec(
            name="ngram",
            description="counts of n characters in a row, smoothed; fitted at once",
            paper="Witten & Bell 1991, https://doi.org/10.1109/18.87000",
            recipe=ngram,
            modalities=("text",),
            control=True,
        ),
    ]
