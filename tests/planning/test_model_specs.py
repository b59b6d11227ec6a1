"""What a model may say about its training and about the data that it can be built for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from ganbench import (
    DataInfo,
    LossSpec,
    ModelSpec,
    Optimiser,
    Recipe,
    TechniqueSpec,
    Training,
    VariantSpec,
)
from ganbench.api.errors import NothingSelected, PluginNotUsable, UsageError
from ganbench.api.parameters import Parameter
from ganbench.api.techniques import NEEDS
from ganbench.catalogue.catalogue import Catalogue
from ganbench.planning.naming import choose_variant
from ganbench.planning.plan import Selection, make_plan

POINTS = DataInfo(name="ring8", modality="points", shape=(2,))
DIGITS = DataInfo(name="digits", modality="image", shape=(1, 8, 8), classes=10)


def own_training(*, step: float) -> Training:
    sgd = Optimiser(name="sgd", lr=step)
    return Training(generator=sgd, discriminator=sgd, updates="simultaneous")


def model(**changes: Any) -> ModelSpec:
    parameters = {"step": Parameter(default=0.5, help="step size")}
    return ModelSpec(
        **{
            "name": "mine",
            "description": "mine",
            "build": "nowhere:nothing",
            "parameters": parameters,
            **changes,
        }
    )


def test_a_model_that_says_how_it_trains_is_trained_so_with_every_loss(
    catalogue_with: Callable[..., Catalogue],
) -> None:
    catalogue = catalogue_with(model(training=own_training))
    for loss in catalogue.names(LossSpec.kind):
        recipe = choose_variant(f"mine+{loss}[model.step=0.25]", catalogue).recipe(
            catalogue, POINTS
        )
        assert recipe.training == own_training(step=0.25)
        assert recipe.training != catalogue.get(LossSpec, loss).training


def fails(*, step: float) -> Training:
    raise ZeroDivisionError("no step")


def refuses(*, step: float) -> Training:
    raise UsageError("mine needs a step")


@pytest.mark.parametrize(
    ("training", "error", "message"),
    [
        (fails, PluginNotUsable, "the training of model mine fails: ZeroDivisionError: no step"),
        (lambda step: None, PluginNotUsable, "must return a Training, it returned None"),
        (lambda: None, PluginNotUsable, "the training of model mine fails: TypeError"),
        (refuses, UsageError, "mine needs a step"),
    ],
)
def test_faulty_trainings(
    catalogue_with: Callable[..., Catalogue],
    training: Callable[..., Any],
    error: type[Exception],
    message: str,
) -> None:
    catalogue = catalogue_with(model(training=training))
    variant = choose_variant("mine+minimax", catalogue)
    with pytest.raises(error) as caught:
        variant.recipe(catalogue, POINTS)
    assert type(caught.value) is error
    assert message in str(caught.value)


def images_only(data: DataInfo) -> bool:
    return data.modality == "image"


def recipe(data: DataInfo) -> Recipe:
    return Recipe(model="mine", loss="minimax", training=own_training(step=1.0))


VARIANT = VariantSpec(name="mine", description="mine", recipe=recipe)


@pytest.mark.parametrize("text", ["mine", "mine+minimax"])
def test_a_model_is_left_out_of_tasks_that_it_does_not_support(
    catalogue_with: Callable[..., Catalogue], text: str
) -> None:
    catalogue = catalogue_with(model(supports=images_only), VARIANT)
    plan = make_plan(Selection(variants=[text]), catalogue)
    assert {spec.task.name for spec in plan.runs} == {"digits"}
    why = "its model mine does not handle samples of shape (2,)"
    assert plan.skipped == (f"{text} on ring8: {why}", f"{text} on grid25: {why}")
    with pytest.raises(NothingSelected) as caught:
        make_plan(Selection(variants=[text], tasks=["ring8"]), catalogue)
    assert caught.value.hint == f"{text} on ring8: {why}"


def test_the_modality_comes_first(catalogue_with: Callable[..., Catalogue]) -> None:
    catalogue = catalogue_with(model(supports=lambda data: 1 / 0, modalities=("image",)))  # type: ignore[arg-type,return-value]
    plan = make_plan(Selection(variants=["mine+minimax", "vanilla"], tasks=["ring8"]), catalogue)
    assert plan.skipped == ("mine+minimax on ring8: it does not handle points data",)


@pytest.mark.parametrize(
    ("supports", "message"),
    [
        (lambda data: 1 / 0, "supports of model mine fails on ring8: ZeroDivisionError"),
        (lambda data: "yes", "supports of model mine must return True or False, it returned a str"),
    ],
)
def test_a_faulty_answer_is_the_models_fault(
    catalogue_with: Callable[..., Catalogue], supports: Any, message: str
) -> None:
    catalogue = catalogue_with(model(supports=supports))
    with pytest.raises(PluginNotUsable) as caught:
        make_plan(Selection(variants=["mine+minimax"], tasks=["ring8"]), catalogue)
    assert message in str(caught.value)


def test_the_dirac_suite_puts_every_loss_to_its_model(
    catalogue_with: Callable[..., Catalogue],
) -> None:
    own = own_training(step=5.0)
    loss = LossSpec(name="somebodys", description="mine", build="nowhere:nothing", training=own)
    catalogue = catalogue_with(loss)
    plan = make_plan(Selection(suite="dirac"), catalogue)
    specs = [catalogue.get(LossSpec, name) for name in catalogue.names(LossSpec.kind)]
    losses = [spec.name for spec in specs if set(spec.needs) <= set(NEEDS)]
    others = [spec.name for spec in specs if spec.name not in losses]
    assert "somebodys" in losses
    assert {spec.variant for spec in plan.runs if spec.variant.count("+") == 1} == {
        f"dirac+{loss}{updates}"
        for loss in losses
        for updates in ("", "[model.updates=alternating]")
        if (loss, updates) != ("wgan", "")  # which decides on critic steps itself
    }
    for left_out in plan.skipped:
        assert any(f"+{loss}" in left_out for loss in others) or left_out.startswith(
            "dirac+wgan on dirac: "
        ), left_out
    assert not any(
        variant.endswith(f"+{loss}") for variant in plan.suite.variants for loss in losses
    )


def test_the_dirac_suite_has_every_rule_of_play(
    catalogue_with: Callable[..., Catalogue],
) -> None:
    catalogue = catalogue_with()
    runs = make_plan(Selection(suite="dirac"), catalogue).runs
    rules = {
        spec.name
        for spec in map(partial(catalogue.get, TechniqueSpec), catalogue.names(TechniqueSpec.kind))
        if spec.exclusive == "rules of play"
    }
    assert rules >= {"extragradient", "ogda", "consensus", "momentum"}
    for loss in ("non-saturating", "wasserstein"):
        texts = [spec.variant for spec in runs if f"+{loss}+" in spec.variant]
        assert not [rule for rule in rules if not any(f"+{rule}" in text for text in texts)]


def test_a_discriminator_of_pairs_takes_only_losses_that_need_it(
    catalogue_with: Callable[..., Catalogue],
) -> None:
    training = own_training(step=0.1)
    pairs = LossSpec(
        name="pairs", description="d", build="a:b", training=training, needs=("joint",)
    )
    catalogue = catalogue_with(model(provides=("joint",)), pairs)
    assert choose_variant("mine+pairs", catalogue).misfit(catalogue, POINTS) is None
    alone = choose_variant("mine+minimax", catalogue).misfit(catalogue, POINTS)
    assert "judges samples with their latents, and its loss minimax shows it samples alone" in str(
        alone
    )
    lacking = choose_variant("mlp+pairs", catalogue).misfit(catalogue, POINTS)
    assert "needs 'joint', which its model mlp does not provide" in str(lacking)


def test_what_a_model_asks_for_its_loss_must_use(
    catalogue_with: Callable[..., Catalogue],
) -> None:
    """A classifier that alone tells the generator's classes, and that no loss would train."""
    catalogue, image = catalogue_with(model()), DIGITS
    assert choose_variant("acgan", catalogue).misfit(catalogue, image) is None
    for other in ("acgan+hinge", "acgan+non-saturating+consensus"):
        told = str(choose_variant(other, catalogue).misfit(catalogue, image))
        assert "acgan asks for a loss that uses its classifier, and its loss" in told
    with pytest.raises(ValueError, match="asks for 'head' and does not provide it"):
        model(asks=("head",))


@pytest.mark.parametrize(("every", "fits"), [(1, True), (4, False)])
def test_lazy_terms_take_no_loss_that_decides_on_critic_steps(
    catalogue: Catalogue, every: int, fits: bool
) -> None:
    """Its mean weight over critic steps would be another one than without `every`."""
    variant = choose_variant(f"wgan+r1:1[r1.every={every}]", catalogue)
    told = variant.misfit(catalogue, POINTS)
    assert (told is None) is fits
    assert fits or "r1 acts in one of 4 generator steps, and its loss wgan decides" in str(told)


def test_players_who_step_at_once_take_no_loss_that_decides_on_critic_steps(
    catalogue: Catalogue,
) -> None:
    at_once = choose_variant("dirac+wgan", catalogue)
    in_turn = choose_variant("dirac+wgan[model.updates=alternating]", catalogue)
    points = replace(POINTS, name="dirac", shape=(1,))
    told = at_once.misfit(catalogue, points)
    assert "its loss wgan decides on critic steps itself" in str(told)
    assert in_turn.misfit(catalogue, points) is None


@pytest.mark.parametrize("name", ["extragradient", "consensus"])
def test_who_plays_whole_rounds_takes_no_other_pace(catalogue: Catalogue, name: str) -> None:
    """Critic steps would be left out without a word."""
    told = choose_variant(f"wgan-gp+{name}", catalogue).misfit(catalogue, POINTS)
    plays = f"{name} plays rounds of its own"
    assert told == f"it asks for 5 critic steps to every 1 of the generator, and {plays}"
    assert choose_variant(f"vanilla+{name}", catalogue).misfit(catalogue, POINTS) is None
    told = choose_variant(f"mlp+wgan+{name}", catalogue).misfit(catalogue, POINTS)
    assert told == f"its loss wgan decides on critic steps itself, and {plays}"


def test_what_uncouples_is_a_parameter() -> None:
    with pytest.raises(ValueError, match="model 'mine' has no parameter 'norm'"):
        model(uncoupled={"norm": "layer"})
