"""What isolation costs: a run in a process of its own, beyond its training and evaluation."""

from __future__ import annotations

import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any

import pytest

from ganbench.catalogue.catalogue import installed_catalogue
from ganbench.execution.local import LocalExecutor
from ganbench.planning.budget import Budget
from ganbench.planning.plan import Selection, make_plan
from ganbench.results.store import RunStore

pytestmark = pytest.mark.perf


def test_starting_an_isolated_run(benchmark: Any, tmp_path: Path) -> None:
    """Target: under 0.3 s from asking for a run to its first step, and from its end to its record.

    The first run, which starts the fork server, is not counted.
    """
    selection = Selection(variants=["vanilla"], tasks=["ring8"], budget=Budget("steps", 1))
    template = make_plan(selection, installed_catalogue()).runs[0]
    executor = LocalExecutor(RunStore(tmp_path), "cpu", 1, 600.0)
    executor.submit(template).result()
    seeds = iter(range(1, 1000))
    overheads: list[float] = []

    def one_run() -> None:
        began = time.perf_counter()
        record = executor.submit(replace(template, seed=next(seeds))).result()
        clocks = record["clocks"]
        busy = clocks["training"] + clocks["evaluation"]
        overheads.append(time.perf_counter() - began - busy)

    benchmark.pedantic(one_run, rounds=10)
    executor.stop()
    benchmark.extra_info["overhead_seconds"] = median(overheads)
    print(f"\na run costs {median(overheads):.3f} s beyond training and evaluation")


@pytest.mark.parametrize("arguments", [["--help"], ["list"], ["plan", "--all"]])
def test_answering_at_once(benchmark: Any, tmp_path: Path, arguments: list[str]) -> None:
    """Target: under 0.4 s, the interpreter's own start included."""
    command = [sys.executable, "-m", "ganbench", *arguments]

    def call() -> None:
        subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)

    benchmark.pedantic(call, rounds=7, warmup_rounds=1)
