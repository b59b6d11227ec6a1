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
from ganbench.execution.executors.limits import run_limits
from ganbench.execution.executors.local import LocalExecutor
from ganbench.planning.budget import Budget
from ganbench.planning.plan import Selection, make_plan
from ganbench.results.store import RunStore

pytestmark = pytest.mark.perf


def test_starting_an_isolated_run(benchmark: Any, tmp_path: Path) -> None:
    """Target: a run costs under 0.3 s before its first step, and after its record is written.

    The first run, which starts the fork server, is not counted. The first step (counted and
    untimed), the sample sheet and the record itself are reported apart.
    """
    selection = Selection(variants=["vanilla"], tasks=["ring8"], budget=Budget("steps", 1))
    template = make_plan(selection, installed_catalogue()).runs[0]
    executor = LocalExecutor(RunStore(tmp_path), "cpu", 1, run_limits(600, None, 10**9))
    executor.submit(template).result()
    seeds = iter(range(1, 1000))
    starts: list[float] = []
    rests: list[float] = []

    def one_run() -> None:
        began = time.perf_counter()
        record = executor.submit(replace(template, seed=next(seeds))).result()
        clocks = record["clocks"]
        starts.append(time.perf_counter() - began - clocks["wall"] + clocks["setup"])
        rests.append(clocks["wall"] - clocks["setup"] - clocks["training"] - clocks["evaluation"])

    benchmark.pedantic(one_run, rounds=10)
    executor.stop()
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
