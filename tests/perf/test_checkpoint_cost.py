"""What checkpoints cost: real runs at two paces, and one checkpoint alone.

The share is told by a run's own record, and held against what the wall clock has beyond
training, evaluation and set-up. `-s` prints the numbers that stand in docs/benchmarks.md.
"""

from __future__ import annotations

import statistics
import time
from pathlib import Path
from typing import Any

import pytest
import torch

from ganbench.catalogue.catalogue import installed_catalogue
from ganbench.execution.conditions import DEFAULTS
from ganbench.planning.budget import Budget
from ganbench.planning.plan import Selection, make_plan
from ganbench.results.store import CHECKPOINT_FOLDER
from ganbench.running.run import Run
from ganbench.training.checkpoint import LATEST

pytestmark = [pytest.mark.perf, pytest.mark.usefixtures("one_thread")]

MOST = 0.02
CASES = [
    ("dcgan", 5.0, 22.0),
    ("dcgan", DEFAULTS.checkpoint_seconds, 65.0),
    ("dcgan[width=256]", 5.0, 45.0),
    ("dcgan[width=256]", DEFAULTS.checkpoint_seconds, 350.0),
]
"""Variant on digits, seconds between two checkpoints, seconds of training."""


def start(variant: str, pace: float, seconds: float, folder: Path) -> Run:
    selection = Selection(
        variants=[variant], tasks=["digits"], seeds=[0], budget=Budget("seconds", seconds)
    )
    catalogue = installed_catalogue()
    spec = make_plan(selection, catalogue).runs[0]
    return Run(spec, folder, catalogue, torch.device("cpu"), checkpoint_seconds=pace)


def seconds_of_one(run: Run) -> list[float]:
    """Of a few checkpoints in a row, of a run that has ended."""
    assert run._keeper is not None
    took = []
    for _ in range(5):
        began = time.perf_counter()
        run._keeper.save()
        took.append(time.perf_counter() - began)
    return took


@pytest.mark.parametrize(("variant", "pace", "seconds"), CASES)
def test_share_of_training(
    benchmark: Any, variant: str, pace: float, seconds: float, tmp_path: Path
) -> None:
    run = start(variant, pace, seconds, tmp_path)
    record = benchmark.pedantic(run.execute, rounds=1)
    assert record["status"] == "ok", record["failure"]
    clocks = record["clocks"]
    share = clocks["checkpoints"] / clocks["training"]
    beyond = clocks["wall"] - clocks["setup"] - clocks["evaluation"] - clocks["training"]
    one = statistics.median(seconds_of_one(run))
    size = (tmp_path / CHECKPOINT_FOLDER / LATEST).stat().st_size
    benchmark.extra_info.update(share=round(share, 5), milliseconds=one * 1e3, bytes=size)
    print(
        f"\n{variant} at {pace:g} s: {share:.2%} of {clocks['training']:.0f} s of training "
        f"({beyond / clocks['training']:.2%} with all that is not accounted for); "
        f"one checkpoint: {size / 2**20:.1f} MiB in {one * 1e3:.0f} ms"
    )
    assert share < MOST
    assert clocks["checkpoints"] <= beyond
