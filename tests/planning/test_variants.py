"""From what people type to a variant and its recipe."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from ganbench import (
    DataInfo,
    LossSpec,
    ModelSpec,
    Optimiser,
    Parameter,
    Recipe,
    Training,
    VariantSpec,
)
from ganbench.api.errors import PluginNotUsable, UsageError
from ganbench.catalogue.catalogue import Catalogue
from ganbench.planning.naming import choose_variant
from ganbench.planning.variants import parameters_of

POINTS = DataInfo(name="ring8", modality="points", shape=(2,))
IMAGES = DataInfo(name="digits", modality="image", shape=(1, 8, 8))
SGD = Optimiser(name="sgd", lr=1.0)
TRAINING = Training(generator=SGD, discriminator=SGD)


def test_a_registered_variant(catalogue: Catalogue) -> None:
    variant = choose_variant("dcgan", catalogue)
    assert (variant.name, variant.display) == ("dcgan", "dcgan")
    parameters = {"width": None, "ema": 0.0, "lr_scale": 1.0}
    assert variant.parameters_on("image") == {"lr": None, **parameters}  # by the size of the images
    assert variant.parameters_on("points") == {"lr": 2e-4, **parameters}
    assert [spec.kind for spec in variant.specs] == ["variant"]


@pytest.mark.parametrize(
    ("text", "settings", "display"),
    [
        ("dcgan[lr=1e-3]", {}, "dcgan[lr=0.001]"),
        ("dcgan", {"lr": "0.001"}, "dcgan[lr=0.001]"),
        ("dcgan[lr=1e-3]", {"lr": "5", "width": "8"}, "dcgan[lr=0.001,width=8]"),
        ("sngan[lr=2e-4]", {}, "sngan"),
        ("dcgan[lr=2e-4]", {}, "dcgan[lr=0.0002]"),  # which is no default on all images
        ("dcgan[width=8,lr=1]", {}, "dcgan[lr=1,width=8]"),
        ("dcgan[lr_scale=1]", {}, "dcgan"),
        ("dcgan[lr_scale=9/9]", {}, "dcgan"),
        ("dcgan[lr_scale=1/9]", {}, "dcgan[lr_scale=1/9]"),
        ("dcgan[lr_scale=0.1111111111111111]", {}, "dcgan[lr_scale=1/9]"),
        ("dcgan[lr_scale=3/9]", {"lr_scale": "3"}, "dcgan[lr_scale=1/3]"),
        ("dcgan", {"lr_scale": "3"}, "dcgan[lr_scale=3]"),
        ("mlp+minimax", {"lr_scale": "1/3"}, "mlp+minimax[lr_scale=1/3]"),
    ],
)
def test_settings(catalogue: Catalogue, text: str, settings: dict[str, str], display: str) -> None:
    variant = choose_variant(text, catalogue, settings)
    assert variant.display == display
    assert choose_variant(variant.display, catalogue) == variant


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("dcgna", "unknown variant 'dcgna'", "did you mean dcgan or cgan or ctgan?"),
        ("mlp", "'mlp' is a model, not a variant", "see `ganbench info mlp`"),
        ("dcgan[widht=3]", "dcgan has no parameter 'widht'", "did you mean width?"),
        ("dcgan[lr=-1]", "dcgan.lr is '-1', outside", None),
        ("dcgan[ema=2]", "dcgan.ema is '2', outside", None),
        ("dcgan[lr_scale=0]", "dcgan.lr_scale is '0', outside [1e-06, inf]", None),
        ("dcgan[lr_scale=1/0]", "dcgan.lr_scale is '1/0', not a number", None),
        ("dcgan[lrscale=3]", "dcgan has no parameter 'lrscale'", "did you mean lr_scale?"),
        ("mlp+minimax[lrscale=3]", "has no parameter 'lrscale'", "did you mean lr_scale?"),
        ("dcgan:x", "dcgan takes nothing behind a colon", None),
        ("dcgann+wgan-gp", "unknown model 'dcgann'", "did you mean dcgan or cgan or ctgan?"),
        ("dcgan+minimux", "unknown loss or technique 'minimux'", "did you mean minimax?"),
        ("dcgan+", "'dcgan+' names nothing", None),
        ("+wgan-gp", "'+wgan-gp' names nothing", None),
        ("mlp+minimax+x", "unknown loss or technique 'x'", None),
        ("mlp+wgan-gp[penalty=1]", "has no parameter 'penalty'", "did you mean loss.penalty?"),
    ],
)
def test_what_names_nothing(
    catalogue: Catalogue, text: str, message: str, hint: str | None
) -> None:
    with pytest.raises(UsageError) as caught:
        choose_variant(text, catalogue)
    assert message in caught.value.message
    if hint is not None:
        assert caught.value.hint == hint


@pytest.mark.parametrize(
    ("text", "norm"),
    [
        ("dcgan+non-saturating", "batch"),
        ("dcgan+wgan-gp", "layer"),
        ("dcgan+wgan-gp[model.discriminator_norm=none]", "none"),
        ("mlp+wgan-gp", "none"),
        ("mlp+minimax[model.discriminator_norm=batch]", "batch"),
    ],
)
def test_per_sample_losses_get_layer_norm_where_a_model_has_batch_norm(
    catalogue: Catalogue, text: str, norm: str
) -> None:
    variant = choose_variant(text, catalogue)
    assert variant.parameters_on("image")["model.discriminator_norm"] == norm
    assert variant.recipe(catalogue, IMAGES).model_parameters["discriminator_norm"] == norm


def test_the_norm_by_default_is_not_displayed(catalogue: Catalogue) -> None:
    assert choose_variant("dcgan+wgan-gp", catalogue).display == "dcgan+wgan-gp"
    batch = choose_variant("dcgan+wgan-gp[model.discriminator_norm=batch]", catalogue)
    assert batch.display == "dcgan+wgan-gp[model.discriminator_norm=batch]"


def test_a_pair_takes_training_from_the_loss(catalogue: Catalogue) -> None:
    variant = choose_variant("mlp+wgan-gp[model.width=16,loss.penalty=1]", catalogue)
    recipe = variant.recipe(catalogue, POINTS)
    assert (recipe.model, recipe.loss) == ("mlp", "wgan-gp")
    assert recipe.training == catalogue.get(LossSpec, "wgan-gp").training
    assert recipe.loss_parameters == {"penalty": 1.0}
    assert recipe.model_parameters["width"] == 16
    assert recipe.model_parameters.keys() == catalogue.get(ModelSpec, "mlp").parameters.keys()


@pytest.mark.parametrize(
    ("text", "points", "images"),
    [
        ("dcgan", True, True),
        ("dcgan+wgan-gp", False, True),
        ("resnet+minimax", False, True),
        ("mlp+wgan-gp", True, True),
    ],
)
def test_supports_what_all_of_its_parts_support(
    catalogue: Catalogue, text: str, points: bool, images: bool
) -> None:
    variant = choose_variant(text, catalogue)
    assert (variant.misfit(catalogue, POINTS) is None) == points
    assert (variant.misfit(catalogue, IMAGES) is None) == images


@pytest.mark.parametrize("name", ["vanilla", "dcgan", "wgan-gp"])
@pytest.mark.parametrize("data", [POINTS, IMAGES], ids=lambda info: info.name)
def test_recipes_spell_all_parameters_out(catalogue: Catalogue, name: str, data: DataInfo) -> None:
    recipe = choose_variant(name, catalogue).recipe(catalogue, data)
    model, loss = catalogue.get(ModelSpec, recipe.model), catalogue.get(LossSpec, recipe.loss)
    assert data.modality in model.modalities
    assert recipe.model_parameters.keys() == model.parameters.keys()
    assert recipe.loss_parameters.keys() == loss.parameters.keys()


def learning_rates(recipe: Recipe) -> tuple[float, float]:
    return recipe.training.generator.lr, recipe.training.discriminator.lr


@pytest.mark.parametrize("text", ["vanilla", "dcgan[lr=1e-3]", "wgan-gp", "mlp+wgan-gp"])
@pytest.mark.parametrize("scale", [1 / 9, 1 / 3, 3.0])
def test_both_learning_rates_are_multiplied_and_nothing_else(
    catalogue: Catalogue, text: str, scale: float
) -> None:
    plain = choose_variant(text, catalogue).recipe(catalogue, POINTS)
    variant = choose_variant(text, catalogue, {"lr_scale": scale})
    scaled = variant.recipe(catalogue, POINTS)
    assert learning_rates(scaled) == tuple(lr * scale for lr in learning_rates(plain))
    back = replace(
        scaled.training,
        generator=replace(scaled.training.generator, lr=plain.training.generator.lr),
        discriminator=replace(scaled.training.discriminator, lr=plain.training.discriminator.lr),
    )
    assert replace(scaled, training=back) == plain


def test_learning_rates_of_a_third_partys_variant_are_scaled_without_its_help(
    catalogue_with: Any,
) -> None:
    catalogue = catalogue_with(variant_of(recipe_with()))
    recipe = choose_variant("mine[lr_scale=3]", catalogue).recipe(catalogue, POINTS)
    assert learning_rates(recipe) == (3.0, 3.0)


def test_a_variant_that_declares_the_name_keeps_it(catalogue_with: Any) -> None:
    def recipe(data: DataInfo, lr_scale: float) -> Recipe:
        mine = replace(SGD, lr=lr_scale**2)
        training = Training(generator=mine, discriminator=SGD)
        return Recipe(model="mlp", loss="minimax", training=training)

    own = {"lr_scale": Parameter(default=2.0, help="mine")}
    spec = VariantSpec(name="mine", description="mine", recipe=recipe, parameters=own)
    catalogue = catalogue_with(spec)
    variant = choose_variant("mine", catalogue)
    assert (variant.display, variant.parameters_on("points")) == ("mine", {"lr_scale": 2.0})
    assert learning_rates(variant.recipe(catalogue, POINTS)) == (4.0, 1.0)
    tripled = choose_variant("mine[lr_scale=3]", catalogue)
    assert learning_rates(tripled.recipe(catalogue, POINTS)) == (9.0, 1.0)
    assert parameters_of(spec) == own


def test_a_model_of_a_pair_may_have_a_parameter_of_that_name(catalogue_with: Any) -> None:
    parameter = {"lr_scale": Parameter(default=7.0, help="another thing")}
    model = ModelSpec(name="odd", description="x", build="no:where", parameters=parameter)
    catalogue = catalogue_with(model)
    pair = choose_variant("odd+minimax[lr_scale=3]", catalogue)
    assert pair.parameters_on("points") == {"model.lr_scale": 7.0, "lr_scale": 3.0}
    recipe = pair.recipe(catalogue, POINTS)
    loss = catalogue.get(LossSpec, "minimax").training
    assert recipe.training.generator.lr == 3 * loss.generator.lr
    assert recipe.model_parameters == {"lr_scale": 7.0}


def test_every_variant_and_pair_has_the_shared_parameters(catalogue: Catalogue) -> None:
    for name in catalogue.names("variant"):
        assert list(parameters_of(catalogue.get(VariantSpec, name)))[-1] == "lr_scale"
    for name in ("mlp+minimax", "dcgan+wgan-gp"):
        assert choose_variant(name, catalogue).parameters_on("image")["lr_scale"] == 1.0


def variant_of(recipe: Callable[..., Any]) -> VariantSpec:
    return VariantSpec(name="mine", description="mine", recipe=recipe)


def recipe_with(**changes: Any) -> Callable[..., Recipe]:
    return lambda data: Recipe(
        **{"model": "mlp", "loss": "minimax", "training": TRAINING, **changes}
    )


def divide_by_zero(data: DataInfo) -> Recipe:
    raise ZeroDivisionError("no channels")


def refuse(data: DataInfo) -> Recipe:
    raise UsageError("mine needs colour images")


@pytest.mark.parametrize(
    ("recipe", "error", "message"),
    [
        (divide_by_zero, PluginNotUsable, "mine fails on ring8: ZeroDivisionError: no channels"),
        (lambda: None, PluginNotUsable, "mine fails on ring8: TypeError"),
        (lambda data: None, PluginNotUsable, "mine must return a Recipe, it returned None"),
        (refuse, UsageError, "mine needs colour images"),
        (
            recipe_with(training=None),
            PluginNotUsable,
            "the recipe of mine fails on ring8: TypeError: Recipe: training must be a Training",
        ),
        (recipe_with(model="mpl"), PluginNotUsable, "recipe of mine: unknown model 'mpl'"),
        (recipe_with(loss="dcgan"), PluginNotUsable, "'dcgan' is a variant, not a loss"),
        (
            recipe_with(model_parameters={"widht": 3}),
            UsageError,
            "mine: model mlp has no parameter 'widht'",
        ),
        (
            recipe_with(model_parameters={"width": 0}),
            UsageError,
            "mine: model mlp.width is 0, outside",
        ),
        (
            recipe_with(loss_parameters={"penalty": 1}),
            UsageError,
            "mine: loss minimax has no parameter 'penalty'",
        ),
    ],
)
def test_faulty_recipes(
    catalogue_with: Any, recipe: Callable[..., Any], error: type[Exception], message: str
) -> None:
    catalogue = catalogue_with(variant_of(recipe))
    variant = choose_variant("mine", catalogue)
    with pytest.raises(error) as caught:
        variant.recipe(catalogue, POINTS)
    assert type(caught.value) is error
    assert message in str(caught.value)


def test_a_recipe_of_a_plugin_that_is_not_loaded(built_ins: Any) -> None:
    catalogue = Catalogue(built_ins, ["models"])
    with pytest.raises(PluginNotUsable, match="unknown model 'mlp'") as caught:
        choose_variant("vanilla", catalogue).recipe(catalogue, POINTS)
    assert caught.value.hint is not None
    assert "not loaded: models; see `ganbench plugins`" in caught.value.hint
