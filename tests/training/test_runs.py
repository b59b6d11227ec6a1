"""Whole runs in this process: the same bits twice, honest curves, statuses of bad dynamics."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch

from ganbench.api.version import PROTOCOL_VERSION
from ganbench.planning.budget import Budget
from ganbench.results.record import Record
from ganbench.running.run import Run
from ganbench.training.telemetry import COLUMNS

from .small import CPU, VARIANTS, catalogue, run_spec


def execute(folder: Path, variant: str, **spec: Any) -> Record:
    folder.mkdir()
    return Run(run_spec(variant, **spec), folder, catalogue(), CPU).execute()


def numbers(record: Record) -> list[Any]:
    """The curve, without the seconds that it took."""
    return [
        (point["fraction"], {**point["used"], "seconds": None}, point["scores"])
        for point in record["points"]
    ]


DIGITS = {"dataset": "digits", "scores": ("fd[extractor=raw]",), "budget": Budget("steps", 6)}


whole = partial(pytest.param, marks=pytest.mark.whole)


@pytest.mark.parametrize(
    ("variant", "task"),
    [
        ("vanilla", {}),
        whole("vanilla", DIGITS),
        whole("dcgan", {}),
        ("dcgan", DIGITS),
        whole("wgan-gp", {}),
        whole("wgan-gp", DIGITS),
    ],
)
def test_a_spec_run_twice_gives_the_same_bits_and_another_seed_does_not(
    variant: str, task: dict[str, Any], tmp_path: Path
) -> None:
    first = execute(tmp_path / "first", variant, **task)
    torch.rand(17)  # whatever has happened to the process in between
    second = execute(tmp_path / "second", variant, **task)
    other = execute(tmp_path / "other", variant, seed=1, **task)
    assert first["failure"] is None
    assert first["status"] == "ok"
    assert numbers(first) == numbers(second) != numbers(other)
    first_history, second_history, other_history = (
        (tmp_path / name / "history.jsonl").read_bytes() for name in ("first", "second", "other")
    )
    assert first_history == second_history != other_history
    rows = [json.loads(line) for line in first_history.splitlines()]
    assert [row["step"] for row in rows] == list(range(1, first["used"]["steps"]))
    for row in rows:
        assert list(row) == ["step", *COLUMNS]
        assert all(isinstance(value, float) for value in list(row.values())[1:])


@pytest.mark.parametrize("variant", VARIANTS)
def test_evaluations_do_not_change_the_training(variant: str, tmp_path: Path) -> None:
    few = execute(tmp_path / "few", variant, evaluations=1)
    many = execute(tmp_path / "many", variant, evaluations=20, fakes=50)
    histories = [(tmp_path / name / "history.jsonl").read_bytes() for name in ("few", "many")]
    assert histories[0] == histories[1]
    assert (len(few["points"]), len(many["points"])) == (1, 20)


def test_trap_14_the_protocol_that_fixes_the_mode_is_in_the_record(tmp_path: Path) -> None:
    record = execute(tmp_path / "run", "dcgan")
    assert record["protocol"] == PROTOCOL_VERSION


def test_trap_15_last_and_best_can_both_be_read_off_the_record(tmp_path: Path) -> None:
    record = execute(tmp_path / "run", "vanilla")
    points, primary = record["points"], record["primary"]
    assert [point["fraction"] for point in points] == [0.25, 0.5, 0.75, 1.0]
    assert [point["used"]["steps"] for point in points] == [5, 10, 15, 20]
    assert primary is not None
    curve = [point["scores"][primary] for point in points]
    assert record["columns"][primary]["direction"] == "lower"
    assert points[-1]["used"] == record["used"]
    assert len(set(curve)) == 4
    assert min(curve) <= curve[-1]


@pytest.mark.parametrize(
    ("budget", "fractions"),
    [
        (Budget("steps", 1), [1.0]),
        (Budget("steps", 3), [1 / 3, 2 / 3, 1.0]),
        (Budget("images", 1000), [0.3, 0.5, 0.8, 1.0]),
        (Budget("images", 1099), [300 / 1099, 600 / 1099, 900 / 1099, 1.0]),
    ],
)
def test_marks_of_coarse_budgets(budget: Budget, fractions: list[float], tmp_path: Path) -> None:
    """Batches of 100: a mark is evaluated after the step that reaches it, the end once."""
    record = execute(tmp_path / "run", "vanilla", budget=budget)
    assert [point["fraction"] for point in record["points"]] == pytest.approx(fractions)


def test_used_is_what_the_budget_counts(tmp_path: Path) -> None:
    record = execute(tmp_path / "run", "wgan-gp", budget=Budget("images", 20_000))
    assert record["used"]["images"] == 15 * 5 * 256
    assert record["used"]["steps"] == 15
    assert record["flops_per_step"] == record["used"]["flops"] / 15
    layers = 2 * 64 + 2 * 64 * 64
    assert record["parameters"] == {
        "generator": layers + 3 * 64 + 2 * 64 + 2,
        "discriminator": layers + 3 * 64 + 64 + 1,
    }


def test_weights_that_are_not_finite_end_the_run(tmp_path: Path) -> None:
    record = execute(tmp_path / "run", "vanilla[lr=1e38]")
    assert record["status"] == "nonfinite_weights"
    assert record["failure"] is not None
    assert record["failure"]["step"] == record["used"]["steps"] == 5
    assert "weights are not finite at step 5" in record["failure"]["message"]
    assert record["failure"]["traceback"] == ""
    history = (tmp_path / "run" / "history.jsonl").read_text().splitlines()
    assert any(value is None for line in history for value in json.loads(line).values())


def test_a_generator_that_repeats_itself_is_dead(tmp_path: Path) -> None:
    record = execute(tmp_path / "run", "mlp+minimax[model.init_std=1e-9]")
    assert record["status"] == "dead_output"
