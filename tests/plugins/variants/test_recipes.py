"""The constants of every recipe are its paper's."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ganbench import DataInfo, Optimiser, Training
from ganbench.api.errors import UsageError
from ganbench.api.specs import LossSpec, VariantSpec, looks_at_slopes
from ganbench.running.players import Players

from ...training.small import (
    CPU,
    VARIANTS,
    catalogue,
    image,
    points,
    random_data,
    recipe_of,
    variant_trainer,
)


def both(optimiser: Optimiser, **training: object) -> Training:
    return Training(generator=optimiser, discriminator=optimiser, **training)  # type: ignore[arg-type]


POINTS, IMAGE = points(), image(32)
DCGAN = both(Optimiser(lr=2e-4, betas=(0.5, 0.999)), batch_size=128)
EXPECTED = [
    ("vanilla", POINTS, "mlp", both(Optimiser(lr=1e-4, betas=(0.8, 0.999)), batch_size=100)),
    ("vanilla", IMAGE, "mlp", both(Optimiser(lr=2e-4, betas=(0.5, 0.999)), batch_size=100)),
    ("dcgan", POINTS, "mlp", DCGAN),
    ("dcgan", IMAGE, "dcgan", DCGAN),
    (
        "wgan-gp",
        POINTS,
        "mlp",
        both(Optimiser(lr=3e-4, betas=(0.5, 0.9)), batch_size=256, critic_steps=5),
    ),
    (
        "wgan-gp",
        IMAGE,
        "resnet",
        both(
            Optimiser(lr=2e-4, betas=(0.0, 0.9)),
            batch_size=64,
            generator_batch_size=128,
            critic_steps=5,
            schedule="linear",
        ),
    ),
]


@pytest.mark.parametrize(("variant", "info", "model", "training"), EXPECTED)
def test_constants(variant: str, info: DataInfo, model: str, training: Training) -> None:
    recipe = recipe_of(variant, info)
    assert recipe.model == model
    assert recipe.training == training
    assert recipe.loss == ("wgan-gp" if variant == "wgan-gp" else "non-saturating")


def test_below_16_px_wgan_gp_is_narrower_and_faster() -> None:
    for side, width, lr in ((8, 16, 2e-3), (12, 16, 2e-3), (16, None, 2e-4)):
        recipe = recipe_of("wgan-gp", image(side))
        assert recipe.model_parameters["width"] == width
        assert recipe.training.generator == Optimiser(lr=lr, betas=(0.0, 0.9))


@pytest.mark.parametrize(("variant", "faster"), [("vanilla", 2e-3), ("dcgan", 1e-3)])
def test_below_16_px_they_are_faster_where_no_rate_is_given(variant: str, faster: float) -> None:
    for side, lr in ((8, faster), (12, faster), (16, 2e-4)):
        training = recipe_of(variant, image(side)).training
        assert training.generator == training.discriminator
        assert training.generator == Optimiser(lr=lr, betas=(0.5, 0.999))
        given = recipe_of(f"{variant}[lr=0.5]", image(side)).training
        assert given.generator == Optimiser(lr=0.5, betas=(0.5, 0.999))


def test_the_penalty_weighs_ten_on_images_and_a_tenth_on_points() -> None:
    assert recipe_of("wgan-gp", IMAGE).loss_parameters == {"penalty": 10.0}
    assert recipe_of("wgan-gp", POINTS).loss_parameters == {"penalty": 0.1}


@pytest.mark.parametrize("info", [POINTS, IMAGE], ids=["points", "image"])
def test_settings_replace_the_papers_constants(info: DataInfo) -> None:
    recipe = recipe_of("vanilla[objective=minimax,lr=0.5,width=7,ema=0.25]", info)
    assert recipe.loss == "minimax"
    assert recipe.training.generator.lr == recipe.training.discriminator.lr == 0.5
    assert recipe.training.ema == 0.25
    assert set(str(recipe.model_parameters["generator_units"]).split("-")) == {"7"}
    recipe = recipe_of("dcgan[lr=0.5,width=7,ema=0.25]", info)
    assert recipe.training == replace(
        both(Optimiser(lr=0.5, betas=(0.5, 0.999)), batch_size=128), ema=0.25
    )
    assert recipe.model_parameters["width"] == 7
    recipe = recipe_of("wgan-gp[lr=0.5,width=7,ema=0.25,penalty=3,critic_steps=2]", info)
    assert recipe.training.generator.lr == recipe.training.discriminator.lr == 0.5
    assert recipe.training.ema == 0.25
    assert recipe.training.critic_steps == 2
    assert recipe.loss_parameters == {"penalty": 3.0}
    assert recipe.model_parameters["width"] == 7


@pytest.mark.parametrize("variant", VARIANTS)
def test_papers_and_deviations_are_named(variant: str) -> None:
    spec = catalogue().get(VariantSpec, variant)
    assert "arXiv:" in spec.paper
    assert spec.deviations
    assert spec.modalities == ("points", "image")


@pytest.mark.parametrize("info", [POINTS, image(8)], ids=["points", "image"])
def test_trap_1_batch_norm_in_a_per_sample_critic_is_refused(info: DataInfo) -> None:
    assert looks_at_slopes(catalogue().get(LossSpec, "wgan-gp"))
    model = "mlp" if info.modality == "points" else "dcgan"
    text = f"{model}+wgan-gp[model.discriminator_norm=batch]"
    players = Players(recipe_of(text, info), catalogue(), CPU)
    with pytest.raises(UsageError, match="influence each other's logits") as caught:
        players.trainer(random_data(info), seed=0)
    assert f"{model}+wgan-gp[model.discriminator_norm=layer]" in (caught.value.hint or "")
    assert variant_trainer(caught.value.hint.split()[-1], random_data(info)).trained


def test_trap_1_a_pair_with_that_loss_gets_layer_norm_by_default() -> None:
    assert recipe_of("dcgan+wgan-gp", IMAGE).model_parameters["discriminator_norm"] == "layer"
    assert recipe_of("dcgan+minimax", IMAGE).model_parameters["discriminator_norm"] == "batch"


@pytest.mark.parametrize(("data", "layers", "width"), [(POINTS, 3, 128), (IMAGE, 2, 256)])
def test_vanilla_can_be_changed_in_one_thing(data: DataInfo, layers: int, width: int) -> None:
    plain = recipe_of("vanilla", data)
    deep = recipe_of("vanilla[generator_layers=5]", data)
    units = plain.model_parameters["generator_units"]
    assert units == plain.model_parameters["discriminator_units"] == "-".join([str(width)] * layers)
    assert deep.model_parameters["generator_units"] == "-".join([str(width)] * 5)
    assert deep.model_parameters["discriminator_units"] == units
    assert (deep.training, deep.loss) == (plain.training, plain.loss)
    for loss in ("hinge", "wasserstein", "feature-matching"):
        other = recipe_of(f"vanilla[objective={loss}]", data)
        assert other == replace(plain, loss=loss, loss_parameters=other.loss_parameters)
