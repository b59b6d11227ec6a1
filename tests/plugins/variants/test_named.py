"""Variants that are made of parts: their constants, their techniques, and the traps they avoid."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import nn

from ganbench import DataInfo, Optimiser, Recipe
from ganbench.api.specs import VariantSpec
from ganbench.planning.naming import choose_variant
from ganbench.training.loop import Eager

from ...training.small import (
    catalogue,
    image,
    points,
    random_data,
    recipe_of,
    variant_trainer,
)

NAMED = ("lsgan", "wgan", "dragan", "ragan", "pacgan", "unrolled", "sngan", "r3gan", "sagan")
SMALL = {"unrolled": "unrolled[width=16,k=1]"}
"""As they are tested, narrower than as they are published."""

POINTS, IMAGE = points(), image(32)
RMSPROP = Optimiser(name="rmsprop", lr=1e-4, alpha=0.9)


CONDITIONAL = ("cgan", "projection", "acgan")


def small(variant: str) -> str:
    return SMALL.get(variant, f"{variant}[width=16]")


def optimisers(recipe: Recipe) -> list[Optimiser]:
    return [recipe.training.generator, recipe.training.discriminator]


@pytest.mark.parametrize("variant", [*NAMED, *CONDITIONAL])
def test_papers_and_deviations_are_named(variant: str) -> None:
    spec = catalogue().get(VariantSpec, variant)
    assert "arXiv:" in spec.paper
    assert spec.deviations
    assert spec.modalities == ("points", "image")


@pytest.mark.parametrize("info", [POINTS, image(8), image(8, 3)], ids=["points", "grey", "colour"])
@pytest.mark.parametrize("variant", NAMED)
def test_a_round_moves_both_players(variant: str, info: DataInfo) -> None:
    trainer = variant_trainer(small(variant), random_data(info, 1200))
    players = trainer.networks.generator, trainer.networks.discriminator
    before = [weights(player) for player in players]
    Eager(trainer).step(0, 0.0)
    after = [weights(player) for player in players]
    assert not any(torch.equal(*pair) for pair in zip(before, after, strict=True))
    assert all(one.isfinite().all() for one in after)
    assert trainer.last["generator"][0].fake.shape[1:] == info.shape


def weights(network: nn.Module) -> torch.Tensor:
    return torch.cat([one.detach().flatten().clone() for one in network.parameters()])


@pytest.mark.parametrize("info", [POINTS, IMAGE], ids=["points", "image"])
def test_lsgan(info: DataInfo) -> None:
    recipe = recipe_of("lsgan", info)
    assert (recipe.loss, recipe.training.batch_size) == ("lsgan", 64)
    assert optimisers(recipe) == [RMSPROP, RMSPROP]


@pytest.mark.parametrize("info", [POINTS, IMAGE], ids=["points", "image"])
def test_wgan(info: DataInfo) -> None:
    """Traps: no momentum, weights within .01, and rounds in which the critic converges."""
    recipe = recipe_of("wgan", info)
    assert (recipe.loss, recipe.loss_parameters) == ("wgan", {"c": 0.01})
    assert optimisers(recipe) == [Optimiser(name="rmsprop", lr=5e-5, alpha=0.99)] * 2
    assert (recipe.training.batch_size, recipe.training.critic_steps) == (64, 5)
    assert not recipe.techniques
    if info is IMAGE:
        assert recipe.model_parameters["width"] == 64
        assert recipe.model_parameters["latent_law"] == "normal"


def test_wgan_clips_and_warms_up() -> None:
    trainer = variant_trainer("wgan[width=16]", random_data(POINTS))
    engine = Eager(trainer)
    assert [engine.critic_steps(n) for n in (0, 24, 25, 499, 500)] == [100, 100, 5, 5, 100]
    engine.discriminator_step()
    assert weights(trainer.networks.discriminator).abs().max() == torch.tensor(0.01)


@pytest.mark.parametrize("info", [POINTS, IMAGE], ids=["points", "image"])
def test_dragan(info: DataInfo) -> None:
    """Traps: the original loss, not Wasserstein's, and no batch norm in the discriminator."""
    recipe = recipe_of("dragan[penalty=5]", info)
    assert recipe.loss == "non-saturating"
    assert recipe.techniques == {"dragan": {"weight": 5.0, "spread": 0.5}}
    assert recipe.model_parameters["discriminator_norm"] == "none"
    assert optimisers(recipe) == [Optimiser(lr=1e-4, betas=(0.5, 0.9))] * 2
    assert (recipe.training.batch_size, recipe.training.critic_steps) == (128, 1)
    assert recipe_of("dragan", info).techniques["dragan"]["weight"] == 10.0


def test_ragan() -> None:
    for info in (POINTS, IMAGE):
        recipe = recipe_of("ragan", info)
        assert recipe.loss == "ra"
        assert optimisers(recipe) == [Optimiser(lr=2e-4, betas=(0.5, 0.999))] * 2
        assert recipe.training.batch_size == 32
        assert list(recipe.techniques) == (["sn"] if info is IMAGE else [])
        assert recipe.model_parameters["discriminator_norm"] == "none"


@pytest.mark.parametrize("m", [1, 2, 3])
def test_pacgan_counts_packs_in_a_batch(m: int) -> None:
    """Trap: were samples counted, larger packs would mean fewer judgements."""
    recipe = recipe_of(f"pacgan[m={m}]", POINTS)
    assert recipe.model == "pacgan"
    assert recipe.loss == "non-saturating"
    assert recipe.techniques == {"pac": {"m": m}}
    assert recipe.training.batch_size == 100 * m
    assert recipe.training.updates == "simultaneous"
    assert optimisers(recipe) == [Optimiser(lr=1e-4, betas=(0.8, 0.999))] * 2
    step, _ = Eager(
        variant_trainer(f"pacgan[m={m},width=4]", random_data(POINTS, 1200))
    ).discriminator_step()
    assert step.real.shape == (100 * m, 2)
    assert step.real_logits.shape == (100,)
    assert len(step.latent.unique(dim=0)) == 100 * m


def test_pacgan_on_images_steps_the_generator_twice() -> None:
    recipe = recipe_of("pacgan[m=4]", IMAGE)
    assert (recipe.model, recipe.model_parameters["width"]) == ("dcgan", 64)
    assert (recipe.training.batch_size, recipe.training.critic_every) == (256, 2)
    assert optimisers(recipe) == [Optimiser(lr=2e-4, betas=(0.5, 0.999))] * 2


def test_unrolled_on_points() -> None:
    recipe = recipe_of("unrolled", POINTS)
    assert (recipe.loss, recipe.techniques) == ("minimax", {"unrolled": {"k": 5}})
    assert optimisers(recipe) == [
        Optimiser(lr=1e-3, betas=(0.5, 0.999)),
        Optimiser(lr=1e-4, betas=(0.5, 0.999)),
    ]
    assert recipe.training.batch_size == 512


def test_unrolled_on_images() -> None:
    recipe = recipe_of("unrolled[k=2]", IMAGE)
    assert (recipe.loss, recipe.techniques) == ("minimax", {"unrolled": {"k": 2}})
    assert optimisers(recipe) == [
        Optimiser(lr=1e-4, betas=(0.5, 0.99)),
        Optimiser(lr=2e-4, betas=(0.5, 0.99)),
    ]
    assert recipe.training.batch_size == 128


@pytest.mark.parametrize("info", [POINTS, IMAGE], ids=["points", "image"])
def test_sngan(info: DataInfo) -> None:
    recipe = recipe_of("sngan", info)
    assert recipe.model == ("mlp" if info is POINTS else "sngan")
    assert recipe.loss == "hinge"
    assert recipe.techniques == {"sn": {"iterations": 1}}
    assert optimisers(recipe) == [Optimiser(lr=2e-4, betas=(0.0, 0.9))] * 2
    training = recipe.training
    assert (training.batch_size, training.generator_batch, training.critic_steps) == (64, 128, 5)
    assert training.schedule == "linear"


@pytest.mark.parametrize(("info", "gamma"), [(POINTS, 0.1), (IMAGE, 1.0)], ids=["points", "image"])
def test_r3gan(info: DataInfo, gamma: float) -> None:
    """Traps: both penalties, neither lazily; no momentum, and a beta2 well below .999."""
    recipe = recipe_of("r3gan", info)
    assert recipe.model == ("mlp" if info is POINTS else "r3gan")
    assert recipe.loss == "rp"
    penalty = {"gamma": gamma, "every": 1}
    assert recipe.techniques == {"r1": penalty, "r2": penalty}
    assert optimisers(recipe) == [Optimiser(lr=2e-4, betas=(0.0, 0.99))] * 2
    assert (recipe.training.critic_steps, recipe.training.schedule) == (1, "constant")


@pytest.mark.parametrize("info", [POINTS, IMAGE], ids=["points", "image"])
def test_sagan(info: DataInfo) -> None:
    """Trap: two time scales take the place of five discriminator steps; there are not both."""
    recipe = recipe_of("sagan", info)
    assert recipe.model == ("mlp" if info is POINTS else "sagan")
    assert (recipe.loss, recipe.techniques) == ("hinge", {"sn": {"iterations": 1}})
    assert optimisers(recipe) == [Optimiser(lr=lr, betas=(0.0, 0.9)) for lr in (1e-4, 4e-4)]
    assert recipe.training.critic_steps == 1


@pytest.mark.parametrize("info", [POINTS, image(8)], ids=["points", "image"])
@pytest.mark.parametrize("variant", CONDITIONAL)
def test_conditional_variants_need_classes(variant: str, info: DataInfo) -> None:
    chosen = choose_variant(f"{variant}[width=16]", catalogue())
    assert "the data have no classes" in (chosen.misfit(catalogue(), info) or "")
    labelled = replace(info, classes=5)
    assert chosen.misfit(catalogue(), labelled) is None
    data = replace(random_data(labelled), train_labels=torch.arange(200) % 5)
    trainer = variant_trainer(f"{variant}[width=16]", data)
    Eager(trainer).step(0, 0.0)
    step, loss = trainer.last["generator"]
    assert step.fake.shape[1:] == info.shape
    assert loss.isfinite()
    assert step.fake_labels.max() < 5


def test_projection() -> None:
    for info in (POINTS, IMAGE):
        recipe = recipe_of("projection", replace(info, classes=5))
        assert (recipe.loss, list(recipe.techniques)) == ("hinge", ["sn"])
        assert recipe.training == recipe_of("sngan", info).training
