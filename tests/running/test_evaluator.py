"""Evaluations watch a run and leave it as it was."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest
import torch

from ganbench import Measurement
from ganbench.catalogue.catalogue import installed_catalogue
from ganbench.planning.budget import Budget
from ganbench.planning.chosen import choose_task
from ganbench.planning.naming import choose_variant
from ganbench.planning.plan import Selection, make_plan
from ganbench.running.contestant import contestant_of
from ganbench.running.evaluator import Evaluator, Unstable
from ganbench.running.players import Players
from ganbench.running.task import load_data, real_side
from ganbench.training.clock import BudgetClock
from ganbench.training.seeds import seed_everything

CPU = torch.device("cpu")


def _distance(value: float) -> Measurement:
    return Measurement(key="d", label="distance", value=value, panel="distance", floor=0.1, cap=1.0)


def evaluator_of(values: list[float], task_name: str = "ring8") -> Evaluator:
    """An evaluator of an untrained generator whose one score returns `values` in turn."""
    catalogue = installed_catalogue()
    spec = make_plan(
        Selection(variants=["vanilla"], tasks=[task_name], seeds=[0], budget=Budget("steps", 10)),
        catalogue,
    ).runs[0]
    task = choose_task(spec.task, catalogue)
    data = load_data(task.data, catalogue)
    recipe = choose_variant(spec.variant, catalogue).recipe(catalogue, data.info)
    trainer = Players(recipe, catalogue, CPU).trainer(data, spec.seed)
    remaining = iter(values)

    def score(evaluation: Any) -> list[Measurement]:
        torch.rand(7)  # a score that draws from the global generators
        np.random.rand(7)
        random.random()  # noqa: S311
        return [_distance(next(remaining))]

    clock = BudgetClock(spec.task.budget, CPU, 10)
    side = real_side(task, data, catalogue, CPU)
    return Evaluator(spec.task, contestant_of(trainer), clock, side, [(score, {})], [])


def test_training_does_not_see_what_scores_draw() -> None:
    evaluator = evaluator_of([0.5, 0.5])
    seed_everything(3)
    expected = draws()
    seed_everything(3)
    evaluator.evaluate()
    assert draws() == expected


def draws() -> list[float]:
    return [float(torch.rand(())), float(np.random.rand()), random.random()]  # noqa: S311


def test_samples_out_of_range_are_told_once(capsys: pytest.CaptureFixture[str]) -> None:
    evaluator = evaluator_of([0.5, 0.5], task_name="digits")
    evaluator._contestant.generator[-1].register_forward_hook(  # type: ignore[index,operator]
        lambda module, inputs, images: images - 3
    )
    evaluator.evaluate()
    evaluator.evaluate()
    (line,) = [one for one in capsys.readouterr().out.splitlines() if "samples lie in" in one]
    assert "not in [-1, 1]: they are brought into range before they are scored" in line
    assert int(evaluator.fakes.max()) == 0


def test_the_first_distance_with_floor_and_cap_is_the_primary_one() -> None:
    evaluator = evaluator_of([0.5, 0.4, 0.41, 0.42])
    evaluator.evaluate()
    evaluator.evaluate(final=True)
    assert evaluator.primary == "d"
    assert [point["scores"]["d"] for point in evaluator.points] == [0.5, 0.4]
    assert evaluator.points[-1]["fraction"] == 1.0
    assert evaluator.verdict() == ("ok", "")


def test_the_best_generator_is_judged_again_on_fresh_latents() -> None:
    evaluator = evaluator_of([0.3, 0.5, 0.51, 0.49, 0.33, 0.34])
    generator = evaluator._contestant.generator
    weights = [parameter.clone() for parameter in generator.parameters()]
    evaluator.evaluate()
    with torch.no_grad():
        for parameter in generator.parameters():
            parameter.add_(1)
    evaluator.evaluate(final=True)
    assert evaluator.fresh == {"best_fraction": 0.0, "end": [0.51, 0.49], "best": [0.33, 0.34]}
    # Looking back at the best generator leaves the last one in place.
    for before, after in zip(weights, generator.parameters(), strict=True):
        assert torch.equal(before + 1, after)


def test_a_run_that_ends_at_its_best_has_not_degraded() -> None:
    evaluator = evaluator_of([0.5, 0.3, 0.31, 0.32])
    evaluator.evaluate()
    evaluator.evaluate(final=True)
    assert evaluator.fresh == {"best_fraction": 1.0, "end": [0.31, 0.32], "best": [0.31, 0.32]}


def test_diverged_needs_two_evaluations_above_the_cap_after_a_good_one() -> None:
    for values, status in (
        ([0.4, 1.1, 1.2, 0.9], "diverged"),
        ([0.4, 1.1, 0.9, 1.2], "ok"),
        ([0.6, 1.1, 1.2, 1.3], "ok"),
    ):
        evaluator = evaluator_of(values)
        for _ in values:
            evaluator.evaluate()
        assert evaluator.verdict()[0] == status, values


def test_a_generator_that_returns_one_sample_is_dead() -> None:
    evaluator = evaluator_of([0.5, 0.5, 0.5])
    with torch.no_grad():
        for parameter in evaluator._contestant.generator.parameters():
            parameter.zero_()
    evaluator.evaluate(final=True)
    assert evaluator.verdict()[0] == "dead_output"


@pytest.mark.parametrize("side", ["generator", "discriminator"])
def test_weights_that_are_not_finite_end_the_run(side: str) -> None:
    evaluator = evaluator_of([0.5])
    module = evaluator._contestant.modules[side]
    with torch.no_grad():
        next(module.parameters()).fill_(float("nan"))
    with pytest.raises(Unstable, match=f"the {side}'s weights are not finite at step 0") as ended:
        evaluator.evaluate()
    assert ended.value.status == "nonfinite_weights"


def test_a_score_that_is_not_finite_is_a_status() -> None:
    with pytest.raises(Unstable, match="distance is nan") as ended:
        evaluator_of([float("nan")]).evaluate()
    assert ended.value.status == "nonfinite_output"
