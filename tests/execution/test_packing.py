"""Runs that share a GPU, and runs that are held to cores of their own."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

import ganbench
from ganbench.api.errors import UsageError
from ganbench.api.executors import Limits
from ganbench.execution.conditions import Conditions
from ganbench.machine import cores
from ganbench.planning.budget import Budget
from ganbench.results.store import RunStore

from ..training.small import run_spec

TWO = Conditions(runs_per_gpu=2)


def test_budgets_that_are_counted_may_share_a_gpu() -> None:
    specs = [run_spec("vanilla", budget=Budget(kind, 1e6)) for kind in ("flops", "steps", "images")]
    TWO.require_sharing(specs, "cuda")
    resources = TWO.resources("cuda", 1, ("0",))
    assert resources.runs_per_gpu == 2
    assert isinstance(resources.limits, Limits)


def test_a_budget_of_time_may_not() -> None:
    timed = run_spec("vanilla", name="quick", budget=Budget("seconds", 60))
    with pytest.raises(UsageError, match="--runs-per-gpu 2: quick has a budget of time"):
        TWO.require_sharing([run_spec("vanilla"), timed], "cuda")
    Conditions().require_sharing([timed], "cuda")


def test_more_runs_at_a_time_than_gpus_would_share_them_as_well() -> None:
    timed, counted = run_spec("vanilla", budget=Budget("seconds", 60)), run_spec("vanilla")
    three = Conditions(jobs=3)
    three.require_sharing([timed], "cuda", ("0", "1", "2"))
    three.require_sharing([counted, counted], "cuda", ("0",))
    three.require_sharing([timed], "cuda", ("0",))  # of one run there is no other
    three.require_sharing([timed], "cuda")  # a cluster's
    with pytest.raises(UsageError, match=r"--jobs 3 on 2 GPUs: .* has a budget of time"):
        three.require_sharing([counted, timed, timed], "cuda", ("0", "1"))


def test_without_a_gpu_there_is_none_to_share() -> None:
    with pytest.raises(UsageError, match="runs train on the CPU"):
        TWO.require_sharing([run_spec("vanilla")], "cpu")


@pytest.mark.parametrize("count", [0, -1])
def test_no_runs_share_nothing(count: int) -> None:
    with pytest.raises(UsageError, match="runs_per_gpu"):
        Conditions(runs_per_gpu=count)


def run(**conditions: Any) -> None:
    asked = {"tasks": ["ring8"], "seeds": [0], "budget": "5steps", "device": "cpu"}
    ganbench.run("vanilla", **asked, **conditions, progress=False)


def test_the_command_refuses_before_anything_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match="--runs-per-gpu 2: runs train on the CPU"):
        run(runs_per_gpu=2)
    assert not [*Path("runs").glob("vanilla*")]


@pytest.mark.whole
@pytest.mark.skipif(not cores.AVAILABLE, reason="this system holds nobody to cores")
def test_a_run_tells_to_which_cores_it_was_held(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    before = os.sched_getaffinity(0)
    one = min(before)
    monkeypatch.setattr(
        "ganbench.execution.executors.local.own_cores", lambda *of: [frozenset({one})]
    )
    run(jobs=1)
    (record,) = RunStore(tmp_path / "runs").read_all().records
    told = None if os.cpu_count() == 1 else str(one)
    assert record["environment"]["held_to_cores"] == told
    assert os.sched_getaffinity(0) == before, "nobody else is held"
