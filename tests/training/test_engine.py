"""The eager engine: the order of a round, who may take its place, and what it costs."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from ganbench import PluginNotUsable, Step
from ganbench.training.engine import Engine
from ganbench.training.loop import Eager
from ganbench.training.objective import Part
from ganbench.training.trainer import Trainer

from .small import small_trainer
from .test_loop import Wasserstein


class Diary:
    """Every method that acts in a round, and what was known then."""

    def __init__(self) -> None:
        self.pages: list[str] = []
        self.known: list[tuple[int, float]] = []

    def before_step(self, game: Any) -> None:
        self.pages.append("before")
        self.known.append((game.number, game.progress))

    def discriminator_loss(self, step: Step) -> Tensor:
        self.pages.append("d")
        return step.fake_logits.mean() * 0

    def generator_loss(self, step: Step) -> Tensor:
        self.pages.append("g")
        return step.fake_logits.mean() * 0

    def before_update(self, game: Any, side: str) -> None:
        self.pages.append(f"update {side[0]}")

    def after_discriminator_step(self, discriminator: nn.Module) -> None:
        self.pages.append("after d")

    def after_step(self, game: Any) -> None:
        self.pages.append("after")


def trainer_with(*techniques: Any, loss: Any = None, **training: Any) -> Trainer:
    parts = [Part(type(one).__name__, one, kind="technique") for one in techniques]
    return small_trainer(loss or Wasserstein(), techniques=parts, **training)


def test_it_is_an_engine() -> None:
    engine: Engine = Eager(trainer_with())
    engine.step(0, 0.0)
    assert engine.cost(0)[0] == 16


@pytest.mark.parametrize("updates", ["alternating", "simultaneous"])
def test_the_order_of_a_round(updates: str) -> None:
    diary = Diary()
    engine = Eager(trainer_with(diary, updates=updates))
    engine.step(3, 0.3)
    assert diary.known == [(3, 0.3)]
    assert (
        diary.pages
        == {
            "alternating": ["before", "d", "update d", "after d", "g", "update g", "after"],
            "simultaneous": ["before", "d", "g", "update g", "update d", "after d", "after"],
        }[updates]
    )


def test_several_critic_steps_stand_before_the_generators() -> None:
    diary = Diary()
    Eager(trainer_with(diary, critic_steps=3)).step(0, 0.0)
    assert [one for one in diary.pages if one in "dg"] == ["d", "d", "d", "g"]


class Round:
    """Plays the generator twice and no discriminator."""

    def play(self, game: Any) -> None:
        for _ in range(2):
            game.differentiate("generator")
            game.update("generator")


def test_who_plays_takes_the_place_of_both_steps() -> None:
    diary = Diary()
    trainer = trainer_with(diary, Round(), ema=0.5)
    start = [one.detach().clone() for one in trainer.evaluated.parameters()]
    engine = Eager(trainer)
    engine.step(0, 0.0)
    assert diary.pages == ["before", "g", "update g", "g", "update g", "after"]
    around = {"before_step+Diary", "after_step+Diary"}
    assert set(trainer.costs.terms) == {"play", *around}
    assert engine.cost(0) == engine.cost(5) == trainer.costs.known("play")
    assert engine.cost(0)[0] == 0
    # The average follows once, to where the round has ended.
    both = zip(trainer.evaluated.parameters(), start, strict=True)
    weights = trainer.networks.generator.parameters()
    for (average, before), weight in zip(both, weights, strict=True):
        torch.testing.assert_close(average, (before + weight.detach()) / 2)


class Slow:
    """Goes back to zero after each round."""

    def after_step(self, game: Any) -> None:
        with torch.no_grad():
            for one in game.parameters("generator"):
                one.zero_()


def test_the_average_follows_what_a_round_leaves() -> None:
    trainer = trainer_with(Slow(), ema=0.25)
    start = [one.detach().clone() for one in trainer.evaluated.parameters()]
    Eager(trainer).step(0, 0.0)
    for average, before in zip(trainer.evaluated.parameters(), start, strict=True):
        torch.testing.assert_close(average, before / 4)


class Asking:
    def __init__(self, steps: float) -> None:
        self.steps = steps

    def critic_steps(self, number: int) -> float:
        return self.steps if number else 1


@pytest.mark.parametrize(("every", "steps"), [(1, [2] * 6), (2, [2, 0] * 3), (3, [2, 0, 0] * 2)])
def test_rounds_of_critic_steps(every: int, steps: list[int]) -> None:
    engine = Eager(trainer_with(critic_steps=2, critic_every=every))
    assert [engine.critic_steps(number) for number in range(6)] == steps
    engine.step(0, 0.0)
    own, critic = (engine.trainer.costs.known(one) for one in ("generator", "discriminator"))
    for number, count in enumerate(steps):
        assert engine.cost(number) == (count * 16, own[1] + count * critic[1])


def test_a_technique_knows_better_than_the_recipe_how_many() -> None:
    engine = Eager(trainer_with(Asking(3), critic_steps=7))
    assert [engine.critic_steps(number) for number in range(3)] == [1, 3, 3]
    assert Eager(trainer_with(Asking(0))).critic_steps(2) == 0


@pytest.mark.parametrize(
    ("steps", "number", "updates", "told"),
    [
        (-1, 1, "alternating", "technique Asking asks for -1 critic steps: at least 0 are needed"),
        (2.7, 1, "alternating", "technique Asking asks for 2.7 critic steps: no whole number"),
        (2, 1, "simultaneous", "asks for 2 critic steps: simultaneous updates take one"),
    ],
)
def test_numbers_that_cannot_be_are_refused(
    steps: float, number: int, updates: str, told: str
) -> None:
    engine = Eager(trainer_with(Asking(steps), updates=updates))
    with pytest.raises(PluginNotUsable, match=told):
        engine.critic_steps(number)


class Lazy:
    """A term with a product in it, at every third step."""

    every = 3

    def discriminator_loss(self, step: Step) -> Tensor:
        step.log("acts", 1.0)
        return step.discriminator(step.real * 2).square().mean()


def test_each_combination_of_terms_is_counted_once_and_charged_by_its_name() -> None:
    trainer = trainer_with(Lazy())
    engine = Eager(trainer)
    engine.step(0, 0.0, count=True)
    assert set(trainer.costs.terms) == {"discriminator+Lazy", "generator"}
    assert engine.cost(1) == engine.cost(0)  # as long as nobody knows better
    engine.step(1, 0.1)
    assert set(trainer.costs.terms) == {"discriminator+Lazy", "discriminator", "generator"}
    assert engine.cost(1)[1] < engine.cost(3)[1] == engine.cost(0)[1]
    known = [trainer.costs.known(terms) for terms in trainer.costs.terms]
    for number in range(2, 7):
        engine.step(number, 0.1)
        acts = "acts" in trainer.last["discriminator"][0].logged
        assert acts == (number % 3 == 0)
    assert [trainer.costs.known(terms) for terms in trainer.costs.terms] == known


def test_rows_of_a_step_are_of_that_step() -> None:
    trainer = trainer_with(critic_every=2)
    engine = Eager(trainer)
    engine.step(0, 0.0)
    assert set(trainer.last) == {"generator", "discriminator"}
    engine.step(1, 0.5)
    assert set(trainer.last) == {"generator"}
