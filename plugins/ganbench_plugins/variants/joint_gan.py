"""A GAN of pairs whose halves belong together, and a control whose halves know nothing of that.

`joint-gan` makes both halves of one latent, and its critic sees both. `independent-gan` has two
generators with a latent each, and a critic for each half, whose logits are added up: the
Wasserstein losses of the halves add up with them. It has as many weights, costs as much a step, and
can at best learn the law of either half: its halves agree as chance has it.

Both are trained as WGAN-GP is (Gulrajani et al. 2017), whose critic bears the soft rows of letters
that generators of text emit beside the hard ones of real text (the same, section 5.5).

Traps avoided: the control's latent is not shared, or its halves could agree behind its critics'
backs; its penalty is one of both critics' slopes together, as the joint one's is.
"""

from __future__ import annotations

from functools import partial

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

PAPER = "after Liu & Tuzel 2016, Coupled Generative Adversarial Networks, arXiv:1606.07536"


_NETWORKS = {
    "width": Parameter(default=128, minimum=1, help="hidden units of the joint networks"),
    "latent": Parameter(default=64, minimum=2, help="size of the latent, or of both"),
}
_PARAMETERS = {
    "lr": Parameter(default=5e-4, minimum=0, help="learning rate of both networks"),
    "penalty": Parameter(default=10.0, minimum=0, help="lambda, weight of the penalty"),
    "critic_steps": Parameter(default=3, minimum=1, help="critic steps before a generator step"),
    **_NETWORKS,
    "ema": Parameter(default=0.0, minimum=0, maximum=1, help="decay of the generator's average"),
}


def recipe(
    data: DataInfo,
    *,
    model: str,
    lr: float,
    penalty: float,
    critic_steps: int,
    width: int,
    latent: int,
    ema: float,
) -> Recipe:
    """One of both models under WGAN-GP."""
    adam = Optimiser(lr=lr, betas=(0.0, 0.9))
    return Recipe(
        model=model,
        model_parameters={"width": width, "latent": latent},
        loss="wgan-gp",
        loss_parameters={"penalty": penalty},
        training=Training(
            generator=adam,
            discriminator=adam,
            batch_size=64,
            critic_steps=critic_steps,
            schedule="linear",
            ema=ema,
        ),
    )


def _model(name: str, description: str, build: str) -> ModelSpec:
    return ModelSpec(
        name=name,
        description=description,
        paper=PAPER,
        build=f"ganbench_plugins.networks.pairs:{build}",
        modalities=("pair",),
        parameters=_NETWORKS,
    )


@hookimpl
def ganbench_models() -> list[ModelSpec]:
    """Joint networks for pairs, and independent ones of the same cost."""
    return [
        _model("joint-pair", "one latent, a head for each half, a critic of both", "build_joint"),
        _model(
            "independent-pair",
            "a generator and a critic for each half, as many weights as joint-pair has",
            "build_independent",
        ),
    ]


def _variant(name: str, description: str, model: str) -> VariantSpec:
    return VariantSpec(
        name=name,
        description=description,
        paper=PAPER,
        modalities=("pair",),
        parameters=_PARAMETERS,
        recipe=partial(recipe, model=model),
        deviations=(
            "WGAN-GP's loss and penalty instead of the original loss",
            "perceptrons instead of convolutions; no weights are shared between discriminators",
            "Adam 5e-4 (0, .9), three critic steps and 128 units, chosen on small digits",
        ),
    )


@hookimpl
def ganbench_variants() -> list[VariantSpec]:
    """The joint GAN and its control."""
    return [
        _variant("joint-gan", "pairs of one latent under one critic of both halves", "joint-pair"),
        _variant(
            "independent-gan",
            "the control of joint-gan: two GANs side by side, a half each",
            "independent-pair",
        ),
    ]
