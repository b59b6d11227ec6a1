"""What an author writes down is held to what it declares, where it stands."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from ganbench import DataInfo, Latent, LossSpec, ModelSpec, Optimiser, Parameter, Recipe, Training
from ganbench.api.checked import check_value
from ganbench.api.errors import UsageError
from ganbench.catalogue.catalogue import installed_catalogue

ADAM = Optimiser(lr=1e-3)
TRAINING = Training(generator=ADAM, discriminator=ADAM)
LOSS = LossSpec(name="one", description="x", build=dict, training=TRAINING)
WRONG: dict[str, tuple[Callable[[], Any], str]] = {
    "a dict for a Training": (
        lambda: replace(LOSS, training={"lr": 1}),
        "loss 'one': training must be a Training, it is a dict",
    ),
    "a class for a Training": (
        lambda: replace(LOSS, training=Training),
        "loss 'one': training must be a Training, it is the class Training",
    ),
    "no builder": (
        lambda: replace(LOSS, build=None),
        "loss 'one': build must be text or a function, it is None",
    ),
    "a number for a parameter": (
        lambda: replace(LOSS, parameters={"gamma": 1.0}),
        "loss 'one': parameters must be a mapping from text to a Parameter, it is a dict",
    ),
    "an unknown modality": (
        lambda: replace(LOSS, modalities=("pictures",)),
        "loss 'one': modalities must be a tuple, each item one of 'points', 'image'",
    ),
    "text where a function is called": (
        lambda: ModelSpec(name="m", description="x", build="m:f", supports="m:g"),
        "model 'm': supports must be a function or None, it is 'm:g'",
    ),
    "no description": (
        lambda: replace(LOSS, description=None),
        "loss 'one': description must be text, it is None",
    ),
    "text for a learning rate": (
        lambda: Optimiser(lr="1e-3"),
        "Optimiser: lr must be a number, it is '1e-3'",
    ),
    "one beta": (
        lambda: Optimiser(lr=1e-3, betas=(0.5,)),
        "Optimiser: betas must be a tuple of a number and a number, it is (0.5,)",
    ),
    "an unknown optimiser": (
        lambda: Optimiser(lr=1e-3, name=3),
        "Optimiser: name must be text or a function, it is 3",
    ),
    "an unknown schedule": (
        lambda: replace(TRAINING, schedule="sine"),
        "Training: schedule must be one of 'constant', 'linear', 'cosine' or a function, "
        "it is 'sine'",
    ),
    "a float for a batch size": (
        lambda: replace(TRAINING, batch_size=64.0),
        "Training: batch_size must be an integer, it is 64.0",
    ),
    "true for a number of steps": (
        lambda: replace(TRAINING, critic_steps=True),
        "Training: critic_steps must be an integer, it is True",
    ),
    "an optimiser for a training": (
        lambda: Recipe(model="mlp", loss="minimax", training=ADAM),
        "Recipe: training must be a Training, it is an Optimiser",
    ),
    "a list as a default": (
        lambda: Parameter(default=[1], help="x"),
        "Parameter: default must be True or False or an integer or a number or text",
    ),
    "text as a law": (
        lambda: Latent(size=2, law="gauss"),
        "Latent: law must be one of 'normal', 'uniform', 'categorical', it is 'gauss'",
    ),
    "an integer as a shape": (
        lambda: DataInfo(name="x", modality="points", shape=2),
        "DataInfo: shape must be a tuple, each item an integer, it is 2",
    ),
}
OUT_OF_RANGE: dict[str, tuple[Callable[[], Any], str]] = {
    "lr": (lambda: Optimiser(lr=-1), "Optimiser: lr must be finite and at least 0, it is -1"),
    "infinity": (lambda: Optimiser(lr=float("inf")), "lr must be finite and at least 0, it is inf"),
    "nan": (lambda: Optimiser(lr=1, eps=float("nan")), "eps must be finite and at least 0"),
    "betas": (lambda: Optimiser(lr=1, betas=(0.5, 1.0)), "betas must be in [0, 1), it is (0.5, 1"),
    "batch_size": (lambda: replace(TRAINING, batch_size=0), "batch_size must be at least 1"),
    "critic_steps": (lambda: replace(TRAINING, critic_steps=0), "critic_steps must be at least 1"),
    "latent": (lambda: Latent(size=0), "Latent: size must be at least 1, it is 0"),
    "ema": (lambda: replace(TRAINING, ema=1.0), "Training: ema must be in [0, 1), it is 1.0"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_type_is_named_with_what_was_expected(case: str) -> None:
    make, message = WRONG[case]
    with pytest.raises(TypeError) as caught:
        make()
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize("case", OUT_OF_RANGE)
def test_a_constant_out_of_its_range(case: str) -> None:
    make, message = OUT_OF_RANGE[case]
    with pytest.raises(UsageError) as caught:
        make()
    assert message in str(caught.value)


class Steering:
    """What a plugin may return: to show it is to run its code."""

    shape = (2, 3)

    def __repr__(self) -> str:
        raise AssertionError


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (3.0, "3.0"),
        ([1, None, ("a",)], "[1, None, ('a',)]"),
        ("x" * 100, "a str"),
        (list(range(100)), "a list"),
        (Steering(), "a Steering of shape (2, 3)"),
        ([Steering()], "a list"),
        (Latent, "the class Latent"),
    ],
)
def test_what_is_there_is_shown_as_far_as_that_is_safe(value: Any, shown: str) -> None:
    with pytest.raises(TypeError) as caught:
        check_value("the answer", value, Parameter | bool)
    assert str(caught.value) == f"the answer must be a Parameter or True or False, it is {shown}"


def test_a_value_of_the_right_type_passes() -> None:
    check_value("the answer", True, Parameter | bool)
    check_value("the answer", [1, 2], tuple[int, ...])


def test_what_is_right_in_another_way_passes() -> None:
    assert Optimiser(lr=1, betas=[0, 0.9]).lr == 1  # type: ignore[arg-type]
    assert replace(LOSS, modalities=["points"], build="m:f").build == "m:f"  # type: ignore[arg-type]
    assert replace(TRAINING, generator_batch_size=None) == TRAINING
    assert installed_catalogue().names("variant")


def test_no_modality_is_none_that_could_be_run() -> None:
    with pytest.raises(ValueError, match="handles no modality"):
        replace(LOSS, modalities=())
