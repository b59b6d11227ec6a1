"""Going on from the end of a finished run, as a run that had the larger budget from the start.

Weights, optimisers, random numbers and the order of the data go on as they are: nothing of them
knows the budget, or the run is not gone on from (`obstacles`). What knows it is put right here: how
far the clock is, which evaluations would have been made, and which generator was the best at them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from ganbench.planning.budget import Budget
from ganbench.running.evaluator import Evaluator
from ganbench.training.clock import BudgetClock
from ganbench.training.trainer import Trainer


def obstacles(trainer: Trainer, evaluator: Evaluator, budget: Budget) -> list[str]:
    """What keeps a run of a larger budget from going on from a run's end, in words."""
    found = [
        f"{reader} goes by the fraction of the budget that is spent"
        for reader in sorted(trainer.fraction_readers)
    ]
    if budget.kind == "flops" and not trainer.costs.steady:
        found.append("the FLOPs of its steps were not known from the first of each kind on")
    if not evaluator.has_all_generators:
        found.append("it began without --keep-checkpoints, and not all its generators are there")
    return found


def lengthened(
    state: Mapping[str, Any], budget: Budget, marks: int
) -> tuple[dict[str, Any], list[int]]:
    """The state of a run at its end, as that of a run of a larger budget at the same step.

    Args:
        state: as `Keeper` keeps it at the end of a run that keeps all generators.
        budget: the larger one.
        marks: number of evaluations.

    Returns:
        The state, and which evaluations of the smaller run it has, counted from 0.
    """
    clock = BudgetClock(budget, torch.device("cpu"), marks)
    evaluator = state["evaluator"]
    kept, points = [], []
    for index, point in enumerate(evaluator["points"]):
        clock.flops, clock.images, clock.steps = (
            point["used"][name] for name in ("flops", "images", "steps")
        )
        if clock.mark_due():
            clock.pass_marks()
            kept.append(index)
            points.append({**point, "fraction": clock.fraction()})
    generators = [evaluator["generators"][index] for index in kept]
    judged = {**evaluator, "points": points, "generators": generators}
    judged["best"] = _best(points, generators, evaluator["primary"])
    if not kept:  # as before the first evaluation
        judged |= {"columns": {}, "primary": None, "primary_scores": []}
    passed = {**state["clock"], "_passed": clock.passed}
    return {**state, "clock": passed, "evaluator": judged}, kept


def _best(
    points: list[dict[str, Any]], generators: list[Any], primary: str | None
) -> dict[str, Any] | None:
    """The first of the evaluations with the smallest primary distance, and its generator."""
    judged = [index for index, point in enumerate(points) if primary in point["scores"]]
    if not judged:
        return None
    best = min(judged, key=lambda index: points[index]["scores"][primary])
    return {"point": best, "weights": generators[best]}
