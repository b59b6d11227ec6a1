"""Which engine takes the steps of which runs, and which runs one process does together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import ceil

from ganbench.api.recipe import Recipe
from ganbench.catalogue.catalogue import Catalogue
from ganbench.planning.naming import choose_variant
from ganbench.planning.plan import Plan, Selection, make_plan
from ganbench.planning.runspec import RunSpec

MOST = 8
"""Runs in a stack: beyond, batched products gain little."""


def plan_of(selection: Selection, catalogue: Catalogue) -> Plan:
    """The plan of a selection, in which each run's spec names its engine.

    Raises:
        GanbenchError: as of `make_plan`.
    """
    plan = make_plan(selection, catalogue)
    if selection.engine == "eager":
        return plan
    reasons: dict[tuple[str, str], str | None] = {}
    runs = []
    for spec in plan.runs:
        key = spec.variant, spec.task.name
        if key not in reasons:
            reasons[key] = _why_eager(spec, plan, catalogue)
        runs.append(replace(spec, engine="eager" if reasons[key] else selection.engine))
    told = [f"{v} on {t} runs eagerly: {why}" for (v, t), why in reasons.items() if why]
    return replace(plan, runs=tuple(runs), notes=(*plan.notes, *told))


def _why_eager(spec: RunSpec, plan: Plan, catalogue: Catalogue) -> str | None:
    """Why runs of that kind cannot be stacked; None where they can."""
    if spec.task.budget.kind == "seconds":
        return "a time budget cannot be shared by several seeds"
    if spec.memory_bytes is not None:
        return "its memory cap is per run, and stacked seeds share a process"
    if spec.precision != "float32":
        return f"its precision is {spec.precision}"
    import torch

    from ganbench.api.errors import GanbenchError
    from ganbench.running.players import Players
    from ganbench.training.stacking.stack import why_not

    info = plan.data[spec.task.name].info
    recipe: Recipe = choose_variant(spec.variant, catalogue).recipe(catalogue, info)
    players = Players(recipe, catalogue, torch.device("cpu"))
    try:
        with torch.random.fork_rng([]):
            return why_not(players.networks(info), players.objective(info))
    except GanbenchError as error:  # its runs will say so, each in its record
        return error.message


def jobs_of(specs: Sequence[RunSpec], slots: int) -> list[list[RunSpec]]:
    """The runs that one process does, in the order of the first of each: seeds of one variant on
    one task where their engine stacks them, and still as many processes as there are slots."""
    jobs: dict[object, list[list[RunSpec]]] = {}
    stacked = sum(spec.engine == "stacked" for spec in specs)
    most = max(1, min(MOST, ceil(stacked / slots)))
    order: list[list[RunSpec]] = []
    for spec in specs:
        alike = jobs.setdefault(_without_seed(spec), [])
        if spec.engine != "stacked" or not alike or len(alike[-1]) == most:
            alike.append([])
            order.append(alike[-1])
        alike[-1].append(spec)
    return order


def _without_seed(spec: RunSpec) -> str:
    return str(sorted(replace(spec, seed=0).to_json().items()))
