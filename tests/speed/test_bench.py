"""Rows of `bench`: what they say of each other, whatever a machine's speed; the real command."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median
from subprocess import CompletedProcess
from typing import Any

import pytest
import torch

from ganbench.api.errors import GanbenchError
from ganbench.catalogue.plugin_files import PluginChoice
from ganbench.planning.plan import Selection
from ganbench.speed import bench as benching
from ganbench.speed import turns
from ganbench.speed.apart import Order
from ganbench.speed.bench import Raced, Row, bench, race
from ganbench.speed.costs import Costs
from ganbench.speed.engines import ENGINES
from ganbench.speed.subject import Subject

from ..training.small import CPU, catalogue
from .subjects import subject_of

Cli = Callable[..., "CompletedProcess[str]"]

LIMIT = 1e11


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Nothing is timed for long, and all of it in this process; told is what was asked for."""
    asked: list[str] = []

    def apart(function: Callable[[Subject, float], Any], order: Order) -> Any:
        name = function.func.__name__ if isinstance(function, partial) else function.__name__
        asked.append(name)
        with torch.random.fork_rng([]):
            if name == "costs":
                return Costs(start_seconds=1.5, evaluation_seconds=0.25)
            if name == "peak_bytes":
                return {"bare": 2**20, "textbook": 2**21}.get(function.args[0], 3 * 2**19)  # type: ignore[attr-defined]
            return function(Subject(order.spec, catalogue(), CPU), 0.0)

    monkeypatch.setattr(benching, "apart", apart)
    monkeypatch.setattr(benching, "product_speed", lambda precision, device: LIMIT)
    monkeypatch.setattr(turns, "CHUNK_SECONDS", 0.0)
    return asked


def rows_of(*variants: str, told: list[str] | None = None, task: str = "ring8") -> list[Row]:
    selection = Selection(variants=variants, tasks=[task], seeds=[0], device="cpu")
    tell = (told if told is not None else []).append
    return bench(selection, PluginChoice(), rounds=3, tell=tell)


@pytest.mark.whole
def test_a_row_for_every_variant_and_engine(here: list[str]) -> None:
    rows = rows_of("vanilla", "wgan")
    assert [(row.variant, row.engine) for row in rows] == [
        (variant, engine) for variant in ("vanilla", "wgan") for engine in ENGINES
    ]
    first = rows[0]
    assert first.steps_per_second
    assert first.flops_per_step
    assert first.share_of_limit
    assert first.share_of_limit == pytest.approx(
        first.steps_per_second * first.flops_per_step / LIMIT
    )
    assert (first.start_seconds, first.evaluation_seconds) == (1.5, 0.25)
    assert (first.peak_bytes, first.memory_over_bare) == (3 * 2**19, 1.5)
    assert first.over_bare
    assert first.over_textbook
    assert here.count("costs") == 3, "what runs on a task share is computed before one is timed"


@pytest.mark.whole
def test_what_has_no_loop_by_hand_says_why_and_has_the_rest(here: list[str]) -> None:
    (row,) = (row for row in rows_of("wgan") if row.engine == "eager")
    assert (row.over_bare, row.over_textbook, row.memory_over_bare) == (None, None, None)
    assert row.no_loop == "no loop is written by hand for loss wgan"
    assert row.steps_per_second
    assert row.error is None


def test_one_that_fails_keeps_no_other_from_being_measured(
    here: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    inner = benching.apart

    def failing(function: Callable[[Subject, float], Any], order: Order) -> Any:
        if order.spec.variant == "dcgan":
            raise GanbenchError("its process ended with exit code 137")
        return inner(function, order)

    monkeypatch.setattr(benching, "apart", failing)
    told: list[str] = []
    rows = rows_of("dcgan", "vanilla", told=told)
    failed, *measured = rows
    assert (failed.variant, failed.error) == ("dcgan", "its process ended with exit code 137")
    assert failed.steps_per_second is None
    assert all(row.error is None and row.variant == "vanilla" for row in measured)
    assert any("not measured: its process ended" in line for line in told)


def test_ratios_are_medians_over_rounds() -> None:
    spec = subject_of("vanilla").spec
    seconds = {"eager": [2.0, 4.0, 9.0], "bare": [1.0, 4.0, 3.0], "textbook": [4.0, 4.0, 9.0]}
    raced = Raced(seconds=seconds, flops_per_step=100.0, limit=50.0, no_loop=None)
    memory = {"eager": 30, "bare": 20, "textbook": 60}
    beside = Costs(start_seconds=0.0, evaluation_seconds=0.0)
    row = benching._row(spec, "eager", raced, memory, beside)
    assert row.over_bare == median([2.0, 1.0, 3.0])
    assert row.over_textbook == median([0.5, 1.0, 1.0])
    assert row.steps_per_second == 1 / 4.0
    assert row.share_of_limit == 100.0 / 4.0 / 50.0


def test_what_is_fitted_at_once_has_no_steps_to_time() -> None:
    from ganbench.planning.plan import make_plan

    selection = Selection(variants=["copula"], suite="tabular-smoke", seeds=[0])
    subject = Subject(make_plan(selection, catalogue()).runs[0], catalogue(), CPU)
    with pytest.raises(GanbenchError, match="is fitted at once: it takes no steps"):
        race(1, subject, 0.0)


@pytest.mark.whole
def test_the_command_measures_and_tells(ganbench_cli: Cli, tmp_path: Path) -> None:
    done = ganbench_cli(
        "bench", "vanilla", "--task", "ring8", "--rounds", "1", "--device", "cpu", "--json"
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["device"]
    rows = found["rows"]
    assert [row["engine"] for row in rows] == list(ENGINES)
    for row in rows:
        assert row["error"] is None
        told = [row[name] for name in ("over_bare", "over_textbook", "share_of_limit")]
        assert all(value > 0 for value in told)
        assert row["start_seconds"] > 0
        assert row["evaluation_seconds"] > 0
        assert row["peak_bytes"] > 0
    assert "[1/1] vanilla on ring8" in done.stderr


def test_the_command_refuses_what_is_not_there(ganbench_cli: Cli) -> None:
    done = ganbench_cli("bench", "vanila")
    assert done.returncode == 2
    assert "did you mean vanilla" in done.stderr
    assert not done.stdout
