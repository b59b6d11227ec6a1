"""What isolation costs: a run in a process of its own, beyond its training and evaluation."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any

import pytest

from ganbench.catalogue.catalogue import installed_catalogue
from ganbench.execution.conditions import Conditions
from ganbench.execution.executors.executor import open_executor
from ganbench.execution.supervisor import Supervisor
from ganbench.planning.budget import Budget
from ganbench.planning.plan import Selection, make_plan
from ganbench.results.record import Record
from ganbench.results.store import RunStore

pytestmark = pytest.mark.perf


def test_starting_an_isolated_run(benchmark: Any, tmp_path: Path) -> None:
    """Target: a run costs under 0.3 s before its first step, and after its record is written.

    The first run, which starts the fork server, is not counted. The first step (counted and
    untimed), the sample sheet and the record itself are reported apart.
    """
    selection = Selection(variants=["vanilla"], tasks=["ring8"], budget=Budget("steps", 1))
    catalogue, conditions = installed_catalogue(), Conditions(jobs=1, limit_seconds=600.0)
    template = make_plan(selection, catalogue).runs[0]
    seeds = iter(range(1, 1000))
    starts: list[float] = []
    rests: list[float] = []
    with open_executor("local", conditions.resources("cpu", 1), catalogue) as executor:
        supervisor = Supervisor(RunStore(tmp_path), executor, conditions, device="cpu")

        def record_of(seed: int) -> Record:
            ((_, record),) = supervisor.records([replace(template, seed=seed)])
            return record

        def one_run() -> None:
            began = time.perf_counter()
            clocks = record_of(next(seeds))["clocks"]
            starts.append(time.perf_counter() - began - clocks["wall"] + clocks["setup"])
            used = clocks["setup"] + clocks["training"] + clocks["evaluation"]
            rests.append(clocks["wall"] - used)

        record_of(0)
        benchmark.pedantic(one_run, rounds=10)
    benchmark.extra_info.update(start_seconds=median(starts), rest_seconds=median(rests))
    print(f"\nstart {median(starts):.3f} s; first step, sheet and record {median(rests):.3f} s")


@pytest.mark.parametrize("arguments", [["--help"], ["list"], ["plan", "--all"]])
def test_answering_at_once(benchmark: Any, tmp_path: Path, arguments: list[str]) -> None:
    """Target: under 0.4 s, the interpreter's own start included."""
    command = [sys.executable, "-m", "ganbench", *arguments]

    def call() -> None:
        subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)

    benchmark.pedantic(call, rounds=7, warmup_rounds=1)


@pytest.mark.parametrize("words", ["ganbench ", "ganbench run w", "ganbench run 'wgan-gp[l"])
def test_completing_at_once(benchmark: Any, tmp_path: Path, words: str) -> None:
    """Target: under 0.4 s behind the Tab key, the interpreter's own start included."""
    asked = {"_GANBENCH_COMPLETE": "bash_complete", "COMP_WORDS": words}
    env = {**os.environ, **asked, "COMP_CWORD": str(words.count(" "))}
    command = [sys.executable, "-m", "ganbench"]

    def call() -> bytes:
        return subprocess.run(
            command, cwd=tmp_path, env=env, check=True, capture_output=True
        ).stdout

    assert b"plain," in benchmark.pedantic(call, rounds=7, warmup_rounds=1)
