"""Budgets charge what is done, whatever the first steps do."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from ganbench import Step
from ganbench.api.errors import PluginNotUsable
from ganbench.planning.budget import Budget
from ganbench.training.clock import BudgetClock
from ganbench.training.costs import Costs, Recounts, recorded_operations
from ganbench.training.flops import StepFlops
from ganbench.training.loop import Eager, train
from ganbench.training.objective import Part
from ganbench.training.state import restore_trainer, trainer_state
from ganbench.training.telemetry import Telemetry
from ganbench.training.trainer import Trainer

from ..proof.proofs import catalogue_with, data_of, trainer_of
from .small import CPU, small_trainer

CATALOGUE = catalogue_with(str(Path(__file__).parent.parent / "data" / "cheats" / "hidden_work.py"))
STEPS = 64


def trainer_with(*techniques: str) -> Trainer:
    variant = "+".join(["mlp", "non-saturating", *techniques])
    return trainer_of(f"{variant}[model.width=16]", data_of("ring8"), CATALOGUE)


def trained(trainer: Trainer, folder: Path, budget: Budget, seed: int = 0) -> BudgetClock:
    clock = BudgetClock(budget, CPU, marks=4)
    train(Eager(trainer), clock, Telemetry(folder / "history.jsonl"), lambda: None, seed=seed)
    return clock


def truth(trainer: Trainer, steps: int) -> float:
    """FLOPs of that many steps, counted from outside at each of them."""
    engine = Eager(trainer)
    with StepFlops() as counter:
        for number in range(steps):
            engine.step(number, 0.0)
    return counter.total


# Kinds of steps.


@pytest.mark.parametrize("technique", ["r1", "pac:2", "unrolled:2", "fm", "sn", "diffaug", "ema"])
def test_honest_steps_are_all_of_one_kind(technique: str, tmp_path: Path) -> None:
    dataset = "digits" if technique == "diffaug" else "ring8"
    trainer = trainer_of(
        f"mlp+non-saturating+{technique}[model.width=16]", data_of(dataset), CATALOGUE
    )
    clock = trained(trainer, tmp_path, Budget("steps", 12))
    kinds = trainer.costs.state()["kinds"]
    assert {terms: len(each) for terms, each in kinds.items()} == dict.fromkeys(kinds, 1)
    assert (trainer.costs.differing, trainer.costs.added) == (0, 0)
    assert clock.flops == 12 * Eager(trainer).cost(12)[1]


def test_a_penalty_that_does_not_say_when_it_acts_is_charged_when_it_does(tmp_path: Path) -> None:
    clock = trained(trainer := trainer_with("lazy-penalty"), tmp_path, Budget("steps", STEPS))
    assert clock.flops == truth(trainer_with("lazy-penalty"), STEPS)
    assert trainer.costs.differing == 0


def test_a_budget_buys_as_many_steps_with_it_as_they_cost(tmp_path: Path) -> None:
    cost = truth(trainer_with("lazy-penalty"), STEPS)
    clock = trained(trainer_with("lazy-penalty"), tmp_path, Budget("flops", cost))
    assert STEPS - 1 <= clock.steps <= STEPS  # a step is taken if the dearest would fit
    assert clock.flops <= cost


def test_steps_of_a_kind_that_was_never_counted_are_put_right_when_it_is() -> None:
    costs = Costs()
    assert costs.count("critic", 10, 4, 100.0) == 100
    assert costs.charge("critic", 30) == 300  # three times the operations
    assert costs.charge("critic", 5) == 100  # fewer: no less than the dearest that is known
    assert costs.known("critic") == (4, 300)
    assert costs.count("critic", 30, 4, 250.0) == 250 - 50
    assert costs.charge("critic", 5) == 100
    assert costs.count("critic", 5, 4, 60.0) == 60 - 2 * 40
    assert (costs.recounted, costs.differing, costs.added) == (0, 0, 0)


def test_a_kind_that_has_become_dearer_is_charged_for_all_that_nobody_counted() -> None:
    costs = Costs()
    costs.count("critic", 10, 4, 100.0)
    assert [costs.charge("critic", 10) for _ in range(3)] == [100] * 3
    assert costs.count("critic", 10, 4, 700.0) == 700 + 3 * 600
    assert (costs.recounted, costs.differing, costs.added) == (1, 1, 1800)
    costs.charge("critic", 10)
    assert costs.count("critic", 10, 4, 100.0) == 100  # nothing is given back
    assert (costs.recounted, costs.differing, costs.added) == (2, 2, 1800)


def test_unknown_kinds_are_searched_for_in_one_step_of_eight() -> None:
    costs, counted = Costs(), 0
    assert costs.wants("critic", 0)
    costs.count("critic", 0, 4, 1.0)
    for number in range(1, 1000):
        if costs.wants("critic", number):
            counted += 1
            costs.count("critic", 0, 4, 1.0)
        else:
            costs.charge("critic", number)  # never twice the same
    assert 100 < counted < 150


def test_what_autograd_records_is_counted() -> None:
    weight = torch.ones(3, requires_grad=True)
    start = recorded_operations()
    slope = (2 * weight).square().sum()
    assert recorded_operations() - start == 3
    (gradient,) = torch.autograd.grad(slope, weight, create_graph=True)
    assert recorded_operations() - start > 3
    start = recorded_operations()
    with torch.no_grad():
        weight.square()
    gradient.detach().square()
    assert recorded_operations() == start


# Steps that are counted again.


@given(st.integers(0, 2**63), st.integers(3, 18))
def test_one_step_of_each_half_of_an_octave(seed: int, octaves: int) -> None:
    recounts = Recounts(seed)
    drawn = [number for number in range(1, 1 << octaves) if recounts.due(number)]
    assert drawn[:3] == [1, 2, 3]
    assert len(drawn) == 2 * octaves - 1
    edges = sorted({1 << k for k in range(octaves + 1)} | {3 << k for k in range(octaves - 1)})
    for low, high in itertools.pairwise(edges):
        assert sum(low <= number < high for number in drawn) == 1


def test_the_seed_draws_them_and_going_on_changes_none() -> None:
    def drawn(seed: int, first: int = 1) -> list[int]:
        recounts = Recounts(seed)
        return [number for number in range(first, 5000) if recounts.due(number)]

    assert drawn(1) == drawn(1) != drawn(2)
    for first in (2, 700, 1024, 4000):
        assert drawn(1, first) == [number for number in drawn(1) if number >= first]


@pytest.mark.whole
@pytest.mark.parametrize("seed", range(3))
def test_copies_trained_on_the_side_are_charged(seed: int, tmp_path: Path) -> None:
    trainer = trainer_with("hidden-copy")
    clock = trained(trainer, tmp_path, Budget("steps", STEPS), seed)
    done = truth(trainer_with("hidden-copy"), STEPS)
    assert clock.flops == done
    assert done > 3 * truth(trainer_with(), STEPS)


@pytest.mark.parametrize("seed", [0, 1])  # others count the very step with which it begins
def test_work_that_autograd_does_not_record_is_charged_afterwards(
    seed: int, tmp_path: Path
) -> None:
    trainer = trainer_with("hidden-draws")
    clock = trained(trainer, tmp_path, Budget("steps", STEPS), seed)
    done = truth(trainer_with("hidden-draws"), STEPS)
    assert done <= clock.flops <= 1.1 * done  # steps before it may be taken for such steps as well
    assert trainer.costs.differing == 1
    assert trainer.costs.added > 0


@pytest.mark.parametrize("seed", range(3))
def test_a_discriminator_trained_on_the_side_ends_the_run(seed: int, tmp_path: Path) -> None:
    told = r"discriminator_loss of technique hidden-critic changes discriminator\..* by itself"
    with pytest.raises(PluginNotUsable, match=told):
        trained(trainer_with("hidden-critic"), tmp_path, Budget("steps", STEPS), seed)


class Wasserstein:
    def discriminator_loss(self, step: Step) -> Tensor:
        return step.fake_logits.mean() - step.real_logits.mean()

    def generator_loss(self, step: Step) -> Tensor:
        return -step.fake_logits.mean()


class Trains:
    """A technique that trains the discriminator after each step."""

    def after_step(self, game: Any) -> None:
        game.differentiate("discriminator")
        game.update("discriminator")


def test_what_is_done_around_a_step_is_charged(tmp_path: Path) -> None:
    def charged(*techniques: Any) -> BudgetClock:
        trainer = small_trainer(Wasserstein(), techniques=techniques)
        return trained(trainer, tmp_path, Budget("steps", 5))

    plain, more = charged(), charged(Part("trains", Trains(), kind="technique"))
    critic = small_trainer(Wasserstein())
    Eager(critic).step(0, 0.0)
    assert more.images == 2 * plain.images
    assert more.flops == plain.flops + 5 * critic.costs.known("discriminator")[1]


def test_costs_go_on_with_a_run(tmp_path: Path) -> None:
    trainer = trainer_with("lazy-penalty")
    trained(trainer, tmp_path, Budget("steps", 20))
    other = trainer_with("lazy-penalty")
    restore_trainer(other, trainer_state(trainer))
    assert other.costs.state() == trainer.costs.state()
    assert Eager(other).cost(21) == Eager(trainer).cost(21)
