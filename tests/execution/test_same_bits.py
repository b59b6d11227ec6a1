"""A run has the bits of its spec, whatever runs beside it and whatever the machine offers."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest
import torch

from ganbench.catalogue.catalogue import Catalogue, installed_catalogue
from ganbench.catalogue.plugin_files import PluginChoice, PluginFile
from ganbench.machine.devices import usable_cores
from ganbench.planning.budget import Budget
from ganbench.planning.plan import Selection, make_plan
from ganbench.planning.runspec import RunSpec
from ganbench.results.record import Record
from ganbench.results.store import RunStore
from ganbench.running.evaluator import Evaluator
from ganbench.running.run import Run
from ganbench.verification.claimed import read_claim
from ganbench.verification.verify import verify

pytestmark = pytest.mark.whole

Cli = Callable[..., "CompletedProcess[str]"]

SHORT = ("--task", "digits", "--seeds", "0", "--budget", "10steps")

LOSS = """
import torch
from ganbench import LossSpec, Optimiser, Training, hookimpl

class Greedy:
    def __init__(self):
        torch.set_num_threads(7)

    def discriminator_loss(self, step):
        return step.fake_logits.mean() - step.real_logits.mean()

    def generator_loss(self, step):
        return -step.fake_logits.mean()

@hookimpl
def ganbench_losses():
    adam = Optimiser(lr=1e-3)
    training = Training(generator=adam, discriminator=adam)
    return [LossSpec(name="greedy", description="takes more", build=Greedy, training=training)]
"""


def bits(runs: Path) -> dict[str, Any]:
    """What must be the same: samples by way of weights, scores, and every step's telemetry."""
    (record,) = RunStore(runs).read_all().records
    assert (record["status"], record["environment"]["threads"]) == ("ok", 1)
    history = (runs / record["run_id"] / "history.jsonl").read_text().splitlines()
    steps = [json.loads(line) for line in history]
    return {
        "run": record["run_id"],
        "weights": record["generator_sha256"],
        "scores": [point["scores"] for point in record["points"]],
        "steps": [{key: one for key, one in step.items() if key != "seconds"} for step in steps],
    }


def test_jobs_and_the_environment_change_no_bit(
    ganbench_cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    found = []
    for number, (jobs, environment) in enumerate(
        [("1", {}), ("2", {}), ("1", {"OMP_NUM_THREADS": "1"})]
    ):
        runs = tmp_path / str(number)
        chosen = ("dcgan", *SHORT, "--jobs", jobs, "--runs", str(runs))
        done = ganbench_cli("run", *chosen, **environment)
        assert done.returncode == 0, done.stderr
        found.append(bits(runs))
    assert found == [found[0]] * 3
    assert found[0]["steps"]


def spec_of(variant: str, threads: int, catalogue: Catalogue) -> RunSpec:
    chosen = Selection(
        variants=[variant], tasks=["ring8"], seeds=[0], budget=Budget("steps", 4), threads=threads
    )
    return make_plan(chosen, catalogue).runs[0]


def run_here(spec: RunSpec, runs: Path, catalogue: Catalogue) -> Record:
    store = RunStore(runs)
    folder = store.create(spec.run_id, spec.to_json())
    store.write(Run(spec, folder, catalogue, torch.device("cpu")).execute())
    return store.read(spec.run_id)


@pytest.mark.parametrize("threads", [1, 3])
def test_a_run_is_trained_and_verified_on_the_threads_of_its_spec(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, threads: int
) -> None:
    seen, evaluate = [], Evaluator.evaluate

    def watched(self: Evaluator, *, final: bool) -> None:
        seen.append(torch.get_num_threads())
        evaluate(self, final=final)

    monkeypatch.setattr(Evaluator, "evaluate", watched)
    before = torch.get_num_threads()
    catalogue = installed_catalogue()
    spec = spec_of("vanilla", threads, catalogue)
    record = run_here(spec, tmp_path, catalogue)
    assert record["status"] == "ok"
    assert record["environment"]["threads"] == threads
    verdict = verify(read_claim(spec.run_id, tmp_path), catalogue)
    assert verdict.holds
    assert set(seen) == {threads}
    assert torch.get_num_threads() == before


def test_who_takes_other_threads_has_no_result(tmp_path: Path) -> None:
    file = PluginFile(str(tmp_path / "greedy.py"), LOSS.encode())
    catalogue = installed_catalogue(PluginChoice(files=(file,)))
    before = torch.get_num_threads()
    record = run_here(spec_of("mlp+greedy", 1, catalogue), tmp_path / "runs", catalogue)
    assert record["status"] == "error"
    assert record["failure"] is not None
    assert "set torch's number of threads to 7" in record["failure"]["message"]
    assert "the run's spec says 1" in record["failure"]["message"]
    assert torch.get_num_threads() == before


def test_more_threads_than_there_are_is_refused_before_anything_runs(
    ganbench_cli: Cli, tmp_path: Path
) -> None:
    """Fewer would be another run: what to type for that is told."""
    many = str(usable_cores() + 1)
    for bound, threads, most in (("99", many, str(usable_cores())), ("1", "2", "1")):
        chosen = ("vanilla", *SHORT, "--threads", threads)
        planned = ganbench_cli("plan", *chosen, OMP_NUM_THREADS=bound)
        ran = ganbench_cli("run", *chosen, OMP_NUM_THREADS=bound)
        assert (planned.returncode, ran.returncode) == (2, 2)
        assert planned.stdout.count("10steps") == 1  # what would run is told as well
        assert f"{threads} threads each" in planned.stderr
        for said in (planned.stderr, ran.stderr):
            assert f"error: runs of {threads} threads each: " in said
            assert f"--threads {most}" in said
    assert not list((tmp_path / "runs").iterdir())
