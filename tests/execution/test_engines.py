"""Which runs one process does, and which variants are stacked at all."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ganbench.api.errors import UsageError
from ganbench.execution.engines import MOST, jobs_of, plan_of
from ganbench.planning.budget import Budget
from ganbench.planning.plan import Selection
from ganbench.planning.runspec import RunSpec

from ..results.synthetic import spec
from ..training.small import catalogue


def specs(variant: str, seeds: int, engine: str = "stacked", task: str = "ring8") -> list[RunSpec]:
    return [replace(spec(variant, task, seed), engine=engine) for seed in range(seeds)]


def test_seeds_of_one_variant_on_one_task_are_one_job() -> None:
    runs = [*specs("a", 3), *specs("b", 3), *specs("a", 3, task="grid25"), *specs("c", 2, "eager")]
    assert jobs_of(runs, 1) == [runs[:3], runs[3:6], runs[6:9], [runs[9]], [runs[10]]]


def test_no_slot_is_left_idle() -> None:
    assert [len(job) for job in jobs_of(specs("a", 5), 2)] == [3, 2]
    assert [len(job) for job in jobs_of(specs("a", 5), 16)] == [1] * 5


@given(st.integers(1, 40), st.integers(1, 5), st.sampled_from(["stacked", "eager"]))
def test_every_run_is_in_one_job(seeds: int, slots: int, engine: str) -> None:
    runs = specs("a", seeds, engine)
    jobs = jobs_of(runs, slots)
    assert [run for job in jobs for run in job] == runs
    assert max(map(len, jobs)) <= (MOST if engine == "stacked" else 1)


def test_the_plan_says_what_is_not_stacked() -> None:
    plan = plan_of(Selection(variants=("vanilla", "dcgan"), engine="stacked"), catalogue())
    engines = {(run.variant, run.task.name): run.engine for run in plan.runs}
    assert engines["vanilla", "ring8"] == "stacked"
    own = {task: engine for (name, task), engine in engines.items() if name == "dcgan"}
    assert own == {"ring8": "stacked", "grid25": "stacked", "digits": "eager"}
    assert any("dcgan on digits runs eagerly: the discriminator does not" in n for n in plan.notes)


def test_an_eager_run_has_the_id_that_it_always_had() -> None:
    selection = Selection(variants=("vanilla", "dcgan"), seeds=(0,))
    eager = {run.run_id for run in plan_of(selection, catalogue()).runs}
    stacked = plan_of(replace(selection, engine="stacked"), catalogue()).runs
    assert "engine" not in plan_of(selection, catalogue()).runs[0].to_json()
    for run in stacked:
        assert (run.run_id in eager) == (run.engine == "eager")
        assert RunSpec.from_json(run.to_json()) == run


def test_time_is_not_shared() -> None:
    budget = Budget.parse("10s")
    plan = plan_of(Selection(variants=("vanilla",), budget=budget, engine="stacked"), catalogue())
    assert {run.engine for run in plan.runs} == {"eager"}
    assert any("cannot be shared by several seeds" in note for note in plan.notes)


def test_an_unknown_engine_is_refused() -> None:
    with pytest.raises(UsageError, match="no engine 'staked'"):
        Selection(engine="staked")
