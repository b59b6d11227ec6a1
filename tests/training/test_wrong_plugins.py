"""What a loss or a network returns by mistake is named, with what was expected."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import nn

from ganbench.api.errors import PluginNotUsable
from ganbench.training.loop import Eager
from ganbench.training.objective import Part
from ganbench.training.step import UndeclaredNeed
from ganbench_plugins.variants.vanilla import NonSaturating

from .small import small_networks, small_trainer


class Paired(nn.Module):
    """What it is given, and once more."""

    def forward(self, x: Any) -> Any:
        return x, x


RETURNED: dict[str, tuple[Callable[[Any], Any], str]] = {
    "None": (lambda step: None, "None"),
    "a float": (lambda step: 0.5, "a float"),
    "a tuple": (lambda step: (step.fake_logits.mean(), 1), "a tuple"),
    "a vector": (lambda step: step.fake_logits, r"a tensor of shape \(16,\)"),
    "a constant": (lambda step: torch.ones(()), "a tensor without a graph"),
}


class Returning:
    def __init__(self, side: str, value: Callable[[Any], Any]) -> None:
        self._side, self._value = side, value

    def _loss(self, side: str, step: Any) -> Any:
        return self._value(step) if side == self._side else step.fake_logits.mean()

    def discriminator_loss(self, step: Any) -> Any:
        return self._loss("discriminator", step)

    def generator_loss(self, step: Any) -> Any:
        return self._loss("generator", step)


@pytest.mark.parametrize("side", ["generator", "discriminator"])
@pytest.mark.parametrize("case", RETURNED)
def test_what_is_no_loss_is_named(side: str, case: str) -> None:
    value, found = RETURNED[case]
    trainer = small_trainer(Returning(side, value))
    expected = f"Returning.{side}_loss must return a scalar tensor with a graph, it returned "
    engine = Eager(trainer)
    step = engine.generator_step if side == "generator" else engine.discriminator_step
    with pytest.raises(PluginNotUsable, match=f"^{expected}{found}; return the mean over"):
        step()


def test_an_error_within_the_backward_pass_is_left_as_it_is() -> None:
    class Failing(torch.autograd.Function):
        @staticmethod
        def forward(context: Any, value: Any) -> Any:
            return value.clone()

        @staticmethod
        def backward(context: Any, gradient: Any) -> Any:
            raise RuntimeError("of the loss itself")

    trainer = small_trainer(
        Returning("discriminator", lambda step: Failing.apply(step.fake_logits.mean()))
    )
    with pytest.raises(RuntimeError, match="of the loss itself"):
        Eager(trainer).discriminator_step()


NETWORKS: dict[str, tuple[dict[str, Any], str]] = {
    "samples of another shape": (
        {"generator": nn.Linear(2, 3)},
        "the generator must return samples (16, 2), it returned a tensor of shape (16, 3)",
    ),
    "a tuple of samples": (
        {"generator": nn.Sequential(nn.Linear(2, 2), Paired())},
        "the generator must return samples (16, 2), it returned a tuple",
    ),
    "ten logits": (
        {"discriminator": nn.Linear(2, 10)},
        "the discriminator must return logits (16,) or (16, 1), "
        "it returned a tensor of shape (16, 10)",
    ),
    "a tuple of logits": (
        {"discriminator": nn.Sequential(nn.Linear(2, 1), Paired())},
        "the discriminator must return logits (16,) or (16, 1), it returned a tuple",
    ),
    "a frozen generator": (
        {"generator": nn.Linear(2, 2).requires_grad_(False)},
        "the generator has no parameter that can be trained",
    ),
}


@pytest.mark.parametrize("case", NETWORKS)
def test_networks_that_do_not_keep_the_contract(case: str) -> None:
    changed, message = NETWORKS[case]
    networks = replace(small_networks(), **changed)
    with pytest.raises(PluginNotUsable) as caught:
        Eager(small_trainer(Returning("", lambda step: None), networks)).discriminator_step()
    assert str(caught.value) == message


def test_logits_of_a_convolution_pass() -> None:
    networks = small_networks()
    networks = replace(
        networks, discriminator=nn.Sequential(networks.discriminator, nn.Unflatten(1, (1, 1, 1)))
    )
    step, _ = Eager(small_trainer(Returning("", lambda step: None), networks)).discriminator_step()
    assert step.fake_logits.shape == (16,)


def test_extras_are_refused_to_those_who_have_not_asked_for_them() -> None:
    networks = replace(small_networks(), extra={"head": (nn.Linear(2, 1), "discriminator")})

    def loss(step: Any) -> Any:
        return step.extra["head"](step.real).mean() + step.fake_logits.mean()

    told = r"small uses step.extra\['head'\], and its spec does not say so"
    with pytest.raises(UndeclaredNeed, match=told) as caught:
        Eager(small_trainer(Returning("discriminator", loss), networks)).discriminator_step()
    assert caught.value.hint == 'add "head" to its needs'
    granted = small_trainer(Returning("discriminator", loss), networks, needs=["head"])
    Eager(granted).discriminator_step()
    assert granted.objective.loss.used == {"head"}


class Drawing:
    """Uses an extra module on a step that it draws, in one of a technique's methods."""

    def __init__(self, method: str) -> None:
        setattr(self, method, self._draws)

    def _draws(self, game: Any, *_: Any) -> Any:
        game.differentiate("discriminator")  # in which others are at work
        game.draw("generator").extra["head"]
        return game.networks.discriminator


class OnItsStep:
    """Uses one on a step that it is given."""

    def __init__(self, method: str) -> None:
        setattr(self, method, self._looks)

    def _looks(self, *arguments: Any) -> Any:
        *game, step = arguments
        found = step.extra["head"](step.fake).mean()
        return game[0].networks.discriminator if game else found


ACTING = [
    *((OnItsStep, name) for name in ("discriminator_loss", "generator_loss", "opponent")),
    *((Drawing, name) for name in ("before_step", "before_update", "after_step")),
    *((Drawing, name) for name in ("opponent", "play")),
]


@pytest.mark.parametrize(("does", "method"), ACTING)
def test_whatever_a_technique_does_it_has_the_extras_that_its_spec_names(
    does: Callable[[str], Any], method: str
) -> None:
    networks = replace(small_networks(), extra={"head": (nn.Linear(2, 1), "discriminator")})
    for needs in ((), ("head",)):
        part = Part("mine", does(method), frozenset(needs), "technique")
        trainer = small_trainer(Returning("", lambda step: None), networks, techniques=[part])
        if needs:
            Eager(trainer).step(0, 0.0)
            assert part.used == {"head"}
            continue
        told = r"^mine uses step\.extra\['head'\], and its spec does not say so"
        with pytest.raises(UndeclaredNeed, match=told) as caught:
            Eager(trainer).step(0, 0.0)
        assert caught.value.hint == 'add "head" to its needs'


class Looking:
    """Looks at something of a batch that it draws."""

    def __init__(self, method: str, side: str, field: str) -> None:
        self.side, self.field = side, field
        setattr(self, method, self._looks)

    def _looks(self, game: Any, *_: Any) -> None:
        assert getattr(game.draw(self.side), self.field) is not None


@pytest.mark.parametrize("method", ["before_step", "before_update", "after_step"])
@pytest.mark.parametrize(
    ("side", "field", "need"),
    [
        ("generator", "real", "real"),
        ("discriminator", "real_slopes", "real_slopes"),
        ("discriminator", "real_features", "features"),
    ],
)
def test_who_draws_a_batch_has_in_it_what_its_spec_names(
    method: str, side: str, field: str, need: str
) -> None:
    """Whatever the terms of the others need."""
    part = Part("mine", Looking(method, side, field), frozenset({need}), "technique")
    Eager(small_trainer(NonSaturating(), techniques=[part])).step(0, 0.0)


class LookingAhead:
    """Asks what the discriminator would lose on a generator's step."""

    def opponent(self, game: Any, step: Any) -> Any:
        game.loss("discriminator", step)
        return game.networks.discriminator


def test_who_looks_ahead_needs_real_samples() -> None:
    for needs, fails in (((), True), (("real",), False)):
        ahead = Part("ahead", LookingAhead(), frozenset(needs), "technique")
        trainer = small_trainer(Returning("", lambda step: None), techniques=[ahead])
        if fails:
            with pytest.raises(UndeclaredNeed, match=r"ahead uses step\.real"):
                Eager(trainer).generator_step()
        else:
            Eager(trainer).generator_step()
            assert ahead.used == {"real"}
