"""A run that goes on from a finished smaller one has the bits of one that was large at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

from ganbench.execution import origins
from ganbench.execution.origins import find_origins
from ganbench.planning.budget import Budget
from ganbench.planning.runspec import RunSpec
from ganbench.results.finals import (
    FINAL_FOLDER,
    FinalNote,
    budget_obstacle,
    same_but_budget,
    write_note,
)
from ganbench.results.record import Record
from ganbench.results.store import RunStore

from ..results.synthetic import record, spec

pytestmark = pytest.mark.whole

Cli = Callable[..., "CompletedProcess[str]"]


def run(cli: Cli, *arguments: str, runs: str, variant: str = "vanilla[ema=0.9]") -> str:
    """What it says, of a run that ends well."""
    chosen = (variant, "--task", "ring8", "--seeds", "0", "--runs", runs)
    done = cli("run", *chosen, *arguments)
    assert done.returncode == 0, done.stderr
    return done.stderr


def record_of(runs: Path, budget: str) -> Record:
    wanted = Budget.parse(budget)
    (record,) = (
        one
        for one in RunStore(runs).read_all().records
        if Budget(**one["spec"]["task"]["budget"]) == wanted
    )
    return record


def bits(runs: Path, budget: str) -> dict[str, Any]:
    """All that must be the same."""
    record = record_of(runs, budget)
    folder = runs / record["run_id"]
    points = [{**one, "used": {**one["used"], "seconds": None}} for one in record["points"]]
    return {
        "run": record["run_id"],
        "weights": record["generator_sha256"],
        "points": points,
        "columns": record["columns"],
        "primary": record["primary"],
        "fresh": record["fresh"],
        "used": {**record["used"], "seconds": None},
        "history": (folder / "history.jsonl").read_text(),
        "sheet": (folder / "samples.png").read_bytes(),
        "frames": {one.name: one.read_bytes() for one in (folder / "samples").iterdir()},
    }


@pytest.mark.parametrize(
    ("variant", "small", "large"),
    [
        ("vanilla[ema=0.9]", "20steps", "80steps"),  # two of its marks are those of the large one
        ("wgan-gp", "64kimg", "128kimg"),  # its end is a mark
        ("mlp+non-saturating+r1", "400MFLOP", "12GFLOP"),  # no mark of the large one is so early
    ],
)
def test_a_larger_budget_goes_on_bit_by_bit(
    ganbench_cli: Cli, tmp_path: Path, variant: str, small: str, large: str
) -> None:
    run(ganbench_cli, "--budget", large, runs="straight", variant=variant)
    run(ganbench_cli, "--budget", small, "--keep-checkpoints", runs="grown", variant=variant)
    first = record_of(tmp_path / "grown", small)
    said = run(ganbench_cli, "--budget", large, "--from-finished", runs="grown", variant=variant)
    assert f"goes on from {first['run_id']}" in said
    grown = record_of(tmp_path / "grown", large)
    log = (tmp_path / "grown" / grown["run_id"] / "log.txt").read_text()
    assert f"goes on from {first['run_id']} at step {first['used']['steps']}" in log
    assert grown["resumed"] == 1
    assert bits(tmp_path / "grown", large) == bits(tmp_path / "straight", large)


def test_what_has_grown_grows_again(ganbench_cli: Cli, tmp_path: Path) -> None:
    run(ganbench_cli, "--budget", "80steps", runs="straight")
    for budget in ("20steps", "40steps", "80steps"):
        said = run(
            ganbench_cli, "--budget", budget, "--from-finished", "--keep-checkpoints", runs="grown"
        )
    assert record_of(tmp_path / "grown", "40steps")["run_id"] in said  # not that of 20 steps
    assert bits(tmp_path / "grown", "80steps") == bits(tmp_path / "straight", "80steps")


@pytest.mark.parametrize(
    ("variant", "reason"),
    [
        ("vanilla+instance-noise", "its technique instance-noise goes by the fraction"),
        ("vanilla+policy", "its learning-rate schedule goes by the fraction"),
    ],
)
def test_what_goes_by_the_fraction_begins_from_the_start(
    ganbench_cli: Cli, tmp_path: Path, variant: str, reason: str
) -> None:
    run(ganbench_cli, "--budget", "20steps", "--keep-checkpoints", runs="runs", variant=variant)
    said = run(ganbench_cli, "--budget", "40steps", "--from-finished", runs="runs", variant=variant)
    assert "begins from the start" in said
    assert reason in said
    assert record_of(tmp_path / "runs", "40steps")["resumed"] == 0


def test_why_a_run_begins_from_the_start_is_said(ganbench_cli: Cli, tmp_path: Path) -> None:
    run(ganbench_cli, "--budget", "20steps", runs="runs")
    said = run(ganbench_cli, "--budget", "40steps", "--from-finished", runs="runs")
    assert "no finished run of a smaller budget has kept its end" in said
    assert not list((tmp_path / "runs").glob(f"*/{FINAL_FOLDER}"))
    run(ganbench_cli, "--budget", "16steps", "--keep-checkpoints", runs="runs")
    said = run(ganbench_cli, "--budget", "24steps", "--from-finished", runs="runs")
    assert "whole multiples go on, as 32steps would" in said
    (kept,) = (tmp_path / "runs").glob(f"*/{FINAL_FOLDER}/*.safetensors")
    kept.write_bytes(kept.read_bytes()[:-50])
    run(ganbench_cli, "--budget", "32steps", "--from-finished", runs="runs")
    record = record_of(tmp_path / "runs", "32steps")
    assert record["resumed"] == 0
    log = (tmp_path / "runs" / record["run_id"] / "log.txt").read_text()
    assert "its final checkpoint cannot be used" in log


def test_clean_removes_final_checkpoints(ganbench_cli: Cli, tmp_path: Path) -> None:
    run(ganbench_cli, "--budget", "10steps", "--keep-checkpoints", runs="runs")
    assert list((tmp_path / "runs").glob(f"*/{FINAL_FOLDER}/*"))
    done = ganbench_cli("clean", "--checkpoints", "--runs", "runs")
    assert done.returncode == 0, done.stderr
    assert not list((tmp_path / "runs").glob(f"*/{FINAL_FOLDER}/*"))


@pytest.mark.parametrize(
    ("smaller", "larger", "reason"),
    [
        ("20steps", "40steps", None),
        ("20steps", "201steps", None),
        ("20steps", "30steps", "whole multiples"),
        ("20steps", "20steps", "not the smaller one"),
        ("20steps", "10steps", "not the smaller one"),
        ("20steps", "40kimg", "counted in steps"),
        ("20s", "40s", "a budget of time"),
        ("1TFLOP", "4TFLOP", None),
    ],
)
def test_budgets_that_can_be_gone_on_to(smaller: str, larger: str, reason: str | None) -> None:
    found = budget_obstacle(Budget.parse(smaller), Budget.parse(larger), 10)
    assert found is None if reason is None else (found and reason in found)


def of_budget(one: RunSpec, steps: float) -> RunSpec:
    return replace(one, task=replace(one.task, budget=Budget("steps", steps)))


def test_finished_runs_are_looked_at_once_for_all_that_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every run finds the furthest end of its own seed; none is compared with all others."""
    compared: list[str] = []

    def counted(one: RunSpec) -> Any:
        compared.append(one.run_id)
        return same_but_budget(one)

    monkeypatch.setattr(origins, "same_but_budget", counted)
    store, seeds = RunStore(tmp_path), [spec("vanilla", "ring8", seed) for seed in range(10)]
    kept = [of_budget(one, steps) for one in seeds for steps in (10.0, 20.0)]
    for one in kept:
        store.write(record(one, [0.5]))
        folder = store.folder(one.run_id) / FINAL_FOLDER
        folder.mkdir()
        write_note(folder, FinalNote(spec=one.to_json(), obstacles=[]))
    wanted = [of_budget(one, 200.0) for one in seeds]
    found = find_origins(wanted, store, lambda line: None)
    ends = [of_budget(one, 20.0).run_id for one in seeds]
    assert found == dict(zip([one.run_id for one in wanted], ends, strict=True))
    assert len(compared) == len(kept) + len(wanted)
