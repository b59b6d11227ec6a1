"""A run that is stopped at any instant and goes on ends with the bits of one that was not."""

from __future__ import annotations

import dataclasses
import itertools
import json
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch

from ganbench.catalogue.catalogue import installed_catalogue
from ganbench.machine.environment import describe_environment
from ganbench.planning.budget import Budget
from ganbench.planning.plan import Selection, make_plan
from ganbench.planning.runspec import RunSpec
from ganbench.planning.suite import DEFAULT_SUITE
from ganbench.results.record import Record
from ganbench.results.store import CHECKPOINT_FOLDER, HISTORY_FILE
from ganbench.running import keeper
from ganbench.running import run as module
from ganbench.running.evaluator import Evaluator
from ganbench.running.keeper import Preempted
from ganbench.running.run import Run
from ganbench.training.checkpoint import LATEST

CPU = torch.device("cpu")


def spec_of(variant: str, task: str, steps: int = 60) -> RunSpec:
    selection = Selection(
        variants=[variant],
        suite="dirac" if task == "dirac" else DEFAULT_SUITE,
        tasks=[task],
        seeds=[0],
        budget=Budget("steps", steps),
    )
    return make_plan(selection, installed_catalogue()).runs[0]


def attempt(spec: RunSpec, folder: Path, stop_at: int | None = None) -> tuple[Record | None, Run]:
    """Run in this process; stop when that many steps are done."""
    folder.mkdir(exist_ok=True)
    run = Run(spec, folder, installed_catalogue(), CPU)
    count = run.clock.count_step

    def count_and_stop(images: int, flops: float) -> None:
        count(images, flops)
        if run.clock.steps == stop_at:
            run.stop()

    run.clock.count_step = count_and_stop  # type: ignore[method-assign]
    try:
        return run.execute(), run
    except Preempted:
        return None, run


def outcome(record: Record | None, run: Run, folder: Path) -> dict[str, Any]:
    """All that must not depend on interruptions: scores, counts, weights, samples, telemetry."""
    assert record is not None
    assert record["status"] == "ok", record["failure"]
    points = [{**point, "used": {**point["used"], "seconds": None}} for point in record["points"]]
    assert run.evaluator is not None
    weights = run.evaluator._contestant.modules
    return {
        "points": points,
        "fresh": record["fresh"],
        "columns": record["columns"],
        "steps": record["used"]["steps"],
        "flops": record["used"]["flops"],
        "history": (folder / HISTORY_FILE).read_text(),
        "sheet": (folder / "samples.png").read_bytes(),
        "filmstrip": {path.name: path.read_bytes() for path in (folder / "samples").iterdir()},
        "weights": [
            tensor.tolist()
            for module in weights.values()
            for tensor in module.state_dict().values()
        ],
    }


whole = partial(pytest.param, marks=pytest.mark.whole)


@pytest.mark.parametrize(
    ("variant", "task", "steps", "stops"),
    [
        whole("vanilla[ema=0.9]", "ring8", 60, (1, 29, 30)),
        ("wgan-gp", "ring8", 60, (7, 31)),
        whole("dcgan", "digits", 60, (2, 12, 59)),
        whole("dcgan[ema=0.9]", "digits", 8, (5,)),
        whole("wgan-gp", "digits", 8, (4,)),
        ("dirac+wgan-gp", "dirac", 60, (20, 41)),  # simultaneous updates
    ],
)
def test_interruptions_change_no_bit(
    tmp_path: Path, variant: str, task: str, steps: int, stops: tuple[int, ...]
) -> None:
    spec = spec_of(variant, task, steps)
    straight = outcome(*attempt(spec, tmp_path / "straight"), tmp_path / "straight")
    folder = tmp_path / "broken"
    for stop in stops:
        record, _ = attempt(spec, folder, stop)
        assert record is None
        assert (folder / CHECKPOINT_FOLDER / LATEST).exists()
        torch.rand(3)  # whatever else this process does
    record, run = attempt(spec, folder)
    assert record is not None
    assert record["resumed"] == len(stops)
    clocks = dict(record["clocks"])
    assert clocks.pop("wall") >= sum(clocks.values())
    assert outcome(record, run, folder) == straight


@pytest.mark.whole
def test_an_evaluation_that_is_stopped_is_done_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = spec_of("vanilla", "ring8")
    straight = outcome(*attempt(spec, tmp_path / "straight"), tmp_path / "straight")
    folder = tmp_path / "stopped"
    folder.mkdir()
    run = Run(spec, folder, installed_catalogue(), CPU)
    measure = Evaluator._measure

    def stopped(self: Evaluator, *arguments: Any) -> Any:
        torch.rand(5)  # evaluations may draw what they like
        measured = measure(self, *arguments)
        if len(self.points) == 3:
            run.stop()
        return measured

    with monkeypatch.context() as patch:
        patch.setattr(Evaluator, "_measure", stopped)
        with pytest.raises(Preempted):
            run.execute()
    assert run.clock.steps == 24
    record, again = attempt(spec, folder)
    assert outcome(record, again, folder) == straight
    assert record is not None
    assert record["resumed"] == 1


@pytest.mark.whole
@pytest.mark.parametrize("call", [2, 10, 11], ids=["at a mark", "at the end", "on fresh latents"])
def test_an_evaluation_that_fails_loses_no_training(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: int
) -> None:
    """Ten marks of which the last is the end; then the best and the last generator once more."""
    spec = spec_of("vanilla", "ring8")
    straight = outcome(*attempt(spec, tmp_path / "straight"), tmp_path / "straight")
    folder = tmp_path / "failed"
    measure, calls = Evaluator._measure, itertools.count(1)

    def fails(self: Evaluator, *arguments: Any) -> Any:
        if next(calls) == call:
            raise RuntimeError("the disk with the weights has gone")
        return measure(self, *arguments)

    with monkeypatch.context() as patch:
        patch.setattr(Evaluator, "_measure", fails)
        record, run = attempt(spec, folder)
    assert record is not None
    assert record["status"] == "error"
    assert record["failure"] is not None
    assert "the disk with the weights has gone" in record["failure"]["message"]
    assert len(record["points"]) == min(call, 10) - 1
    trained = run.clock.steps
    record, again = attempt(spec, folder)
    assert outcome(record, again, folder) == straight
    assert record is not None
    assert record["resumed"] == 1
    assert trained == min(6 * call, 60)


def test_a_kill_costs_what_came_after_the_last_checkpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a lost try has written behind its last checkpoint is cut off and written again."""
    monkeypatch.setattr(keeper, "COST_SHARE", float("inf"))
    monkeypatch.setattr(keeper, "LEAST_SECONDS", 0.0)
    spec = spec_of("vanilla", "ring8")
    straight = outcome(*attempt(spec, tmp_path / "straight"), tmp_path / "straight")
    folder = tmp_path / "killed"
    attempt(spec, folder, 31)
    assert len((folder / HISTORY_FILE).read_text().splitlines()) == 31 - 1
    (folder / "samples" / "008.webp").write_bytes(b"of an evaluation that has to be done again")
    with (folder / HISTORY_FILE).open("a") as file:
        file.write(json.dumps({"step": 31, "generator_loss": 1.0}) + "\n" + '{"half')
    assert outcome(*attempt(spec, folder), folder) == straight


@pytest.mark.whole
def test_a_damaged_checkpoint_starts_the_run_over(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spec = spec_of("vanilla", "ring8")
    straight = outcome(*attempt(spec, tmp_path / "straight"), tmp_path / "straight")
    folder = tmp_path / "damaged"
    attempt(spec, folder, 20)
    path = folder / CHECKPOINT_FOLDER / LATEST
    path.write_bytes(path.read_bytes()[:-100])
    (folder / "samples" / "999.webp").write_bytes(b"of the try that is lost")
    record, run = attempt(spec, folder)
    assert outcome(record, run, folder) == straight
    assert record is not None
    assert record["resumed"] == 0
    assert "is not used" in capsys.readouterr().out


@pytest.mark.whole
def test_with_a_history_too_short_for_the_last_checkpoint_the_one_before_is_used(
    tmp_path: Path,
) -> None:
    """As a power cut leaves it on a disk that lies."""
    spec, folder = spec_of("vanilla", "ring8"), tmp_path / "cut"
    straight = outcome(*attempt(spec, tmp_path / "straight"), tmp_path / "straight")
    attempt(spec, folder, 20)
    rows = (folder / HISTORY_FILE).read_bytes()
    attempt(spec, folder, 40)
    assert len(rows) < (folder / HISTORY_FILE).stat().st_size
    (folder / HISTORY_FILE).write_bytes(rows)
    record, run = attempt(spec, folder)
    assert record is not None
    assert record["resumed"] == 1  # twice by the last checkpoint, and not at all from the start
    assert outcome(record, run, folder) == straight


def test_the_checkpoint_of_another_run_is_not_used(tmp_path: Path) -> None:
    attempt(spec_of("vanilla", "ring8", 50), tmp_path / "run", 20)
    record, _ = attempt(spec_of("vanilla", "ring8", 60), tmp_path / "run")
    assert record is not None
    assert record["resumed"] == 0


@pytest.mark.whole
@pytest.mark.parametrize("owner", [keeper, torch])
def test_the_checkpoint_of_another_version_is_not_used(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    owner: Any,
) -> None:
    """The record names one version of torch: all of the run is of that one."""
    spec = spec_of("vanilla", "ring8")
    with monkeypatch.context() as patch:
        patch.setattr(owner, "__version__", "0.0.1")
        attempt(spec, tmp_path / "run", 20)
    record, _ = attempt(spec, tmp_path / "run")
    assert record is not None
    assert record["resumed"] == 0
    assert "the checkpoint is not used: it is of ganbench" in capsys.readouterr().out


def elsewhere(folder: Path, spec: RunSpec, patch: pytest.MonkeyPatch) -> None:
    """Begin a run on another model of CPU."""
    describe = module.describe_environment

    def described(*arguments: Any) -> dict[str, Any]:
        return {**describe(*arguments), "device_name": "an old one", "cpu_kind": "0-0-0"}

    with patch.context() as on_it:
        on_it.setattr(module, "describe_environment", described)
        assert attempt(spec, folder, 20)[0] is None


@pytest.mark.whole
def test_a_record_names_all_machines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Counted work may go on anywhere; who retrains it then knows that no machine has its bits."""
    spec, folder = spec_of("vanilla", "ring8"), tmp_path / "run"
    elsewhere(folder, spec, monkeypatch)
    attempt(spec, folder, 40)
    record, _ = attempt(spec, folder)
    assert record is not None
    assert record["resumed"] == 2
    here = describe_environment(CPU, None)
    found = record["environment"]
    assert found["device_name"] == f"an old one; {here['device_name']}"
    assert found["cpu_kind"] == f"0-0-0; {here['cpu_kind']}"
    assert found["cpu"] == here["cpu"]


def test_a_budget_of_time_is_of_one_device(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A faster one would give the half that it gets more work."""
    budget = Budget("seconds", 1e9)
    spec = spec_of("vanilla", "ring8")
    spec = dataclasses.replace(spec, task=dataclasses.replace(spec.task, budget=budget))
    folder = tmp_path / "run"
    elsewhere(folder, spec, monkeypatch)
    _, run = attempt(spec, folder, 10)
    assert run.clock.steps == 10  # from the start
    assert "it is of ganbench" in (said := capsys.readouterr().out)
    assert "on an old one, this is" in said
    _, run = attempt(spec, folder, 15)
    assert run._keeper is not None
    assert run._keeper.resumed == 1


def test_a_plugins_new_source_makes_another_run() -> None:
    """So that no checkpoint of the old source is ever found in its folder."""
    spec = spec_of("vanilla", "ring8")
    edited = tuple({**pin, "source_hash": "sha256:0"} for pin in spec.pins)
    assert dataclasses.replace(spec, pins=edited).run_id != spec.run_id
